//! An observer that notes all it hears, and disturbs the training where it is told to.

use kontrast_methods::Method;
use kontrast_training::{Observer, Outcome, Position, StepRecord, Trainer};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(Default)]
pub struct Listener {
    /// Asks for an end, as Ctrl-C does, once this step is done.
    pub interrupt_after: Option<u64>,
    /// Ends the training without another checkpoint, as a kill does, once this step is done.
    pub kill_after: Option<u64>,
    pub steps: Vec<u64>,
    pub records: Vec<StepRecord>,
    pub epochs: Vec<(u32, u64)>,
    pub checkpoints: Vec<(Position, PathBuf)>,
}

impl Listener {
    pub fn interrupting_after(step: u64) -> Self {
        Self { interrupt_after: Some(step), ..Self::default() }
    }

    pub fn killing_after(step: u64) -> Self {
        Self { kill_after: Some(step), ..Self::default() }
    }

    /// Trains until the end or the disturbance.
    pub fn run(&mut self, trainer: &mut Trainer) -> anyhow::Result<Outcome> {
        let interrupt = AtomicBool::new(false);
        let mut heard = Hearing { listener: self, interrupt: &interrupt };
        trainer.run(&mut heard, &interrupt)
    }
}

/// The listener and the flag that it may set.
struct Hearing<'a> {
    listener: &'a mut Listener,
    interrupt: &'a AtomicBool,
}

impl Observer for Hearing<'_> {
    fn step_done(&mut self, step: u64) {
        self.listener.steps.push(step);
        if self.listener.interrupt_after == Some(step) {
            self.interrupt.store(true, Ordering::Relaxed);
        }
    }

    fn steps_done(&mut self, record: &StepRecord) -> anyhow::Result<()> {
        self.listener.records.push(record.clone());
        anyhow::ensure!(self.listener.kill_after != Some(record.step), "killed after step {}", record.step);
        Ok(())
    }

    fn epoch_done(&mut self, epoch: u32, step: u64, _method: &Method) -> anyhow::Result<()> {
        self.listener.epochs.push((epoch, step));
        Ok(())
    }

    fn checkpoint_written(&mut self, position: Position, file: &Path) -> anyhow::Result<()> {
        self.listener.checkpoints.push((position, file.to_owned()));
        Ok(())
    }
}
