//! The program `kontrast`: reads the command line, calls the library, says how it went.

mod arguments;
mod device;
mod interrupt;
mod others;
mod spin;
mod terminal;
mod worker;

use arguments::{Arguments, Command};
use clap::Parser;
use kontrast::{Status, is_refused, panic_words};
use kontrast_runlog::human;
use std::process::ExitCode;
use terminal::{Terminal, note, out};

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
        note(format_args!("error: {what} ({place})"));
    }));
    let arguments = Arguments::parse();
    ExitCode::from(code_of(|| run(arguments)))
}

/// The exit code of a command, whose error is said here; a panic has been said when it comes here.
fn code_of(command: impl FnOnce() -> anyhow::Result<u8>) -> u8 {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(command)) {
        Ok(Ok(code)) => code,
        Ok(Err(error)) => {
            note(format_args!("error: {}", human::causes(error.chain().map(ToString::to_string))));
            if is_refused(&error) { WRONG } else { 1 }
        }
        Err(_) => 1,
    }
}

/// Runs the command; returns the exit code.
fn run(arguments: Arguments) -> anyhow::Result<u8> {
    device::shared_pool()?;
    let host = &Terminal::default();
    match arguments.command {
        Command::Pretrain(arguments) if arguments.measure => {
            let Some(cost) = kontrast::measure(&arguments.load()?, host)? else {
                return Ok(Status::Interrupted.exit_code());
            };
            out(cost);
        }
        Command::Pretrain(arguments) => {
            return Ok(kontrast::pretrain(&arguments.asked()?, host)?.status.exit_code());
        }
        Command::Worker => return worker::work(),
        Command::Evaluate(arguments) => return Ok(kontrast::evaluate(&arguments, host)?.exit_code()),
        Command::Compare(arguments) => kontrast::compare(&arguments, host)?,
        Command::Report(arguments) => kontrast::report(&arguments, host)?,
        Command::Table(table) => kontrast::table(&table, host)?,
        Command::Inspect { file } => kontrast::inspect(&file, host)?,
        Command::Export(arguments) => {
            if kontrast::export(&arguments, host)?.is_none() {
                return Ok(Status::Interrupted.exit_code());
            }
        }
        Command::Pack(arguments) => {
            if kontrast::pack(&arguments, host)?.is_none() {
                return Ok(Status::Interrupted.exit_code());
            }
        }
        Command::Embed(arguments) => {
            if kontrast::embed(&arguments, host)?.is_none() {
                return Ok(Status::Interrupted.exit_code());
            }
        }
        Command::Suggest(arguments) => {
            kontrast::suggest(&arguments, host)?;
        }
        Command::Search(arguments) => kontrast::search(&arguments, host)?,
        Command::Duplicates(arguments) => kontrast::duplicates(&arguments, host)?,
        Command::Cluster(arguments) => kontrast::cluster(&arguments, host)?,
        Command::Outliers(arguments) => kontrast::outliers(&arguments, host)?,
        Command::Permutations(arguments) => kontrast::permutations(&arguments, host)?,
        Command::Preview(arguments) => kontrast::preview(&arguments, host)?,
        Command::Data { name: Some(name) } => {
            let folder = kontrast::fetch(&name, host)?;
            out(format_args!("{name}: {}", folder.display()));
        }
        Command::Data { name: None } => return Ok(u8::from(!kontrast::list(host)?)),
    }
    Ok(0)
}
