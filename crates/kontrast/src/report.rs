//! `report`: the page of run directories again, from their logs.

use crate::host::Host;
use crate::{Refusal, words};
use kontrast_report::{read_run, run_page};
use kontrast_runlog::{Layout, runs_in};
use std::path::PathBuf;

/// Writes the page of every run directory that is named or lies in a named folder, and says its scores.
///
/// # Errors
/// Where there is no run, or a page cannot be written.
pub fn report(folders: &[PathBuf], host: &dyn Host) -> anyhow::Result<()> {
    let mut runs = Vec::new();
    for folder in folders {
        runs.extend(runs_in(folder).map_err(|error| Refusal(error.to_string()))?);
    }
    for run in &runs {
        run_page(run)?;
        host.out(&Layout::of(run).report().display());
        words::summary(&read_run(run)?, host);
    }
    Ok(())
}
