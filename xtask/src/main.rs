//! `cargo xtask`: set-up, experiments, ablations, tests and CI of Kontrast. It never links libtorch, since it
//! installs it.

mod ablation;
mod arguments;
mod bench;
mod build;
mod bundle;
mod ci;
mod doctor;
mod experiment;
mod family;
mod finding;
mod fuzz;
mod layers;
mod numbers;
mod pages;
mod parity;
mod program;
mod say;
mod setup;
mod smoke;
mod tidy;
mod worker;
mod workspace;

use std::fmt;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Result;
use clap::Parser;
use clap::error::ErrorKind;
use kontrast_config::ConfigError;
use kontrast_runlog::human;
use signal_hook::consts::SIGXFSZ;

use arguments::{Arguments, Command};

/// Exit code where the file or the arguments are wrong.
const WRONG: u8 = 2;

fn main() -> ExitCode {
    // A write beyond the limit of a file's size (`ulimit -f`) fails with a message, instead of ending the process.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
    std::panic::set_hook(Box::new(|panic| {
        let text = panic.payload_as_str().unwrap_or("no message");
        // Whoever read the output has seen enough.
        if !text.contains("Broken pipe") {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            say::note(format_args!(
                "error: {text} ({place}); this is a defect of Kontrast, please report it"
            ));
        }
        std::process::exit(1);
    }));
    match run(arguments().command) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            say::note(format_args!("error: {}", in_words(&error)));
            let wrong = error.is::<ConfigError>() || error.is::<Refusal>();
            ExitCode::from(if wrong { WRONG } else { 1 })
        }
    }
}

/// The arguments; where they cannot be understood, the process ends with what to write instead.
fn arguments() -> Arguments {
    Arguments::try_parse().unwrap_or_else(|error| {
        // What cannot be printed has been cut off by whoever reads.
        let _ = error.print();
        let behind_run = std::env::args().nth(1).is_some_and(|first| first == "run") && error.use_stderr();
        if behind_run || error.kind() == ErrorKind::InvalidSubcommand {
            say::note("commands of the program itself stand behind `run --`, as in: cargo xtask run -- inspect FILE");
        }
        std::process::exit(error.exit_code());
    })
}

fn run(command: Command) -> Result<u8> {
    match command {
        Command::Setup(asked) => setup::run(asked.profile(), asked.write),
        Command::Doctor => Ok(doctor::run()),
        Command::Data { name } => experiment::call(&["data".to_owned(), name]),
        Command::Experiment(experiment) => experiment::run(&experiment),
        Command::Ablation(ablation) => ablation::run(&ablation),
        Command::Run { arguments } => experiment::pass_through(&arguments),
        Command::Report { runs, score, write } => experiment::report(&runs, score, write),
        Command::Test { arguments } => ci::test(&arguments),
        Command::Smoke { names, write } => smoke::run(&names, write).map(|()| 0),
        Command::Schema { check } => ci::schema(check).map(|()| 0),
        Command::Fuzz => fuzz::run().map(|()| 0),
        Command::Ci { nightly } => ci::run(nightly),
        Command::Bench { subject: Some(subject), beside, .. } => beside.run(subject),
        Command::Bench { bench, arguments, .. } => bench::criterion(&bench, &arguments),
        Command::Parity(parity) => parity.run(),
        Command::Bundle { out } => bundle::run(&out),
    }
}

/// The error and what lies behind it; many of our errors name their cause themselves.
fn in_words(error: &anyhow::Error) -> String {
    human::causes(error.chain().map(ToString::to_string))
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

#[cfg(test)]
mod tests {
    use anyhow::Context;
    use kontrast_config::Experiment;

    use super::*;

    #[test]
    fn no_cause_is_named_twice() {
        let error = anyhow::anyhow!("the cable is out").context("no network").context("libtorch");
        assert_eq!(in_words(&error), "libtorch: no network: the cable is out");
        let missing = Experiment::load("missing.toml".as_ref(), &[]).context("experiment").unwrap_err();
        assert_eq!(in_words(&missing).matches("No such file").count(), 1);
    }
}
