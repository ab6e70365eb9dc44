//! `cargo xtask`: set-up, experiments, ablations, tests and CI of Kontrast. It never links libtorch, since it
//! installs it.

mod ablation;
mod arguments;
mod build;
mod ci;
mod data;
mod experiment;
mod family;
mod layers;
mod program;
mod report;
mod say;
mod setup;
mod tidy;
mod workspace;

use std::fmt;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use kontrast_config::ConfigError;

use arguments::{Arguments, Command};

/// Exit code where the file or the arguments are wrong.
const WRONG: u8 = 2;

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {error:#}");
            let wrong = error.is::<ConfigError>() || error.is::<Refusal>();
            ExitCode::from(if wrong { WRONG } else { 1 })
        }
    }
}

fn run(command: Command) -> Result<u8> {
    match command {
        Command::Setup(asked) => setup::run(asked.profile(), asked.write),
        Command::Data { name } => data::run(&name),
        Command::Experiment(experiment) => experiment::run(&experiment),
        Command::Ablation(ablation) => ablation::run(&ablation),
        Command::Run { arguments } => experiment::pass_through(&arguments),
        Command::Report { runs } => report::run(&runs),
        Command::Test { arguments } => ci::test(&arguments),
        Command::Ci => ci::run(),
    }
}

/// What is not done as it was asked: the arguments have to change.
#[derive(Debug)]
pub struct Refusal(String);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}
