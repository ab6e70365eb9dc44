//! `report`: the page of run directories again, from their logs.

use crate::{Refusal, log, words};
use kontrast_report::{read_run, run_page};
use kontrast_runlog::{Layout, runs_in};
use std::path::PathBuf;

/// Writes the page of every run directory that is named or lies in a named folder, and prints its scores.
pub(crate) fn report(folders: &[PathBuf]) -> anyhow::Result<u8> {
    let mut runs = Vec::new();
    for folder in folders {
        runs.extend(runs_in(folder).map_err(|error| Refusal(error.to_string()))?);
    }
    for run in &runs {
        run_page(run)?;
        log::out(Layout::of(run).report().display());
        words::summary(&read_run(run)?);
    }
    Ok(0)
}
