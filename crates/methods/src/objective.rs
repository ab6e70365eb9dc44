//! What a method is, besides the step that all of them share: what it embeds, and what it compares.

use crate::branch::Branch;
use crate::{Accuracy, CollapseCriterion, Part, Predictions, Progress};
use kontrast_augment_torch::Views;
use kontrast_models::Mode;
use kontrast_optim::Group;
use kontrast_torch_ext::StateDict;
use tch::Tensor;

/// What a pass over the views of some images gives.
pub(crate) struct Pass {
    /// Representations, `[rows, width]`, without gradient: a row an image that the encoder saw.
    pub(crate) h: Tensor,
    /// What the loss compares, each `[views, n, ...]`.
    pub(crate) outputs: Vec<Tensor>,
}

/// The loss of a batch, and what is recorded beside it.
pub(crate) struct LossOutput {
    pub(crate) loss: Tensor,
    /// The loss with all candidates alike, its uniform value.
    pub(crate) uniform: Option<f64>,
    /// The losses that it is put together from, where they are several.
    pub(crate) parts: Vec<Part>,
    /// `[views, n, d]`, for diagnosis, without gradient.
    pub(crate) embeddings: Tensor,
    /// How many predictions of the pretext task are right, where the method has a pretext task.
    pub(crate) accuracy: Option<Accuracy>,
}

impl LossOutput {
    pub(crate) fn new(loss: Tensor, uniform: Option<f64>, embeddings: &Tensor) -> Self {
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

/// What a method is, besides the step that all of them share.
pub(crate) trait Objective: Send {
    fn name(&self) -> &'static str;

    /// The trained side. Called twice a step where the batch goes in chunks, the second time to replay.
    fn online(&self, views: &Views, progress: Progress, mode: Mode) -> Pass;

    /// The target's side, called without gradient.
    fn target(&self, _views: &Views, _progress: Progress) -> Option<Pass> {
        None
    }

    /// The loss of the whole batch; `indices` say which images it is of.
    fn loss(&mut self, online: &[Tensor], target: &[Tensor], batch: Batch<'_>) -> LossOutput;

    /// Predictions of the pretext task, in evaluation mode, where the method has one.
    fn predict(&self, _views: &Views, _progress: Progress) -> Option<Predictions> {
        None
    }

    /// What is left of normalised images, `[n, 3, h, w]`, in evaluation mode, where the method learns to give them back.
    fn reconstruct(&self, _images: &Tensor) -> Option<Tensor> {
        None
    }

    /// What is done with the gradients before the optimizer sees them (layers that stay frozen at first).
    fn after_backward(&mut self, _progress: Progress) {}

    /// What is done when the optimizer has moved the variables.
    fn after_step(&mut self, _progress: Progress) {}

    /// Encoder and projector that are trained.
    fn branch(&self) -> &Branch;

    /// Everything that is trained, where that is more than the branch.
    fn trained(&self) -> Vec<(String, Tensor)> {
        self.branch().trained()
    }

    fn groups(&self) -> Vec<Group> {
        Group::decay_groups(self.trained()).into()
    }

    /// Everything that a checkpoint holds, where that is more than the branch.
    fn state(&self) -> StateDict {
        self.branch().state()
    }

    fn collapse_criterion(&self) -> CollapseCriterion {
        CollapseCriterion::Spread
    }

    fn has_steady_loss(&self) -> bool {
        true
    }

    fn hint(&self) -> &'static str;
}

/// Which batch is compared.
#[derive(Clone, Copy)]
pub(crate) struct Batch<'a> {
    /// Its images, by index in the data set.
    pub(crate) indices: &'a [u32],
    pub(crate) progress: Progress,
}
