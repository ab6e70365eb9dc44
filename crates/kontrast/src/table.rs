//! `table`: several runs in one table, of the same experiment with other seeds, or of an ablation.

use crate::Refusal;
use crate::host::Host;
use clap::{Args, Subcommand};
use kontrast_config::Ablation;
use kontrast_report::{
    AblationResult, ablation_csv, ablation_markdown, ablation_page, ablation_picture, read_run,
    seeds_markdown,
};
use kontrast_runlog::human::quoted;
use kontrast_runlog::{Status, Summary, atomic_write, runs_in};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Put several runs into one table
#[derive(Debug, Subcommand)]
pub enum Table {
    /// Mean and standard deviation over runs that differ in their seed
    Seeds(Seeds),
    /// The cells of an ablation beside the paper's values, as far as they have run
    Ablation(Cells),
}

/// Options of `table seeds`.
#[derive(Args, Debug)]
pub struct Seeds {
    /// The run directories, or folders of them
    #[arg(required = true)]
    pub runs: Vec<PathBuf>,
    /// Write the table to this Markdown file too
    #[arg(long, value_name = "FILE")]
    pub write: Option<PathBuf>,
    /// How many runs there were to be, where some of them did not finish
    #[arg(long, value_name = "N")]
    pub of: Option<usize>,
}

/// Options of `table ablation`.
#[derive(Args, Debug)]
pub struct Cells {
    /// The ablation file
    pub file: PathBuf,
    /// The scale of the file at which it was run
    #[arg(long)]
    pub scale: Option<String>,
    /// How many seeds there are of each cell, where they are more than the file's
    #[arg(long, value_name = "N")]
    pub seeds: Option<usize>,
    /// The folder of the ablation's runs; `table.md`, `cells.csv` and `report.html` are written into it
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Write the table to this Markdown file too
    #[arg(long, value_name = "FILE")]
    pub write: Option<PathBuf>,
    /// What the table shows as the command that repeats it
    #[arg(long, hide = true)]
    pub command: Option<String>,
}

/// Says a table, and writes it.
///
/// # Errors
/// Where a run is missing or does not belong in it, or a file cannot be written.
pub fn table(asked: &Table, host: &dyn Host) -> anyhow::Result<()> {
    match asked {
        Table::Seeds(asked) => seeds(asked, host),
        Table::Ablation(asked) => ablation(asked, host),
    }
}

fn seeds(asked: &Seeds, host: &dyn Host) -> anyhow::Result<()> {
    let mut folders = Vec::new();
    for folder in &asked.runs {
        folders.extend(runs_in(folder).map_err(|error| Refusal(error.to_string()))?);
    }
    let runs = folders.iter().map(|run| read_run(run)).collect::<Result<Vec<_>, _>>()?;
    require_seeds_alone(&folders, &runs)?;
    let of = asked.of.unwrap_or(runs.len()).max(runs.len());
    let words = format!("Mean ± standard deviation over {} of {of} seeds:", runs.len());
    let table = seeds_markdown(&runs);
    host.out(&format_args!("\n{words}\n\n{table}"));
    let mut text = format!("# {}\n\n{words}\n\n{table}\nRuns:\n\n", runs[0].name);
    for run in &folders {
        // Writing to a string does not fail.
        let _ = writeln!(text, "- `{}`", name_of(run));
    }
    elsewhere(&text, asked.write.as_deref(), host)
}

/// Refuses runs of which a mean says nothing: those that did not finish, and those that differ in more than their seed.
fn require_seeds_alone(folders: &[PathBuf], runs: &[Summary]) -> Result<(), Refusal> {
    let mut seeds = BTreeSet::new();
    for (folder, run) in folders.iter().zip(runs) {
        let shown = folder.display();
        if run.status != Status::Finished {
            return Err(Refusal(format!(
                "{shown}: expected a finished run, found one that is {}",
                run.status
            )));
        }
        if run.digest != runs[0].digest {
            let first = folders[0].display();
            return Err(Refusal(format!("{shown}: expected the experiment of {first} with another seed")));
        }
        if !seeds.insert(run.seed) {
            return Err(Refusal(format!("{shown}: expected each seed once, found {} again", run.seed)));
        }
    }
    Ok(())
}

fn ablation(asked: &Cells, host: &dyn Host) -> anyhow::Result<()> {
    if !asked.out.is_dir() {
        let text =
            format!("--out {}: expected the folder of the ablation's runs, found none", asked.out.display());
        return Err(Refusal(text).into());
    }
    let file = quoted(&asked.file.display().to_string());
    let scale = asked.scale.as_ref().map_or_else(String::new, |scale| format!(" --scale {scale}"));
    let seeds = asked.seeds.map_or_else(String::new, |count| format!(" --seeds {count}"));
    let command =
        asked.command.clone().unwrap_or_else(|| format!("cargo xtask ablation {file}{scale}{seeds}"));
    let ablation = Ablation::load(&asked.file, asked.scale.as_deref())?.with_seeds(asked.seeds);
    let result = AblationResult::collect(&ablation, &asked.out, &command);
    let text = format!("{}\n{}", ablation_markdown(&result), outcomes(&result));
    let (table, page) = (asked.out.join("table.md"), asked.out.join("report.html"));
    atomic_write(&table, text.as_bytes())?;
    atomic_write(&asked.out.join("cells.csv"), ablation_csv(&result).as_bytes())?;
    ablation_page(&result, &page)?;
    host.out(&format_args!("\n{text}\n{}\n{}", table.display(), page.display()));
    let Some(file) = &asked.write else { return Ok(()) };
    let Some(picture) = ablation_picture(&result) else { return elsewhere(&text, Some(file), host) };
    let path = file.with_extension("svg");
    elsewhere(&with_picture(&text, &name_of(&path)), Some(file), host)?;
    elsewhere(&picture, Some(&path), host)
}

/// The table with its picture below the title.
fn with_picture(text: &str, picture: &str) -> String {
    let (title, rest) = text.split_once('\n').unwrap_or((text, ""));
    format!("{title}\n\n![scores by {}]({picture})\n{rest}", title.trim_start_matches("# "))
}

/// Writes a text to one more file, where one is named.
fn elsewhere(text: &str, file: Option<&Path>, host: &dyn Host) -> anyhow::Result<()> {
    if let Some(file) = file {
        if let Some(parent) = file.parent() {
            std::fs::create_dir_all(parent)?;
        }
        atomic_write(file, text.as_bytes())?;
        host.out(&file.display());
    }
    Ok(())
}

/// The run behind each number.
fn outcomes(result: &AblationResult) -> String {
    let mut text = "Runs:\n\n".to_owned();
    for (cell, (path, outcome)) in
        result.cells.iter().flat_map(|cell| cell.runs.iter().map(move |run| (cell, run)))
    {
        let score = if result.score.is_none() { format!(", {}", cell.score) } else { String::new() };
        // Writing to a string does not fail.
        let _ = writeln!(text, "- `{}`{score}: {}", name_of(path), outcome.in_words());
    }
    text
}

fn name_of(run: &Path) -> String {
    run.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
