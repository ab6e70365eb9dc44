//! The images that a method's own task is asked on: those of the test split, or the training images without one. Where
//! training images are the classes, these in views that training never saw.

use crate::session::Session;
use kontrast_augment::ViewPlan;
use kontrast_augment_torch::Views;
use kontrast_data::{Dataset, fill};
use kontrast_eval::EvalError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Images whose answers are predicted, or that are given back, at once: one may be many tiles.
const BATCH: usize = 250;

/// Images as large as one of the method's views.
pub(crate) struct TaskImages<'s> {
    session: &'s Session,
    images: Arc<dyn Dataset>,
    plan: ViewPlan,
    /// Of which epoch views are drawn.
    epoch: u32,
    /// Whether they are those of the test split.
    pub(crate) on_test: bool,
}

impl<'s> TaskImages<'s> {
    /// Undistorted.
    pub(crate) fn new(session: &'s Session, view: usize) -> Self {
        let test = session.splits.test.clone();
        let on_test = test.is_some();
        let images = test.map_or_else(|| session.splits.train.images(), |test| test as _);
        let size = session.experiment.views.sizes()[view].width_and_height();
        Self { session, images, plan: session.undistorted(size), epoch: 0, on_test }
    }

    /// What was trained on, in views of an epoch after the last.
    pub(crate) fn drawn_anew(session: &'s Session, view: usize) -> Self {
        let images = Arc::clone(&session.trained_on);
        let (plan, epoch) = (session.plans[view].clone(), session.experiment.train.epochs);
        Self { session, images, plan, epoch, on_test: false }
    }

    /// What was trained on, undistorted.
    pub(crate) fn trained_on(session: &'s Session, view: usize) -> Self {
        Self { images: Arc::clone(&session.trained_on), on_test: false, ..Self::new(session, view) }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.images.len()
    }

    /// Whose they are, in words.
    pub(crate) fn whose(&self) -> &'static str {
        if self.on_test { "test" } else { "training" }
    }

    /// All of them, normalised, some at a time and in order; an error once `interrupt` is set.
    pub(crate) fn all(&self, interrupt: &AtomicBool) -> impl Iterator<Item = anyhow::Result<Views>> {
        let indices: Vec<u32> = (0..self.len() as u32).collect();
        let chunks: Vec<_> = indices.chunks(BATCH).map(<[u32]>::to_vec).collect();
        chunks.into_iter().map(|chunk| {
            if interrupt.load(Ordering::Relaxed) { Err(EvalError::Stopped.into()) } else { self.some(&chunk) }
        })
    }

    /// Some of them, normalised.
    pub(crate) fn some(&self, indices: &[u32]) -> anyhow::Result<Views> {
        let mut bytes = vec![0; indices.len() * self.plan.bytes()];
        let seed = self.session.experiment.seed;
        fill(&*self.images, &self.plan, seed, self.epoch, indices, &mut bytes)?;
        Ok(Views::new(self.session.to_tensor().images(&bytes, self.plan.size()), indices.to_vec()))
    }
}
