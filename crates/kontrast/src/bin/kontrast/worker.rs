//! `worker`: one run after another in one process, which opens data sets and scores baselines once. Whoever started it says
//! on standard input what to run, and is told on standard output how each ended; when the input ends, so does the run.

use crate::arguments::{Arguments, Command};
use crate::code_of;
use crate::terminal::Terminal;
use clap::Parser;
use kontrast::Refusal;
use kontrast_runlog::answers::{EXIT_CODE, TRAINING_COST};
use kontrast_torch_ext::reset_peak_memory;
use std::io::Write;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::thread;

/// Runs what each line asks for, until the input ends.
pub(crate) fn work() -> anyhow::Result<u8> {
    let host = Terminal::of_several();
    let stop = kontrast::Host::stop(&host)?;
    let (sender, asked) = mpsc::channel();
    thread::Builder::new().spawn({
        let stop = stop.clone();
        move || {
            let _ = std::io::stdin().lines().map_while(Result::ok).try_for_each(|line| sender.send(line));
            stop.store(true, Ordering::Relaxed);
        }
    })?;
    for line in asked {
        reset_peak_memory();
        let code = code_of(|| run(&line, &host));
        // Nobody may be there to hear it.
        let _ = writeln!(std::io::stdout(), "{EXIT_CODE}{code}");
        if stop.load(Ordering::Relaxed) {
            break;
        }
    }
    Ok(0)
}

/// Trains or measures what a line asks for; returns the exit code.
fn run(line: &str, host: &Terminal) -> anyhow::Result<u8> {
    let words: Vec<String> = serde_json::from_str(line)?;
    let words = ["kontrast", "pretrain"].into_iter().map(str::to_owned).chain(words);
    let parsed = Arguments::try_parse_from(words).map_err(|error| Refusal(error.to_string()))?;
    let Command::Pretrain(arguments) = parsed.command else { unreachable!("the first word is pretrain") };
    if !arguments.measure {
        return Ok(kontrast::pretrain(&arguments.asked()?, host)?.status.exit_code());
    }
    let Some(cost) = kontrast::measure(&arguments.load()?, host)? else {
        return Ok(kontrast::Status::Interrupted.exit_code());
    };
    writeln!(std::io::stdout(), "{TRAINING_COST}{}", serde_json::to_string(&cost)?)?;
    Ok(0)
}
