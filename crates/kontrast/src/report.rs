//! `report`: the page of run directories again, from their logs; several runs in one table.

use crate::host::Host;
use crate::ranking::ranking;
use crate::{Refusal, words};
use clap::Args;
use kontrast_report::{read_run, run_page};
use kontrast_runlog::{Layout, atomic_write, runs_in};
use std::path::{Path, PathBuf};

/// Options of `report`.
#[derive(Args, Debug)]
pub struct Report {
    /// Run directories, or folders of them
    #[arg(required = true)]
    pub runs: Vec<PathBuf>,
    /// The score that several runs are sorted by [default: linear, knn or knn_200, the first that all have]
    #[arg(long)]
    pub score: Option<String>,
    /// Write the table of several runs to this Markdown file too
    #[arg(long, value_name = "FILE")]
    pub write: Option<PathBuf>,
}

/// Writes the page of every run directory that is named or lies in a named folder. Of one run it says the scores; several
/// stand in a table, the best first, with intervals of their differences.
///
/// # Errors
/// Where there is no run, two do not have the score that is named, or a page cannot be written.
pub fn report(asked: &Report, host: &dyn Host) -> anyhow::Result<()> {
    let mut runs = Vec::new();
    for folder in &asked.runs {
        runs.extend(runs_in(folder).map_err(|error| Refusal(error.to_string()))?);
    }
    for run in &runs {
        run_page(run)?;
        host.out(&Layout::of(run).report().display());
    }
    let Some(ranking) = ranking(&runs, asked.score.as_deref())? else {
        for run in &runs {
            words::summary(&read_run(run)?, host);
        }
        let none = "--write: expected several runs with a score that all have, of which a table can be made";
        return if asked.write.is_some() { Err(Refusal(none.to_owned()).into()) } else { Ok(()) };
    };
    host.out(&format_args!("\n{}", ranking.markdown(None).trim_end()));
    if let Some(file) = &asked.write {
        let folder = file.parent().unwrap_or(Path::new(""));
        std::fs::create_dir_all(folder)?;
        atomic_write(file, ranking.markdown(Some(folder)).as_bytes())?;
        host.out(&file.display());
    }
    Ok(())
}
