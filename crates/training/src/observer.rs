//! Where a program hears of the training: the log, the progress bar and online evaluation plug in here.

use crate::{Diagnosis, Position, Totals};
use kontrast_methods::Method;
use kontrast_runlog::LossPart;
use std::path::Path;

/// What was measured over the steps since the last record.
#[derive(Clone, Debug)]
pub struct StepRecord {
    /// Steps done.
    pub step: u64,
    /// The epoch at work, from 1.
    pub epoch: u32,
    /// Mean loss.
    pub loss: f64,
    /// The loss with all candidates alike, its uniform value.
    pub uniform: Option<f64>,
    /// Learning rate of the last step.
    pub lr: f64,
    /// Mean norm of all gradients together, before `train.clip` shortened them.
    pub gradient_norm: f64,
    /// Images, not views, per second of training.
    pub images_per_second: f64,
    /// Fraction of that time that steps waited for data.
    pub data_wait_percent: f64,
    /// The losses that the loss is put together from, where they are several.
    pub parts: Vec<LossPart>,
    /// Right predictions of the pretext task in the last batch, in per cent, where the method has a pretext task.
    pub pretext_accuracy: Option<f64>,
    /// Right by guessing, in per cent.
    pub pretext_chance: Option<f64>,
    /// How the last batch's embeddings lie.
    pub diagnosis: Diagnosis,
    /// Sums since the start of the run, resumes included.
    pub totals: Totals,
}

/// Hears of the training while it runs. An error ends it.
pub trait Observer {
    /// After some steps: see [`StepRecord`].
    ///
    /// # Errors
    /// Whatever should end the training.
    fn steps_done(&mut self, record: &StepRecord) -> anyhow::Result<()>;

    /// After each single step, for a progress bar.
    fn step_done(&mut self, _step: u64) {}

    /// After each epoch (counted from 1), before its checkpoint: the time for online evaluation.
    ///
    /// # Errors
    /// Whatever should end the training.
    fn epoch_done(&mut self, _epoch: u32, _step: u64, _method: &Method) -> anyhow::Result<()> {
        Ok(())
    }

    /// After a checkpoint is whole on disk.
    ///
    /// # Errors
    /// Whatever should end the training.
    fn checkpoint_written(&mut self, _position: Position, _file: &Path) -> anyhow::Result<()> {
        Ok(())
    }
}
