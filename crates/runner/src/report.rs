//! `report`: the page of run directories again, from their logs.

use crate::{Refusal, log, words};
use kontrast_report::{read_run, run_page};
use kontrast_runlog::{Layout, runs_in};
use std::path::PathBuf;

/// Writes the page of every run directory that is named or lies in a named folder, and prints its scores.
pub(crate) fn report(folders: &[PathBuf]) -> anyhow::Result<u8> {
    let mut runs = Vec::new();
    for folder in folders {
        let found = runs_in(folder);
        if found.is_empty() {
            let hint = if folder.is_file() { "; name the folder that the file lies in" } else { "" };
            let text = format!(
                "{}: no run directory, which holds a summary.json, nor a folder of them{hint}",
                folder.display()
            );
            return Err(Refusal(text).into());
        }
        runs.extend(found);
    }
    for run in &runs {
        run_page(run)?;
        log::out(Layout::of(run).report().display());
        words::summary(&read_run(run)?);
    }
    Ok(0)
}
