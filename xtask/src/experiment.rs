//! `experiment`: checks the file, sets up, builds, and hands over to the program `kontrast`.

use std::path::{Path, PathBuf};

use kontrast_config::{Device, Experiment, Loaded, Precision, Views};
use kontrast_runlog::human::quoted;
use kontrast_runlog::{RunDir, Status, is_quick_in_bf16, read_summary, runs_in};

use anyhow::Result;

use crate::Refusal;
use crate::arguments;
use crate::build::{Features, Kontrast, become_it};
use crate::family::{Family, INTERRUPTED, worst};
use crate::say;
use crate::setup::{self, Wanted, gpu};
use crate::worker::Worker;

/// Exit code of a child whose arguments are wrong.
const WRONG: u8 = 2;

/// Runs an experiment file.
pub fn run(asked: &arguments::Experiment) -> Result<u8> {
    // Before anything is built: a typo shall not cost minutes.
    let loaded = load(asked, None)?;
    warn_of_slow_precision(asked, &loaded.experiment);
    let kontrast = ready(loaded.experiment.run.device, Features::of(&loaded.experiment))?;
    match asked.seeds {
        None => become_it(kontrast.command(&[vec!["pretrain".to_owned()], pretrain(asked, None)].concat())),
        Some(count) => seeds(asked, &loaded, count, &kontrast),
    }
}

/// Before minutes of set-up, and not behind them.
fn warn_of_slow_precision(asked: &arguments::Experiment, experiment: &Experiment) {
    let on_cpu = match experiment.run.device {
        Device::Cpu => true,
        Device::Auto => !gpu::is_seen(),
        Device::Cuda(_) => false,
    };
    if experiment.train.precision == Precision::Bf16 && on_cpu && !is_quick_in_bf16() {
        say::note(format_args!(
            "warning: train.precision = \"bf16\": this CPU has no instructions for bf16, and training takes several times as \
             long as in fp32; better: Ctrl-C, and cargo xtask experiment {} --set train.precision=fp32",
            quoted(&asked.file.display().to_string())
        ));
    }
}

/// `run`: hands its arguments to the program.
pub fn pass_through(arguments: &[String]) -> Result<u8> {
    if let Some(("preview", options)) = arguments.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        check_preview(options)?;
    }
    call(arguments)
}

/// Calls the program, and ends with it.
pub fn call(arguments: &[String]) -> Result<u8> {
    become_it(ready(Device::Auto, Features::of_arguments(arguments))?.command(arguments))
}

/// `report`: pages and tables again, from the logs.
pub fn report(folders: &[PathBuf], score: Option<String>, write: Option<PathBuf>) -> Result<u8> {
    // Before anything is built.
    for folder in folders {
        runs_in(folder).map_err(|error| Refusal(error.to_string()))?;
    }
    let words = folders.iter().map(|folder| folder.display().to_string());
    let mut words = [vec!["report".to_owned()], words.collect()].concat();
    words.extend(score.into_iter().flat_map(|score| ["--score".to_owned(), score]));
    words.extend(write.into_iter().flat_map(|file| ["--write".to_owned(), file.display().to_string()]));
    become_it(ready(Device::Cpu, Features::default())?.command(&words))
}

/// A typo in the views shall not cost minutes either; what else is wrong with the options the program says itself.
fn check_preview(options: &[String]) -> Result<()> {
    let overrides: Vec<_> = values(options, "--set").map(str::to_owned).collect();
    for file in values(options, "--config") {
        Experiment::load_to_look(file.as_ref(), &overrides)?;
    }
    for plan in values(options, "--plan") {
        Views::of_paper(plan, &overrides).transpose()?;
    }
    Ok(())
}

/// What follows an option, in the next argument or behind `=`.
fn values<'o>(options: &'o [String], name: &str) -> impl Iterator<Item = &'o str> {
    options.iter().enumerate().filter_map(move |(place, option)| match option.strip_prefix(name)? {
        "" => options.get(place + 1).map(String::as_str),
        rest => rest.strip_prefix('='),
    })
}

/// Set up and built, for that device.
pub fn ready(device: Device, features: Features) -> Result<Kontrast> {
    // Before the CUDA half is fetched, which is gigabytes.
    if matches!(device, Device::Cuda(_)) && !gpu::is_seen() {
        let message = format!(
            "run.device = {device}: no GPU is seen here; leave --device out, or use --device cpu \
             (cargo xtask setup --cuda installs libtorch's CUDA profile anyway)"
        );
        return Err(Refusal(message).into());
    }
    let wanted = match device {
        Device::Cpu => Wanted::Whatever,
        Device::Auto => Wanted::Fitting,
        Device::Cuda(_) => Wanted::Gpu,
    };
    Kontrast::build(&setup::ensure(wanted)?, features)
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

/// The arguments of `pretrain` for one run.
fn pretrain(asked: &arguments::Experiment, seed: Option<u64>) -> Vec<String> {
    let mut one = arguments::Place::clone(&asked.place);
    one.overrides.extend(seed.map(|seed| format!("seed={seed}")));
    let repeat = crate::arguments::command(&asked.file, &one);
    let mut words = vec![asked.file.display().to_string()];
    words.extend(one.arguments());
    words.extend(asked.resume.then(|| "--resume".to_owned()));
    words.extend(asked.force.then(|| "--force".to_owned()));
    words.extend(["--command".to_owned(), repeat]);
    words
}

/// One run a seed, then mean and std. What is finished is not run again: the program sees to that.
fn seeds(asked: &arguments::Experiment, loaded: &Loaded, count: u64, kontrast: &Kontrast) -> Result<u8> {
    let family = Family::new()?;
    let mut worker = Worker::new(&family, kontrast.worker(), None);
    let first = loaded.experiment.seed;
    let (mut codes, mut finished) = (Vec::new(), Vec::new());
    for seed in first..first + count {
        say::out(format_args!("\nseed {seed}, {} of {count}", seed - first + 1));
        let code = worker.run(&pretrain(asked, Some(seed)))?;
        codes.push(code);
        finished.extend(finished_run(asked, seed)?.filter(|_| code == 0));
        if code == WRONG || code == INTERRUPTED {
            break;
        }
        if family.is_interrupted() && seed + 1 < first + count {
            codes.push(INTERRUPTED);
            break;
        }
    }
    if !finished.is_empty() {
        let written = seeds_file(loaded).display().to_string();
        let options = [["--of".to_owned(), count.to_string()], ["--write".to_owned(), written]].concat();
        let words = ["table".to_owned(), "seeds".to_owned()];
        let runs = finished.iter().map(|run| run.display().to_string()).collect();
        codes.push(Family::call(kontrast.command(&[words.to_vec(), options, runs].concat()))?);
    }
    Ok(worst(codes))
}

/// Where the table over seeds lies: beside the runs, under their name without the seed.
fn seeds_file(loaded: &Loaded) -> PathBuf {
    let name = format!("{}-{:.8}.md", loaded.experiment.name, loaded.digest);
    loaded.experiment.run.out.join(name)
}

fn finished_run(asked: &arguments::Experiment, seed: u64) -> Result<Option<PathBuf>> {
    let loaded = load(asked, Some(seed))?;
    let experiment = &loaded.experiment;
    let path = RunDir::path_for(&experiment.run.out, &experiment.name, &loaded.digest, seed);
    let is_finished =
        |path: &Path| read_summary(path).is_ok_and(|summary| summary.status == Status::Finished);
    Ok(Some(path).filter(|path| is_finished(path)))
}
