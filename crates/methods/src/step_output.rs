//! What a step gives back, and what a pretext task is measured by.

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
    /// What the network saw of each, `[n, c, h, w]`, normalised as the views are.
    pub pictures: Tensor,
    /// Rows and columns of tiles that each picture is joined of, without gaps; 1 and 1 where it is whole.
    pub tiles: (usize, usize),
    /// What each class means.
    pub classes: Vec<String>,
}
