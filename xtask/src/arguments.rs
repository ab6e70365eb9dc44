//! The command line.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::builder::{StringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};
use kontrast_config::{DataName, Device};

use crate::bench::{Beside, Subject};
use crate::parity::Parity;
use crate::setup::Profile;
use kontrast_runlog::human::quoted;

/// Everything around Kontrast's experiments: set-up, runs, ablations, tests.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Install libtorch, or find one, and tell cargo where it lies
    Setup(Setup),
    /// Look at everything a run needs, a line each; the exit code tells whether it is there
    Doctor,
    /// Fetch, verify and unpack a data set into the cache
    Data {
        /// The data set
        #[arg(value_parser = DataName::FETCHED.map(DataName::as_str))]
        name: String,
    },
    /// Build, train, evaluate and report an experiment file
    Experiment(Experiment),
    /// Run the cells of an ablation with each seed, and put them beside the paper's
    Ablation(Ablation),
    /// Call the program `kontrast` itself: `run -- evaluate RUN` scores a run again, `run -- preview --plan PLAN` draws a
    /// plan's views; also pretrain, report, data, each with --help
    Run {
        /// What follows `--`
        #[arg(last = true, required = true)]
        arguments: Vec<String>,
    },
    /// Write the page of run directories again, from their logs, and put several into one table
    Report {
        /// Run directories, or folders of them
        #[arg(required = true)]
        runs: Vec<PathBuf>,
        /// The score that several runs are sorted by [default: linear, knn or knn_200, the first that all have]
        #[arg(long)]
        score: Option<String>,
        /// Write the table of several runs to this Markdown file too
        #[arg(long, value_name = "FILE")]
        write: Option<PathBuf>,
    },
    /// Run every test
    Test {
        /// What follows `--` goes to `cargo test`
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Run everything that has to hold, the cheapest first
    Ci {
        /// Fuzz too, a minute each: what reads images and plans
        #[arg(long)]
        nightly: bool,
    },
    /// Train every method's small experiment, and compare the tensors that come out with those written down
    Smoke {
        /// Only those of configs/smoke/NAME.toml; all where none is named
        #[arg(value_name = "NAME")]
        names: Vec<String>,
        /// Write them down anew, where a change is meant to move them
        #[arg(long)]
        write: bool,
    },
    /// Write the JSON Schemas of configs/schema, for editors, and the tables of keys in docs/config.md
    Schema {
        /// Write nothing; fail where they are out of date, or a committed file does not fit its schema
        #[arg(long)]
        check: bool,
    },
    /// Feed random bytes to what reads images and plans, a minute each
    Fuzz,
    /// Run criterion's benches, or measure one thing beside other libraries
    Bench {
        /// What to measure beside other libraries; criterion's benches where it is left out
        subject: Option<Subject>,
        #[command(flatten)]
        beside: Beside,
        /// Run this one of criterion's benches only; may be given more than once
        #[arg(long, value_name = "NAME", conflicts_with = "subject")]
        bench: Vec<String>,
        /// What follows `--` goes to criterion
        #[arg(last = true, conflicts_with = "subject")]
        arguments: Vec<String>,
    },
    /// Make every golden case anew with the libraries that it came from, and open exported encoders with their readers:
    /// tables of the largest differences
    Parity(Parity),
    /// Put together a folder that runs on a machine without Rust
    Bundle {
        /// The folder
        #[arg(long, default_value = "bundle", value_name = "DIR")]
        out: PathBuf,
    },
}

/// Options of `setup`.
#[derive(Args, Debug)]
pub struct Setup {
    /// Install the CUDA profile, also where no GPU is seen
    #[arg(long, conflicts_with = "cpu")]
    cuda: bool,
    /// Install the CPU profile, also where a GPU is seen
    #[arg(long)]
    cpu: bool,
    /// Write cargo's configuration to this file [default: .cargo/libtorch.toml of this checkout]
    #[arg(long, value_name = "FILE")]
    pub write: Option<PathBuf>,
}

impl Setup {
    /// The profile that was asked for by name.
    pub fn profile(&self) -> Option<Profile> {
        match (self.cpu, self.cuda) {
            (true, _) => Some(Profile::Cpu),
            (_, true) => Some(Profile::Cuda),
            _ => None,
        }
    }
}

/// Options of `experiment`.
#[derive(Args, Debug)]
pub struct Experiment {
    /// The experiment file
    pub file: PathBuf,
    /// Where it runs, and with which changes.
    #[command(flatten)]
    pub place: Place,
    /// Run with this many seeds, one after the other, and show mean and std
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub seeds: Option<u64>,
    /// Go on from the last checkpoint, or start where there is none
    #[arg(long, conflicts_with = "force")]
    pub resume: bool,
    /// Throw away what an earlier run left, and start again
    #[arg(long)]
    pub force: bool,
}

/// Options of `ablation`.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own on the command line")]
pub struct Ablation {
    /// The ablation file, or the name of one of configs/ablations; all of them with --all
    #[arg(required_unless_present = "all")]
    pub file: Option<PathBuf>,
    /// Every file of configs/ablations, those first that decide most claims with the fewest runs
    #[arg(long, conflicts_with_all = ["file", "only", "write"])]
    pub all: bool,
    /// Begin no run that would not end in this time, such as 4h or 90m
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub budget: Option<Duration>,
    /// The scale of the file to run it at, such as tiny [default: as the file itself has it]
    #[arg(long)]
    pub scale: Option<String>,
    /// How many seeds of each cell: beside those of the file as many as are missing
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub seeds: Option<usize>,
    /// Run these cells only, by their labels or as AXIS=LABEL; may be given more than once
    #[arg(long, value_name = "CELL")]
    pub only: Vec<String>,
    /// Runs at a time
    #[arg(long, default_value_t = 1, value_parser = at_least_one)]
    pub jobs: usize,
    /// Name the cells and the state of their runs, one cell a line, and run nothing
    #[arg(long, conflicts_with = "dry_run")]
    pub list: bool,
    /// Show the runs, what each changes and what the paper reports, and run nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Train a few steps of each cell first, and say how long all take and how much memory
    #[arg(long, conflicts_with = "list")]
    pub measure: bool,
    /// auto, cpu, cuda or cuda:N [default: run.device of the base experiment]
    #[arg(long)]
    pub device: Option<Device>,
    /// Threads of libtorch in each run
    #[arg(long, value_parser = at_least_one)]
    pub threads: Option<usize>,
    /// Folder of run directories; the ablation has its own in it [default: runs]
    #[arg(long, value_name = "DIR", value_parser = StringValueParser::new().map(PathBuf::from))]
    pub out: Option<PathBuf>,
    /// Write the table to this Markdown file too
    #[arg(long, value_name = "FILE")]
    pub write: Option<PathBuf>,
}

/// Hours, minutes or seconds: `4h`, `90m`, `45s`.
fn time(text: &str) -> Result<Duration, String> {
    let units = [('h', 3600.0), ('m', 60.0), ('s', 1.0)];
    let parsed = units.iter().find_map(|&(unit, seconds)| {
        let number: f64 = text.strip_suffix(unit)?.parse().ok()?;
        Duration::try_from_secs_f64(number * seconds).ok()
    });
    parsed.ok_or_else(|| "expected hours, minutes or seconds, such as 4h, 90m or 45s".to_owned())
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|count| *count > 0).ok_or_else(|| "expected a number from 1 on".to_owned())
}

/// Where a run takes place, and with which changes.
#[derive(Args, Clone, Debug, Default)]
pub struct Place {
    /// Override a key of the file, e.g. train.epochs=5
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub overrides: Vec<String>,
    /// auto, cpu, cuda or cuda:N
    #[arg(long)]
    pub device: Option<Device>,
    /// Threads of libtorch
    #[arg(long, value_parser = at_least_one)]
    pub threads: Option<usize>,
    /// Folder of run directories [default: runs]
    #[arg(long, value_name = "DIR", value_parser = StringValueParser::new().map(PathBuf::from))]
    pub out: Option<PathBuf>,
}

impl Place {
    /// As arguments of `kontrast` and of `cargo xtask experiment`.
    pub fn arguments(&self) -> Vec<String> {
        let option = |name: &str, value: Option<String>| value.map(|value| [name.to_owned(), value]);
        let sets = self.overrides.iter().map(|set| ["--set".to_owned(), set.clone()]);
        let device = option("--device", self.device.map(|device| device.to_string()));
        let threads = option("--threads", self.threads.map(|threads| threads.to_string()));
        let out = option("--out", self.out.as_ref().map(|out| out.display().to_string()));
        sets.chain(device).chain(threads).chain(out).flatten().collect()
    }
}

/// The command that repeats a run, as a person would type it.
pub fn command(file: &Path, place: &Place) -> String {
    let words = [vec![file.display().to_string()], place.arguments()].concat();
    let words: Vec<_> = words.iter().map(|word| quoted(word)).collect();
    format!("cargo xtask experiment {}", words.join(" "))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parsed(line: &str) -> Experiment {
        let words = ["cargo xtask", "experiment"].into_iter().chain(line.split(' '));
        match Arguments::try_parse_from(words).unwrap().command {
            Command::Experiment(experiment) => experiment,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_budget_is_hours_minutes_or_seconds() {
        for (text, seconds) in [("4h", 14_400.0), ("1.5h", 5400.0), ("90m", 5400.0), ("45s", 45.0)] {
            assert_eq!(time(text).unwrap().as_secs_f64(), seconds);
        }
        for wrong in ["4", "h", "-1h", "4 hours", "infs", ""] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_command_that_repeats_a_run_has_what_changes_it() {
        let line = "a.toml --resume --set train.epochs=5 --set a=[1,2] --device cuda --out there";
        let parsed = parsed(line);
        let expected =
            "cargo xtask experiment a.toml --set train.epochs=5 --set 'a=[1,2]' --device cuda:0 --out there";
        assert_eq!(command(&parsed.file, &parsed.place), expected);
    }
}
