//! What a training costs, measured on its first steps; nothing of them is kept.

use crate::host::Host;
use crate::session::Session;
use crate::{estimate, pretrain};
use kontrast_config::Loaded;
use kontrast_runlog::TrainingCost;
use kontrast_torch_ext::peak_memory;
use kontrast_training::{Checkpoints, Observer, StepRecord};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Steps before the clock counts, in which kernels are chosen and memory is taken.
const BEFORE: usize = 2;
/// Steps that it counts.
const COUNTED: usize = 3;

/// Trains a few steps as the file says, images and views included, and tells what the whole costs. None where it was asked to
/// stop meanwhile.
///
/// # Errors
/// Where the experiment and the images do not allow a training.
pub fn measure(loaded: &Loaded, host: &dyn Host) -> anyhow::Result<Option<TrainingCost>> {
    let asked = host.stop()?;
    let session = Session::new(loaded, host, None, Arc::clone(&asked).into())?;
    estimate::require_room(&session)?;
    let folder = tempfile::tempdir()?;
    let checkpoints = Checkpoints::new(folder.path().to_owned(), 1);
    let mut trainer = pretrain::trainer(&session, session.method()?, checkpoints);
    let enough = AtomicBool::new(false);
    let mut clock = Clock { ends: vec![Instant::now()], asked: &asked, enough: &enough };
    trainer.run(&mut clock, &enough)?;
    if asked.load(Ordering::Relaxed) {
        return Ok(None);
    }
    Ok(Some(TrainingCost {
        steps: trainer.steps(),
        step_seconds: clock.step_seconds(),
        peak_memory_bytes: peak_memory(),
    }))
}

/// When steps ended.
struct Clock<'a> {
    /// The begin of the first, then their ends.
    ends: Vec<Instant>,
    asked: &'a AtomicBool,
    /// Ends the training.
    enough: &'a AtomicBool,
}

impl Clock<'_> {
    /// Seconds of a step: of all that there were where they were few.
    fn step_seconds(&self) -> f64 {
        let steps = self.ends.len() - 1;
        let from = if steps > BEFORE { BEFORE } else { 0 };
        (self.ends[steps] - self.ends[from]).as_secs_f64() / (steps - from).max(1) as f64
    }
}

impl Observer for Clock<'_> {
    fn step_done(&mut self, _step: u64) {
        self.ends.push(Instant::now());
        if self.ends.len() > BEFORE + COUNTED || self.asked.load(Ordering::Relaxed) {
            self.enough.store(true, Ordering::Relaxed);
        }
    }

    fn steps_done(&mut self, _record: &StepRecord) -> anyhow::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_first_steps_do_not_count_where_there_are_others() {
        let (asked, enough) = (AtomicBool::new(false), AtomicBool::new(false));
        let start = Instant::now();
        let of = |ends: &[u64]| {
            let ends = ends.iter().map(|&seconds| start + Duration::from_secs(seconds)).collect();
            Clock { ends, asked: &asked, enough: &enough }.step_seconds()
        };
        assert_eq!(of(&[0, 10, 20, 21, 22, 23]), 1.0);
        assert_eq!(of(&[0, 10, 12, 13]), 1.0);
        assert_eq!(of(&[0, 10, 12]), 6.0);
        assert_eq!(of(&[0, 4]), 4.0);
    }
}
