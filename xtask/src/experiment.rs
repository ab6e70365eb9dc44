//! `experiment`: checks the file, sets up, builds, and hands over to the program `kontrast`.

use kontrast_config::{Device, Experiment, Loaded};
use kontrast_report::seeds_markdown;
use kontrast_runlog::{RunDir, Status, Summary, read_summary};

use anyhow::Result;

use crate::arguments;
use crate::build::{Kontrast, become_it};
use crate::family::{Family, INTERRUPTED, worst};
use crate::setup::{self, Wanted};

/// Exit code of a child whose arguments are wrong.
const WRONG: u8 = 2;

/// Runs an experiment file.
pub fn run(asked: &arguments::Experiment) -> Result<u8> {
    // Before anything is built: a typo shall not cost minutes.
    let loaded = load(asked, None)?;
    let kontrast = ready(loaded.experiment.run.device)?;
    match asked.seeds {
        None => become_it(kontrast.command(&pretrain(asked, None))),
        Some(count) => seeds(asked, &loaded, count, &kontrast),
    }
}

/// `run`: hands its arguments to the program.
pub fn pass_through(arguments: &[String]) -> Result<u8> {
    become_it(ready(Device::Auto)?.command(arguments))
}

/// Set up and built, for that device.
pub fn ready(device: Device) -> Result<Kontrast> {
    let wanted = match device {
        Device::Cpu => Wanted::Whatever,
        Device::Auto => Wanted::Fitting,
        Device::Cuda(_) => Wanted::Gpu,
    };
    Kontrast::build(&setup::ensure(wanted)?)
}

fn load(asked: &arguments::Experiment, seed: Option<u64>) -> Result<Loaded> {
    let place = &asked.place;
    let mut overrides = place.overrides.clone();
    overrides.extend(place.device.map(|device| format!("run.device={device}")));
    overrides.extend(place.threads.map(|threads| format!("run.threads={threads}")));
    overrides.extend(place.out.as_ref().map(|out| format!("run.out={}", out.display())));
    overrides.extend(seed.map(|seed| format!("seed={seed}")));
    Ok(Experiment::load(&asked.file, &overrides)?)
}

/// The arguments of one run.
fn pretrain(asked: &arguments::Experiment, seed: Option<u64>) -> Vec<String> {
    let mut one = arguments::Place::clone(&asked.place);
    one.overrides.extend(seed.map(|seed| format!("seed={seed}")));
    let repeat = crate::arguments::command(&asked.file, &one);
    let mut words = vec!["pretrain".to_owned(), asked.file.display().to_string()];
    words.extend(one.arguments());
    words.extend(asked.resume.then(|| "--resume".to_owned()));
    words.extend(asked.force.then(|| "--force".to_owned()));
    words.extend(["--command".to_owned(), repeat]);
    words
}

/// One run a seed, then mean and deviation. What is finished is not run again: the program sees to that.
fn seeds(asked: &arguments::Experiment, loaded: &Loaded, count: u64, kontrast: &Kontrast) -> Result<u8> {
    let family = Family::new()?;
    let first = loaded.experiment.seed;
    let (mut codes, mut finished) = (Vec::new(), Vec::new());
    for seed in first..first + count {
        println!("\nseed {seed}, {} of {count}", seed - first + 1);
        let code = family.run(kontrast.command(&pretrain(asked, Some(seed))), None)?;
        codes.push(code);
        finished.extend(summary(asked, seed)?.filter(|_| code == 0));
        if code == WRONG || code == INTERRUPTED {
            break;
        }
        if family.is_interrupted() && seed + 1 < first + count {
            codes.push(INTERRUPTED);
            break;
        }
    }
    if !finished.is_empty() {
        println!("\nMean ± standard deviation over {} of {count} seeds:\n", finished.len());
        print!("{}", seeds_markdown(&finished));
    }
    Ok(worst(codes))
}

fn summary(asked: &arguments::Experiment, seed: u64) -> Result<Option<Summary>> {
    let loaded = load(asked, Some(seed))?;
    let experiment = &loaded.experiment;
    let path = RunDir::path_for(&experiment.run.out, &experiment.name, &loaded.digest, seed);
    Ok(read_summary(&path).ok().filter(|summary| summary.status == Status::Finished))
}
