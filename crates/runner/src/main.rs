//! The program `kontrast`: reads the command line, wires the crates together, says how it went.

mod arguments;
mod canvas;
mod confusion;
mod data;
mod destination;
mod device;
mod estimate;
mod evaluation;
mod figures;
mod images;
mod inspect;
mod interrupt;
mod inventory;
mod log;
mod observer;
mod others;
mod pack;
mod permutations;
mod pretext;
mod pretext_sheet;
mod pretrain;
mod preview;
mod progress;
mod reconstruction;
mod record;
mod repeat;
mod report;
mod score_lines;
mod session;
mod spin;
mod table;
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
use kontrast_training::CheckpointError;
use std::process::ExitCode;

/// How libtorch says that memory is missing, of the CPU and of a GPU.
const NO_MEMORY: [&str; 3] = ["can't allocate memory", "out of memory", "std::bad_alloc"];

/// Exit code where the file or the arguments are wrong.
const WRONG: u8 = 2;

fn main() -> ExitCode {
    spin::settle();
    interrupt::files_may_be_too_large();
    std::panic::set_hook(Box::new(|panic| {
        if kontrast_data::is_decoding() {
            return;
        }
        let what = panic_words(panic.payload());
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        log::note(format_args!("error: {what} ({place})"));
    }));
    let arguments = Arguments::parse();
    match std::panic::catch_unwind(|| run(arguments)) {
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(error)) => {
            log::note(format_args!("error: {}", human::causes(error.chain().map(ToString::to_string))));
            ExitCode::from(if is_wrong(&error) { WRONG } else { 1 })
        }
        Err(_) => ExitCode::from(1),
    }
}

/// What a panic says, and whose news it is: no memory is the machine's, all else is a defect of ours.
pub(crate) fn panic_words(panic: &(dyn std::any::Any + Send)) -> String {
    let text =
        panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    let text = text.unwrap_or("no message");
    // libtorch's messages go on for pages of C++ frames; the first line says what happened.
    let first = text.split("\\nException raised").next().unwrap_or(text).trim();
    if NO_MEMORY.iter().any(|words| text.contains(words)) {
        format!(
            "out of memory: make room and go on with --resume; or train another run with a lower train.batch, smaller views, \
             or train.chunk, which embeds the batch in parts. libtorch said: {first}"
        )
    } else {
        format!("{first}; this is a defect of Kontrast, please report it")
    }
}

fn run(arguments: Arguments) -> anyhow::Result<u8> {
    device::shared_pool()?;
    match arguments.command {
        Command::Pretrain(arguments) => pretrain::pretrain(&arguments),
        Command::Evaluate { run, overrides } => repeat::evaluate(&run, &overrides),
        Command::Report { runs } => report::report(&runs),
        Command::Table(table) => table::table(&table),
        Command::Inspect { file } => inspect::inspect(&file),
        Command::Pack(arguments) => pack::pack(&arguments),
        Command::Permutations(arguments) => permutations::permutations(&arguments),
        Command::Preview(arguments) => preview::preview(&arguments),
        Command::Data { name: Some(name) } => {
            let folder = data::fetch(&name)?;
            log::out(format_args!("{name}: {}", folder.display()));
            Ok(0)
        }
        Command::Data { name: None } => data::list(),
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
    let of_evaluation = matches!(
        error.downcast_ref(),
        Some(EvalError::Split { .. } | EvalError::Setting { .. } | EvalError::Memory { .. })
    );
    let of_views = error.is::<ViewError>() || error.is::<BuildError>();
    let of_permutations = error.is::<PermutationError>();
    let of_checkpoints = matches!(
        error.downcast_ref(),
        Some(CheckpointError::OtherImages { .. } | CheckpointError::BeyondTheEnd { .. })
    );
    of_data
        || of_checkpoints
        || of_evaluation
        || of_permutations
        || of_views
        || error.is::<ConfigError>()
        || error.is::<Refusal>()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_no_memory_is_news_of_the_machine_and_no_defect() {
        for text in [
            "[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: you tried",
            "CUDA out of memory. Tried to allocate 2.00 GiB\\nException raised from malloc",
            "std::bad_alloc",
        ] {
            let words = panic_words(&text.to_owned());
            assert!(words.contains("train.batch") && words.contains("train.chunk"), "{words}");
            assert!(!words.contains("defect") && !words.contains("Exception raised"), "{words}");
        }
        for text in ["index out of bounds", "linalg.eigh: the algorithm failed", "shape mismatch"] {
            assert!(panic_words(&text).ends_with("this is a defect of Kontrast, please report it"));
        }
    }
}
