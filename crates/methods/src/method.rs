//! What every method can do: one step of a batch, its groups, its state, and the encoder that it trains.

use crate::ViewSpec;
use kontrast_augment_torch::Views;
use kontrast_models::Encoder;
use kontrast_optim::Group;
use kontrast_rng::Progress;
use kontrast_torch_ext::{StateDict, StateError};
use tch::Tensor;

/// What one step gives back; nothing in it carries a gradient.
#[derive(Debug)]
pub struct StepOutput {
    /// The loss, a scalar that may still be under way on the device.
    pub loss: Tensor,
    /// The loss with all candidates alike, its uniform value; none where that has no value.
    pub uniform: Option<f64>,
    /// The losses that it is put together from, where they are several.
    pub parts: Vec<Part>,
    /// Embeddings by view, `[views, n, d]`, any float kind: what diagnosis looks at.
    pub embeddings: Tensor,
    /// Representations of the images that the encoder saw, `[rows, width]`.
    pub representations: Tensor,
    /// Images that went through an encoder, of the momentum encoder too; twice where chunks are embedded again.
    pub forward_passes: u64,
    /// How many predictions of the pretext task are right; none where the method has no pretext task.
    pub accuracy: Option<Accuracy>,
}

/// Which fraction of the answers is right.
#[derive(Debug)]
pub struct Accuracy {
    /// The fraction of them, a scalar that may still be under way on the device.
    pub fraction: Tensor,
    /// The fraction that guessing gives.
    pub chance: f64,
}

/// One of the losses that the loss of a step is put together from; `a.b` is a part of the part `a`.
#[derive(Debug)]
pub struct Part {
    /// What it is the loss of: a joint task's place and method, or one of the questions that a method asks.
    pub name: String,
    /// The loss before it is weighted, a scalar that may still be under way on the device.
    pub loss: Tensor,
    /// Its uniform value; none where that has no value.
    pub uniform: Option<f64>,
    /// How many predictions are right, where it is the loss of a pretext task.
    pub accuracy: Option<Accuracy>,
}

impl Accuracy {
    pub(crate) fn shallow_clone(&self) -> Self {
        Self { fraction: self.fraction.shallow_clone(), chance: self.chance }
    }
}

impl Part {
    pub(crate) fn new(name: &str, loss: Tensor, uniform: Option<f64>) -> Self {
        Self { name: name.to_owned(), loss, uniform, accuracy: None }
    }

    pub(crate) fn with_accuracy(self, accuracy: Accuracy) -> Self {
        Self { accuracy: Some(accuracy), ..self }
    }

    pub(crate) fn detached(self) -> Self {
        Self { loss: self.loss.detach(), ..self }
    }
}

/// Predictions of a pretext task, with the right answers.
#[derive(Debug)]
pub struct Predictions {
    /// The right class of each, `[n]`, i64.
    pub targets: Tensor,
    /// The predicted class, `[n]`, i64.
    pub found: Tensor,
    /// What the network saw of each, `[n, 3, h, w]`, normalised as the views are.
    pub pictures: Tensor,
    /// Rows and columns of tiles that each picture is joined of, without gaps; 1 and 1 where it is whole.
    pub tiles: (usize, usize),
    /// What each class means.
    pub classes: Vec<String>,
}

/// What the embeddings of a method look like when it works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CollapseCriterion {
    /// They spread over many directions; one point, or a line, is a collapse.
    Spread,
    /// They gather where their classes are, in as few directions as there are classes: a method that needs labels.
    Classes,
}

/// A method of learning. A batch carries no labels; the two methods that need them, supervised training and SupCon,
/// get them when they are made.
pub trait Method: Send {
    /// The method's name, as the experiment file has it.
    fn name(&self) -> &'static str;

    /// The views that it wants of every image.
    fn views(&self) -> ViewSpec;

    /// Forward and backward of one batch: gradients are added to the trained variables, the output is detached.
    ///
    /// # Panics
    /// Where the batch has not as many views as `views` says, or does not fall into whole chunks.
    fn step(&mut self, batch: &Views, progress: Progress) -> StepOutput;

    /// What is done when the optimizer has moved the variables (momentum encoders, queues).
    fn after_step(&mut self, _progress: Progress) {}

    /// The trained variables, and how each is trained.
    fn groups(&self) -> Vec<Group>;

    /// All that a checkpoint holds, sharing memory with the method.
    fn state(&self) -> StateDict;

    /// Takes over a state that `state` gave.
    ///
    /// # Errors
    /// Where the state belongs to another network or method.
    fn load_state(&mut self, state: &StateDict) -> Result<(), StateError>;

    /// What evaluation reads.
    fn encoder(&self) -> &dyn Encoder;

    /// Predictions of the pretext task on undistorted images, in evaluation mode and without gradient; none where there
    /// is no such task. What is drawn follows from the images' indices and the epoch of `progress`.
    fn predict(&self, _views: &Views, _progress: Progress) -> Option<Predictions> {
        None
    }

    /// What the method gives back of normalised images, in evaluation mode and without gradient; none for a method that
    /// does not learn to.
    ///
    /// # Shapes
    /// - `images`: `[n, 3, h, w]`, as large as the first view
    /// - returns the same
    fn reconstruct(&self, _images: &Tensor) -> Option<Tensor> {
        None
    }

    /// What its embeddings look like when it works.
    fn collapse_criterion(&self) -> CollapseCriterion {
        CollapseCriterion::Spread
    }

    /// Whether the loss means the same throughout. Against a memory bank it does not: slots are random directions at first
    /// and gather as embeddings do, so that it rises while the encoder learns, and a high loss is no divergence.
    fn has_steady_loss(&self) -> bool {
        true
    }

    /// What a collapsed run of this method, or one that stays at its uniform value, most likely needs, in its own
    /// terms.
    fn hint(&self) -> &'static str;
}
