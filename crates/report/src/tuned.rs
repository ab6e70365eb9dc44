//! The candidates of tuned cells, and which of them each cell became.

use std::path::{Path, PathBuf};

use kontrast_config::{Cell, Loaded};
use kontrast_runlog::{RunDir, Tuning, read_summary};
use serde::Serialize;

use crate::markdown_table;

/// One candidate of a tuned cell, run with the first seed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CandidateResult {
    /// What it sets, as `optimizer.sgd.lr=0.1`.
    pub settings: String,
    /// Its run directory.
    pub run: PathBuf,
    /// Top-1 on the part of the training images that settings are chosen on, in per cent.
    pub validation_top1: Option<f64>,
    /// What became of its run, where there is no such score.
    pub words: String,
    /// Whether the cell became it.
    pub is_best: bool,
}

/// The candidates of a cell, none where nothing is tuned, and the place of that which the cell became: the first until
/// all have ended.
pub(crate) fn candidates(
    cell: &Cell,
    loaded: &[Loaded],
    (out, score, seed): (&Path, &str, u64),
) -> (Vec<CandidateResult>, Option<usize>) {
    if !cell.is_tuned() {
        return (Vec::new(), Some(0));
    }
    let path = |loaded: &Loaded| RunDir::path_for(out, &loaded.experiment.name, &loaded.digest, seed);
    let runs: Vec<_> = loaded.iter().map(path).collect();
    let best = match Tuning::of(runs.iter().map(PathBuf::as_path), score) {
        Tuning::Best(best) => Some(best),
        Tuning::Waits | Tuning::NoneScored => None,
    };
    let candidate = |(place, run): (usize, PathBuf)| {
        let summary = read_summary(&run).ok();
        let status = summary.as_ref().map(|summary| summary.status);
        let ended = summary.filter(|summary| summary.status.is_final());
        let validation_top1 = ended.and_then(|summary| summary.eval.trained.get(score)?.validation_top1);
        CandidateResult {
            settings: cell.candidates[place].join(", "),
            words: match (validation_top1, status) {
                (Some(_), _) => String::new(),
                (None, Some(status)) => status.to_string(),
                (None, None) => "not measured".to_owned(),
            },
            validation_top1,
            run,
            is_best: best == Some(place),
        }
    };
    (runs.into_iter().enumerate().map(candidate).collect(), best)
}

impl CandidateResult {
    /// Its score where it was chosen, else why it has none.
    pub(crate) fn found(&self) -> String {
        self.validation_top1.map_or_else(|| self.words.clone(), |top1| format!("{top1:.2}"))
    }

    /// The name of its run directory.
    pub(crate) fn run_name(&self) -> String {
        self.run.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

/// How the best was found.
pub(crate) const HOW_TUNED: &str = "Candidates are run with the first seed. The best on validation images, a part of the \
                                    training images, becomes the cell and is run with the other seeds.";

/// Heading of the score by which the best is chosen.
pub(crate) const VALIDATION: &str = "top-1 % on validation images";

/// A section with the candidates of each tuned cell, as Markdown; empty where none is tuned.
pub(crate) fn tuned_markdown<'r>(cells: impl Iterator<Item = (String, &'r [CandidateResult])>) -> String {
    let row = |(cell, candidate): (&String, &CandidateResult)| {
        let CandidateResult { settings, is_best, .. } = candidate;
        let best = if *is_best { "yes" } else { "" };
        let run = format!("`{}`", candidate.run_name());
        vec![cell.clone(), settings.clone(), run, candidate.found(), best.to_owned()]
    };
    let rows: Vec<_> = cells
        .flat_map(|(cell, candidates)| {
            candidates.iter().map(move |candidate| row((&cell, candidate))).collect::<Vec<_>>()
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let headings = ["cell", "candidate", "run", VALIDATION, "best"];
    format!("\n## Tuned\n\n{HOW_TUNED}\n\n{}", markdown_table(&headings, &rows))
}
