//! The program `kontrast`: reads the command line, wires the crates together, says how it went.

mod arguments;
mod canvas;
mod confusion;
mod data;
mod destination;
mod device;
mod evaluation;
mod figures;
mod images;
mod interrupt;
mod memory;
mod observer;
mod pack;
mod permutations;
mod pretrain;
mod preview;
mod probing;
mod progress;
mod puzzle_sheet;
mod puzzles;
mod reconstruction;
mod record;
mod repeat;
mod say;
mod stage;
mod task_images;
mod words;

use arguments::{Arguments, Command};
use clap::Parser;
use kontrast_config::ConfigError;
use kontrast_data::DataError;
use kontrast_eval::EvalError;
use kontrast_methods::{BuildError, ViewError};
use kontrast_pretext::permutations::PermutationError;
use kontrast_runlog::human;
use std::process::ExitCode;

/// Exit code where the file or the arguments are wrong.
const WRONG: u8 = 2;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        if kontrast_data::is_decoding() {
            return;
        }
        // libtorch's messages go on for pages of C++ frames; the first line says what happened.
        let text = panic.payload_as_str().unwrap_or("no message");
        let first = text.split("\\nException raised").next().unwrap_or(text);
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        say::note(format_args!(
            "error: {} ({place}); this is a defect of Kontrast, please report it",
            first.trim()
        ));
    }));
    let arguments = Arguments::parse();
    match std::panic::catch_unwind(|| run(arguments)) {
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(error)) => {
            say::note(format_args!("error: {}", human::causes(error.chain().map(ToString::to_string))));
            ExitCode::from(if is_wrong(&error) { WRONG } else { 1 })
        }
        Err(_) => ExitCode::from(1),
    }
}

fn run(arguments: Arguments) -> anyhow::Result<u8> {
    match arguments.command {
        Command::Pretrain(arguments) => pretrain::pretrain(&arguments),
        Command::Evaluate { run, overrides } => repeat::evaluate(&run, &overrides),
        Command::Report { runs } => {
            for run in runs {
                kontrast_report::run_page(&run)?;
                say::out(kontrast_runlog::Layout::of(&run).report().display());
            }
            Ok(0)
        }
        Command::Pack(arguments) => pack::pack(&arguments),
        Command::Permutations(arguments) => permutations::permutations(&arguments),
        Command::Preview(arguments) => preview::preview(&arguments),
        Command::Data { name } => {
            let folder = data::fetch(&name)?;
            say::out(format_args!("{name}: {}", folder.display()));
            Ok(0)
        }
    }
}

/// Whether the values of the file or the arguments are the cause, and have to change.
fn is_wrong(error: &anyhow::Error) -> bool {
    use DataError::{Batch, EmptyFolder, Holdout, Layout, NoFolder, NoPack, Subset, Synthetic, Unknown};
    let of_data = matches!(
        error.downcast_ref(),
        Some(
            Unknown(_)
                | Subset { .. }
                | Batch { .. }
                | Synthetic { .. }
                | Layout { .. }
                | NoFolder { .. }
                | EmptyFolder { .. }
                | Holdout { .. }
                | NoPack { .. }
        )
    );
    let of_evaluation =
        matches!(error.downcast_ref(), Some(EvalError::Split { .. } | EvalError::Memory { .. }));
    let of_views = error.is::<ViewError>() || error.is::<BuildError>();
    let of_puzzles = error.is::<PermutationError>();
    of_data || of_evaluation || of_puzzles || of_views || error.is::<ConfigError>() || error.is::<Refusal>()
}

/// What the program will not do as it was asked: the arguments have to change.
#[derive(Debug)]
pub(crate) struct Refusal(pub(crate) String);

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}
