//! What the runs of a plan cost, by a few steps of each cell, or of the first alone.

use anyhow::Result;
use kontrast_runlog::{TrainingCost, human};

use super::PlannedAblation;
use super::execute::words_to_measure;
use super::run::Run;
use crate::arguments;
use crate::build::Kontrast;
use crate::family::Family;
use crate::say;
use crate::worker::Worker;

/// Says what each cell that is to run costs, and what all do together.
pub fn all(
    asked: &arguments::Ablation,
    part: &PlannedAblation,
    kontrast: &Kontrast,
    family: &Family,
) -> Result<()> {
    let mut worker = Worker::new(family, kontrast.worker(), None);
    let (mut seconds, mut most) = (0.0, None);
    let runs: Vec<_> = part.plan.left().collect();
    // Seeds change nothing of it.
    for alike in runs.chunk_by(|one, next| one.cell.name == next.cell.name && one.candidate == next.candidate)
    {
        let Some(cost) = measured(asked, part, alike[0], &mut worker, family)? else { return Ok(()) };
        seconds += cost.seconds() * alike.len() as f64;
        most = most.max(cost.peak_memory_bytes);
    }
    if let Some(first) = runs.first() {
        // Of what waits for the best candidate nothing is known but its epochs.
        let waiting: u32 = part.plan.waiting.iter().sum();
        let known: u32 = runs.iter().map(|run| run.epochs).sum();
        let seconds = seconds * f64::from(known + waiting) / f64::from(known.max(first.epochs));
        say(asked, part, seconds, most);
    }
    Ok(())
}

/// The same of the first run, as if an epoch of the others took as long.
pub fn first(
    asked: &arguments::Ablation,
    part: &PlannedAblation,
    kontrast: &Kontrast,
    family: &Family,
) -> Result<()> {
    let Some(first) = part.plan.left().next() else { return Ok(()) };
    let mut worker = Worker::new(family, kontrast.worker(), None);
    if let Some(cost) = measured(asked, part, first, &mut worker, family)? {
        let epochs = f64::from(part.plan.epochs_left()) / f64::from(first.epochs.max(1));
        say(asked, part, cost.seconds() * epochs, cost.peak_memory_bytes);
    }
    Ok(())
}

fn measured(
    asked: &arguments::Ablation,
    part: &PlannedAblation,
    run: &Run,
    worker: &mut Worker<'_>,
    family: &Family,
) -> Result<Option<TrainingCost>> {
    if family.is_interrupted() {
        return Ok(None);
    }
    let cost = worker.measure(&words_to_measure(asked, part, run))?;
    if let Some(cost) = cost {
        say::out(format_args!("{}: {cost}", run.name()));
    }
    Ok(cost)
}

fn say(asked: &arguments::Ablation, part: &PlannedAblation, seconds: f64, most: Option<u64>) {
    let memory =
        most.map_or_else(String::new, |bytes| format!(", at most {} of memory each", human::bytes(bytes)));
    say::out(format_args!("{}; evaluation comes on top{memory}", part.plan.takes(seconds, asked.jobs)));
}
