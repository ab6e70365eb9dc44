//! The images that a method's own task is asked on.

use crate::{EvalError, Stop};
use kontrast_augment::ViewPlan;
use kontrast_augment_torch::{ToTensor, Views};
use kontrast_data::{Dataset, fill};
use std::sync::Arc;

/// Images whose answers are predicted, or that are given back, at once: one may be many tiles.
const BATCH: usize = 250;

/// Images of one data set as one of the method's views shows them.
pub struct TaskImages {
    /// The images.
    pub images: Arc<dyn Dataset>,
    /// What is done to each first.
    pub plan: ViewPlan,
    /// From bytes to tensors.
    pub to_tensor: ToTensor,
    /// Seed of what the plan draws.
    pub seed: u64,
    /// The epoch whose views are drawn.
    pub epoch: u32,
    /// Whether they are those of the test split.
    pub on_test: bool,
}

impl TaskImages {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.images.len()
    }

    /// The split that they are of, in words.
    pub fn split(&self) -> &'static str {
        if self.on_test { "test" } else { "training" }
    }

    /// All of them, normalised, some at a time and in order; an error once the caller asked to stop.
    pub fn all(&self, stop: &Stop) -> impl Iterator<Item = Result<Views, EvalError>> {
        let indices: Vec<u32> = (0..self.count() as u32).collect();
        let chunks: Vec<_> = indices.chunks(BATCH).map(<[u32]>::to_vec).collect();
        chunks.into_iter().map(|chunk| {
            stop.check()?;
            self.some(&chunk)
        })
    }

    /// Some of them, normalised.
    ///
    /// # Errors
    /// Where an image cannot be read.
    pub fn some(&self, indices: &[u32]) -> Result<Views, EvalError> {
        let mut bytes = vec![0; indices.len() * self.plan.bytes()];
        fill(&*self.images, &self.plan, self.seed, self.epoch, indices, &mut bytes)?;
        Ok(Views::new(self.to_tensor.images(&bytes, self.plan.size()), indices.to_vec()))
    }
}
