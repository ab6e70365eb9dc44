//! What a method is, besides the step that all of them share: what it embeds, its loss, and what it holds.

use crate::{Accuracy, Branch, Outputs, Part, Predictions, Progress};
use kontrast_augment_torch::Views;
use kontrast_models::{Encoder, Head, Mode, TextEncoder};
use kontrast_optim::Group;
use kontrast_torch_ext::{Parameter, StateDict, Texts};
use std::collections::BTreeMap;
use tch::Tensor;

/// What a method is. [`Method`](crate::Method) makes a training step of it; a crate of your own adds one by implementing
/// this trait.
pub trait Objective: Send {
    /// The method's name, as the experiment file has it.
    fn name(&self) -> &'static str;

    /// A pass of the trained side. Called twice a step where the batch goes in chunks, the second time with
    /// [`Mode::Replay`], to pass the gradient on: with equal arguments it has to give equal outputs.
    ///
    /// # Shapes
    /// - `views`: `[count * n, c, h, w]` for each run of views of one size
    /// - returns `h`, `[m, width]`, a row for each image that the encoder saw, and outputs `[views, n, ...]`
    fn embed(&self, views: &Views, progress: Progress, mode: Mode) -> Outputs;

    /// A pass of the momentum encoder, called without gradient; none where there is no momentum encoder.
    ///
    /// # Shapes
    /// As [`Objective::embed`].
    fn embed_target(&self, _views: &Views, _progress: Progress) -> Option<Outputs> {
        None
    }

    /// The loss of the whole batch. `target` is what [`Objective::embed_target`] gave, empty where it gave nothing.
    ///
    /// # Shapes
    /// - `online`, `target`: outputs `[views, n, ...]` of all n images of the batch
    /// - returns a scalar loss and embeddings `[views, n, d]`
    fn loss(&mut self, online: &Outputs, target: &Outputs, batch: BatchInfo<'_>) -> LossOutput;

    /// What is done when the optimizer has moved the variables (momentum encoders, queues).
    fn after_step(&mut self, _progress: Progress) {}

    /// The encoders that it trains.
    fn encoders(&self) -> Encoders<'_>;

    /// All that a checkpoint holds, sharing memory with the method: what is trained, and what else changes while it is
    /// (running statistics, momentum encoders, queues, centres).
    fn state(&self) -> StateDict;

    /// The trained variables, and how each is trained. By default all of [`Objective::parameters`], without decay for
    /// biases and norms.
    fn groups(&self) -> Vec<Group> {
        Group::decay_groups(self.parameters()).into()
    }

    /// All of the state that requires a gradient, with role and depth.
    fn parameters(&self) -> Vec<Parameter> {
        self.encoders().parameters(&self.state())
    }

    /// Its pretext task, where it has one.
    fn pretext(&self) -> Option<&dyn Pretext> {
        None
    }

    /// How it gives images back, where it learns to.
    fn reconstruction(&self) -> Option<&dyn Reconstruction> {
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

/// A task whose answers are made with the views.
pub trait Pretext {
    /// Predictions on undistorted images, in evaluation mode. What is drawn follows from the images' indices and the
    /// epoch of `progress`.
    ///
    /// `views` holds one view: the one that the task is made of.
    fn predict(&self, views: &Views, progress: Progress) -> Predictions;
}

/// A method that learns to give images back.
pub trait Reconstruction {
    /// What it gives back of normalised images, in evaluation mode. What is drawn follows from their indices.
    ///
    /// `views` holds one view, as large as the method's first.
    fn reconstruct(&self, views: &Views) -> Reconstructed;
}

/// What a method gives back of images.
#[derive(Debug)]
pub struct Reconstructed {
    /// `[n, c, h, w]`, normalised as the images were; where not all is hidden, what the method saw is as it was.
    pub images: Tensor,
    /// `[n, 1, h, w]`, fp32: 1 where the method did not see the image and 0 elsewhere, as many of either in each image; none where it
    /// saw all.
    pub hidden: Option<Tensor>,
}

/// A space that images and texts share. An image lies there by the projector's embedding, divided by its length.
pub trait TextSpace: Send {
    /// The text encoder.
    fn encoder(&self) -> &dyn TextEncoder;

    /// Embeddings of texts, in evaluation.
    ///
    /// # Shapes
    /// - returns `[n, d]`, of unit length, without gradient
    fn embed_texts(&self, texts: &Texts) -> Tensor;
}

/// The batch that a loss is of.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct BatchInfo<'a> {
    /// Its images, by index in the data set.
    pub indices: &'a [u32],
    /// Where training stands.
    pub progress: Progress,
}

impl<'a> BatchInfo<'a> {
    pub(crate) fn new(indices: &'a [u32], progress: Progress) -> Self {
        Self { indices, progress }
    }
}

/// The encoders that a method trains, by name.
pub struct Encoders<'a> {
    named: Vec<(&'static str, &'a dyn Encoder)>,
    projector: Option<&'a Head>,
    texts: Option<&'a dyn TextSpace>,
}

impl<'a> Encoders<'a> {
    /// One of images, `encoder`, whose variables stand under `encoder.` in the state. Evaluation reads it.
    pub fn new(encoder: &'a dyn Encoder) -> Self {
        Self { named: vec![("encoder", encoder)], projector: None, texts: None }
    }

    /// That of a branch, as [`Encoders::new`], with the branch's projector.
    pub fn of_branch(branch: &'a Branch) -> Self {
        Self { projector: branch.projector(), ..Self::new(branch.encoder()) }
    }

    /// And another, under a name of its own.
    #[must_use]
    pub fn and(mut self, name: &'static str, encoder: &'a dyn Encoder) -> Self {
        self.named.push((name, encoder));
        self
    }

    /// And what embeds texts where that one's embeddings lie.
    #[must_use]
    pub fn with_texts(self, texts: &'a dyn TextSpace) -> Self {
        Self { texts: Some(texts), ..self }
    }

    /// What embeds texts where the projector's embeddings lie, for a method that compares images with texts.
    pub fn texts(&self) -> Option<&'a dyn TextSpace> {
        self.texts
    }

    /// The one that evaluation reads.
    pub fn evaluated(&self) -> &'a dyn Encoder {
        self.named[0].1
    }

    /// What makes embeddings of that one's representations, where there is such a head with a layer or more.
    pub fn projector(&self) -> Option<&'a Head> {
        self.projector
    }

    /// The trained variables of a state in which the encoders stand under their names, in its order. Those of an encoder
    /// have the role and the depth that it says; others (heads, prototypes) have the role that follows from name and
    /// dimensions, and lie as deep as the deepest layer of an encoder.
    pub fn parameters(&self, state: &StateDict) -> Vec<Parameter> {
        let of_encoder = |(under, encoder): (&str, &dyn Encoder)| {
            let parameters = encoder.parameters().into_iter();
            parameters.map(|own| (format!("{under}.{}", own.name), own)).collect::<Vec<_>>()
        };
        let mut own: BTreeMap<String, Parameter> = self.iter().flat_map(of_encoder).collect();
        let last = own.values().map(|parameter| parameter.depth).max().unwrap_or(0);
        let placed = |found: Parameter| match own.remove(&found.name) {
            Some(own) => Parameter { name: found.name, ..own },
            None => Parameter { depth: last, ..found },
        };
        Parameter::of_state(state).into_iter().map(placed).collect()
    }

    /// All of them, the one that evaluation reads first.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &'a dyn Encoder)> + '_ {
        self.named.iter().copied()
    }
}

/// The loss of a batch, and what is recorded beside it.
#[derive(Debug)]
pub struct LossOutput {
    /// The loss, a scalar that the gradient comes from.
    pub loss: Tensor,
    /// The loss with all candidates alike, its uniform value; none where that has no value.
    pub uniform: Option<f64>,
    /// The losses that it is put together from, where they are several.
    pub parts: Vec<Part>,
    /// `[views, n, d]`, for diagnosis, without gradient.
    pub embeddings: Tensor,
    /// How many predictions of the pretext task are right, where the method has a pretext task.
    pub accuracy: Option<Accuracy>,
}

impl LossOutput {
    /// Of one part, without a pretext task.
    ///
    /// # Shapes
    /// - `loss`: a scalar
    /// - `embeddings`: `[views, n, d]`
    pub fn new(loss: Tensor, uniform: Option<f64>, embeddings: &Tensor) -> Self {
        Self { loss, uniform, parts: Vec::new(), embeddings: embeddings.detach(), accuracy: None }
    }

    pub(crate) fn with_accuracy(self, accuracy: Accuracy) -> Self {
        Self { accuracy: Some(accuracy), ..self }
    }

    /// As one part of a larger loss, and the parts of its own.
    pub(crate) fn into_parts(self, name: &str) -> Vec<Part> {
        let whole =
            Part { name: name.to_owned(), loss: self.loss, uniform: self.uniform, accuracy: self.accuracy };
        let own = self.parts.into_iter().map(|part| Part { name: format!("{name}.{}", part.name), ..part });
        std::iter::once(whole).chain(own).collect()
    }
}

/// What the embeddings of a method look like when it works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CollapseCriterion {
    /// They spread over many directions; one point, or a line, is a collapse.
    Spread,
    /// They gather where their classes are, in as few directions as there are classes: a method that needs labels.
    Classes,
    /// As it may be: the loss has no minimum in which all are alike.
    Any,
}
