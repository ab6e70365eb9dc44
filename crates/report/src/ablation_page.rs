//! The page of an ablation.

use std::path::Path;

use serde::Serialize;

use crate::ablation_pictures::{axes_drawn, over_paper};
use crate::cell_curves::cell_curves;
use crate::page::{Drawn, drawn, write};
use crate::tuned::{CandidateResult, HOW_TUNED, VALIDATION};
use crate::verdict::SMALL_PRINT;
use crate::{AblationResult, CellResult, JudgedClaim, Outcome, ReportError, Verdict};

/// Writes the page of an ablation.
///
/// # Errors
/// When the page cannot be written.
pub fn ablation_page(result: &AblationResult, path: &Path) -> Result<(), ReportError> {
    let claims = result.claims.iter().map(ClaimRow::of).collect();
    let (axes, how_to_read) = axes_drawn(result);
    let content = Content {
        result,
        verdict: result.verdict(),
        rows: rows(result),
        axes,
        how_to_read,
        over_paper: over_paper(result),
        correlation: result.correlations_in_words(),
        curves: cell_curves(result).iter().map(drawn).collect(),
        candidates: result.cells.iter().flat_map(CandidateRow::all).collect(),
        how_tuned: HOW_TUNED,
        validation: VALIDATION,
        claims,
        small_print: SMALL_PRINT,
    };
    write(path, include_str!("../templates/ablation.html"), &content)
}

/// What the template sees.
#[derive(Serialize)]
struct Content<'r> {
    result: &'r AblationResult,
    verdict: String,
    rows: Vec<Row<'r>>,
    axes: Vec<Drawn>,
    how_to_read: &'static str,
    over_paper: Option<Drawn>,
    correlation: String,
    curves: Vec<Drawn>,
    candidates: Vec<CandidateRow<'r>>,
    how_tuned: &'static str,
    validation: &'static str,
    claims: Vec<ClaimRow<'r>>,
    small_print: &'static str,
}

/// A claim with its verdict.
#[derive(Serialize)]
struct ClaimRow<'r> {
    claim: &'r JudgedClaim,
    verdict: String,
    /// The class of its colour.
    colour: &'static str,
}

impl<'r> ClaimRow<'r> {
    fn of(claim: &'r JudgedClaim) -> Self {
        let colour = match claim.verdict {
            Verdict::Holds => "good",
            Verdict::Fails => "bad",
            Verdict::Undecided | Verdict::NotMeant => "muted",
        };
        Self { claim, verdict: claim.verdict_in_words(), colour }
    }
}

/// A candidate of a tuned cell.
#[derive(Serialize)]
struct CandidateRow<'r> {
    cell: String,
    candidate: &'r CandidateResult,
    run: String,
    found: String,
}

impl<'r> CandidateRow<'r> {
    fn all(cell: &'r CellResult) -> impl Iterator<Item = Self> {
        cell.candidates.iter().map(|candidate| Self {
            cell: cell.name(),
            run: candidate.run_name(),
            found: candidate.found(),
            candidate,
        })
    }
}

#[derive(Serialize)]
struct Row<'r> {
    labels: &'r [String],
    ours: String,
    measured: bool,
    seeds: String,
    paper: Option<f64>,
    /// Length of the bars in per cent of the longest.
    our_bar: Option<f64>,
    paper_bar: Option<f64>,
    runs: Vec<String>,
}

fn rows(result: &AblationResult) -> Vec<Row<'_>> {
    let mean = |cell: &CellResult| cell.spread().map(|spread| spread.mean);
    let all = result.cells.iter().flat_map(|cell| [mean(cell), cell.paper]).flatten();
    let longest = all.fold(1.0, f64::max);
    let bar = |value: Option<f64>| value.map(|value| value / longest * 100.0);
    result
        .cells
        .iter()
        .map(|cell| Row {
            labels: &cell.labels,
            ours: cell.ours(),
            measured: cell.spread().is_some(),
            seeds: cell.seeds(),
            paper: cell.paper,
            our_bar: bar(mean(cell)),
            paper_bar: bar(cell.paper),
            runs: cell
                .runs
                .iter()
                .map(|(path, outcome)| {
                    run_line(path, result.score.is_none().then_some(&*cell.score), *outcome)
                })
                .collect(),
        })
        .collect()
}

fn run_line(path: &Path, score: Option<&str>, outcome: Outcome) -> String {
    let score = score.map_or_else(String::new, |score| format!(", {score}"));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!("{name}{score}: {}", outcome.in_words())
}
