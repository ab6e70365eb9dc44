//! Runs the cells of an ablation one after another in a child, or in several at a time, and goes on when one fails.

use std::fs::File;
use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result};
use kontrast_runlog::{human, read_summary};

use super::PlannedAblation;
use super::budget::Budget;
use super::run::{Run, State};
use crate::arguments;
use crate::build::Kontrast;
use crate::family::{Family, INTERRUPTED};
use crate::say;
use crate::worker::Worker;
use kontrast_runlog::human::quoted;

/// Exit code of a run that diverged or collapsed.
const DIVERGED: u8 = 3;

/// A run that has ended, or was not begun because of what is wrong with it.
#[derive(Clone, Debug)]
pub struct EndedRun {
    run: Run,
    /// Its exit code.
    pub code: u8,
}

impl EndedRun {
    /// Whether it is this run.
    pub fn is_of(&self, run: &Run) -> bool {
        self.run.folder == run.folder
    }

    /// A run without a score, in a sentence.
    pub fn failure(&self) -> Option<String> {
        let Self { run, code } = self;
        let summary = read_summary(&run.folder).ok();
        let status = summary.as_ref().map_or("failed".to_owned(), |summary| summary.status.to_string());
        let hint = summary.and_then(|summary| summary.hint).map_or(String::new(), |hint| format!(": {hint}"));
        (*code != 0)
            .then(|| format!("{}, seed {}: {status}, exit code {code}{hint}", run.cell.name, run.seed))
    }
}

/// Runs what is left, until it is done, interrupted or out of time; then there are fewer than were left.
pub fn all(
    asked: &arguments::Ablation,
    part: &PlannedAblation,
    (left, waiting): (&[&Run], usize),
    kontrast: &Kontrast,
    family: &Family,
    budget: &Budget,
) -> Result<Vec<EndedRun>> {
    let queue = Mutex::new(left.to_vec());
    // The first that would end in time.
    let next = || {
        let mut queue = queue.lock().ok()?;
        let place = queue.iter().position(|run| budget.allows(run.epochs))?;
        Some((left.len() - queue.len() + 1, queue.remove(place)))
    };
    let epochs_left = || queue.lock().map_or(0, |queue| queue.iter().map(|run| run.epochs).sum());
    let work = |job: usize| {
        let mut worker = Worker::new(family, kontrast.worker(), log(asked, part, job)?);
        let mut ended = Vec::new();
        while !family.is_interrupted()
            && let Some((number, run)) = next()
        {
            let which = format!("[{number} of {}] {}, seed {}", left.len() + waiting, run.name(), run.seed);
            say::out(format_args!("\n{which}"));
            let begun = Instant::now();
            let code = worker.run(&words(asked, part, run))?;
            // What was refused, stopped or half done before says nothing of the others.
            if matches!(code, 0 | DIVERGED) && run.state == State::New {
                budget.record(run.epochs, begun);
            }
            let time = match epochs_left() {
                0 => None,
                epochs => budget.estimate(epochs, asked.jobs),
            };
            let others = time
                .map_or_else(String::new, |time| format!("; those that have not begun take about {time}"));
            let others = if code == INTERRUPTED { "" } else { &*others };
            say::out(format_args!("{which}: {}{others}", result(run)));
            ended.push(EndedRun { run: Run::clone(run), code });
            if code == INTERRUPTED {
                break;
            }
        }
        Ok(ended)
    };
    let jobs = asked.jobs.min(left.len());
    let ended: Result<Vec<_>> = thread::scope(|scope| {
        let workers: Vec<_> = (1..=jobs).map(|job| scope.spawn(move || work(job))).collect();
        let join = |worker: thread::ScopedJoinHandle<'_, _>| {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        workers.into_iter().map(join).collect()
    });
    Ok(ended?.concat())
}

/// The arguments of one run.
fn words(asked: &arguments::Ablation, part: &PlannedAblation, run: &Run) -> Vec<String> {
    let mut words = words_to_measure(asked, part, run);
    words.extend((run.state == State::Begun).then(|| "--resume".to_owned()));
    let only = quoted(&run.cell.name);
    words.extend(["--command".to_owned(), format!("{} --only {only}", command(asked, &part.file))]);
    words
}

/// The command that repeats an ablation, with what the runs follow from and where they lie.
pub fn command(asked: &arguments::Ablation, file: &Path) -> String {
    let option = |name: &str, value: Option<String>| {
        value.map_or_else(String::new, |value| format!(" --{name} {}", quoted(&value)))
    };
    [
        format!("cargo xtask ablation {}", quoted(&file.display().to_string())),
        option("scale", asked.scale.clone()),
        option("seeds", asked.seeds.map(|count| count.to_string())),
        option("device", asked.device.map(|device| device.to_string())),
        option("threads", asked.threads.map(|threads| threads.to_string())),
        option("out", asked.out.as_ref().map(|out| out.display().to_string())),
    ]
    .concat()
}

/// Those of them that change what a run costs.
pub fn words_to_measure(asked: &arguments::Ablation, part: &PlannedAblation, run: &Run) -> Vec<String> {
    let place = arguments::Place {
        overrides: run.overrides(),
        device: asked.device,
        threads: asked.threads.or(threads_per_job(asked.jobs)),
        out: run.folder.parent().map(Into::into),
    };
    let mut words = vec![part.ablation.base.display().to_string()];
    words.extend(place.arguments());
    words
}

/// The threads of each of several runs at a time; one run alone chooses for itself.
fn threads_per_job(jobs: usize) -> Option<usize> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    (jobs > 1).then(|| (cores / jobs).max(1))
}

/// One run at a time speaks for itself; where there are several, each job writes a file.
fn log(asked: &arguments::Ablation, part: &PlannedAblation, job: usize) -> Result<Option<File>> {
    if asked.jobs == 1 {
        return Ok(None);
    }
    let path = part.out.join(format!("job-{job}.log"));
    say::out(format_args!("job {job} writes what its runs say to {}", path.display()));
    File::options()
        .create(true)
        .append(true)
        .open(&path)
        .map(Some)
        .with_context(|| format!("{}: cannot be written", path.display()))
}

fn result(run: &Run) -> String {
    let Ok(summary) = read_summary(&run.folder) else { return "failed before it began".to_owned() };
    let took = human::seconds(summary.wall_seconds);
    match summary.score(&run.cell.score) {
        Some(score) => format!("{}, {} {score:.1} %, {took}", summary.status, run.cell.score),
        None => format!("{}, {took}", summary.status),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::arguments::{Arguments, Command};
    use crate::workspace;

    /// The arguments of the first run of the ablation, called with these options.
    fn words_of(options: &[&str]) -> Vec<String> {
        let file = workspace::root().join("configs/ablations/simclr-projection-head.toml");
        let path = file.display().to_string();
        let line = ["cargo xtask", "ablation", &path].into_iter().chain(options.iter().copied());
        let Command::Ablation(asked) = Arguments::try_parse_from(line).unwrap().command else { panic!() };
        let part = PlannedAblation::load(&asked, &file).unwrap();
        words(&asked, &part, &part.plan.runs[0])
    }

    #[test]
    fn the_device_of_the_file_stays_unless_another_is_given() {
        assert!(!words_of(&[]).contains(&"--device".to_owned()));
        let given = words_of(&["--device", "cuda:1"]);
        assert!(given.windows(2).any(|pair| pair == ["--device", "cuda:1"]), "{given:?}");
    }
}
