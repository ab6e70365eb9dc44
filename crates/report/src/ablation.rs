//! What an ablation found: its cells over seeds, beside the paper's values.

use std::path::{Path, PathBuf};

use kontrast_config::{Ablation, Cell, Group, Loaded};
use kontrast_runlog::{RunDir, Status, read_summary};
use serde::Serialize;

use crate::scores::one_decimal;
use crate::tuned::{self, CandidateResult, tuned_markdown};
use crate::verdict::{JudgedClaim, RankCorrelation, Verdict, claims_markdown, judged};
use crate::{Spread, markdown_table};

/// What an ablation found so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AblationResult {
    /// Name of the ablation.
    pub name: String,
    /// What is reproduced.
    pub paper: String,
    /// What a reader must know.
    pub note: Option<String>,
    /// The score that fills the table; none where each cell has its own.
    pub score: Option<String>,
    /// The scale that it was run at, where the file has such.
    pub scale: Option<String>,
    /// What the paper claims, and what our runs say of it.
    pub claims: Vec<JudgedClaim>,
    /// The command that repeats it.
    pub command: String,
    /// Names of the axes.
    pub axes: Vec<String>,
    /// The labels of each axis, in the order of the file.
    pub labels: Vec<Vec<String>>,
    /// The cells in the order of the file.
    pub cells: Vec<CellResult>,
    /// The groups of the file, each with the places of its cells.
    pub groups: Vec<(String, Vec<usize>)>,
}

/// One cell over its seeds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CellResult {
    /// A label of each axis.
    pub labels: Vec<String>,
    /// The score that fills it.
    pub score: String,
    /// The paper's value in per cent.
    pub paper: Option<f64>,
    /// The run directory of each seed and what came of it.
    pub runs: Vec<(PathBuf, Outcome)>,
    /// What it was tuned over; none where nothing is tuned.
    pub candidates: Vec<CandidateResult>,
}

/// What came of one run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub enum Outcome {
    /// Its score in per cent.
    Top1(f64),
    /// It collapsed, and was scored all the same.
    Collapsed(f64),
    /// It ended without a score.
    Ended(Status),
    /// It has not run, or not to its end.
    NotMeasured,
}

impl AblationResult {
    /// Reads the runs of an ablation below `out`, as far as they exist.
    pub fn collect(ablation: &Ablation, out: &Path, command: &str) -> Self {
        let mut cells = Vec::new();
        for (cell, loaded) in ablation.loaded_cells() {
            let score = &cell.score;
            let (candidates, best) = tuned::candidates(&cell, loaded, (out, score, ablation.seeds[0]));
            let Loaded { experiment, digest, .. } = &loaded[best.unwrap_or(0)];
            let path = |seed| RunDir::path_for(out, &experiment.name, digest, seed);
            // Until the best is known there is no run of the cell.
            let of = |path: &Path| best.map_or(Outcome::NotMeasured, |_| outcome(path, score));
            let runs = ablation.seeds.iter().map(|&seed| {
                let path = path(seed);
                (path.clone(), of(&path))
            });
            let runs = runs.collect();
            let Cell { labels, score, paper, .. } = cell;
            cells.push(CellResult { labels, score, paper, runs, candidates });
        }
        let places = |group: &Group| {
            (0..cells.len()).filter(|&place| group.has(&cells[place].labels)).collect::<Vec<_>>()
        };
        Self {
            groups: ablation.groups.iter().map(|group| (group.name.clone(), places(group))).collect(),
            scale: ablation.at.clone(),
            claims: judged(ablation, &cells),
            name: ablation.name.clone(),
            paper: ablation.paper.clone(),
            note: ablation.note.clone(),
            score: common_score(&cells),
            command: command.to_owned(),
            axes: ablation.axes.iter().map(|axis| axis.name.clone()).collect(),
            labels: ablation
                .axes
                .iter()
                .map(|axis| axis.values.iter().map(|value| value.label.clone()).collect())
                .collect(),
            cells,
        }
    }

    /// The score's name, or words in place of it.
    pub(crate) fn score_in_words(&self) -> &str {
        self.score.as_deref().unwrap_or("a score of each cell's own")
    }

    /// How many pairs of cells the paper orders as we do, and of how many: `None` below one pair.
    pub fn order(&self) -> Option<(usize, usize)> {
        let both: Vec<(f64, f64)> = beside_paper(&self.cells).collect();
        let pairs = (0..both.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
        let kept: Vec<bool> = pairs
            .map(|(i, j)| (both[i].0 - both[j].0, both[i].1 - both[j].1))
            .filter(|(_, paper)| *paper != 0.0)
            .map(|(ours, paper)| ours * paper > 0.0)
            .collect();
        (!kept.is_empty()).then(|| (kept.iter().filter(|agrees| **agrees).count(), kept.len()))
    }

    /// Rank correlations of our cells with the paper's values: of all, and of each group of the file.
    pub(crate) fn correlations(&self) -> Vec<RankCorrelation> {
        let of_group = |(name, places): &(String, Vec<usize>)| {
            let cells: Vec<_> = places.iter().map(|&place| self.cells[place].clone()).collect();
            RankCorrelation::of(Some(name), beside_paper(&cells))
        };
        let all = RankCorrelation::of(None, beside_paper(&self.cells));
        std::iter::once(all).chain(self.groups.iter().map(of_group)).collect()
    }

    /// The same in sentences, each of which has an interval.
    pub(crate) fn correlations_in_words(&self) -> String {
        let sentences: Vec<_> = self.correlations().iter().filter_map(RankCorrelation::in_words).collect();
        sentences.join(" ")
    }

    /// The cell with these labels; none where it is left out.
    pub(crate) fn cell(&self, labels: &[&String]) -> Option<&CellResult> {
        self.cells.iter().find(|cell| cell.labels.iter().eq(labels.iter().copied()))
    }

    /// The order in a sentence, and how many claims hold.
    pub(crate) fn verdict(&self) -> String {
        let all = [self.claims_in_a_sentence(), self.order_in_a_sentence(), self.correlations_in_words()];
        all.into_iter().filter(|sentence| !sentence.is_empty()).collect::<Vec<_>>().join(" ")
    }

    fn claims_in_a_sentence(&self) -> String {
        if self.claims.is_empty() {
            return String::new();
        }
        let count = |verdict| self.claims.iter().filter(|claim| claim.verdict == verdict).count();
        let [holds, fails, undecided, not_meant] =
            [Verdict::Holds, Verdict::Fails, Verdict::Undecided, Verdict::NotMeant].map(count);
        let rest =
            if not_meant == 0 { String::new() } else { format!("; not meant at this scale: {not_meant}") };
        let all = self.claims.len();
        format!("Claims that hold: {holds} of {all}; that fail: {fails}; undecided: {undecided}{rest}.")
    }

    fn order_in_a_sentence(&self) -> String {
        let measured = self.cells.iter().filter(|cell| cell.spread().is_some()).count();
        match self.order() {
            Some((agreeing, pairs)) if agreeing == pairs => {
                let all = if pairs == 1 {
                    "The one pair of cells stands".into()
                } else {
                    format!("All {pairs} pairs of cells stand")
                };
                format!("{all} in the order of the paper.")
            }
            Some((0, 1)) => "The one pair of cells stands against the order of the paper.".to_owned(),
            Some((agreeing, pairs)) => {
                format!("{agreeing} of {pairs} pairs of cells stand in the order of the paper.")
            }
            None => format!("{measured} of {} cells are measured.", self.cells.len()),
        }
    }
}

impl Outcome {
    /// Its score in per cent, and what became of the run where that is more: `12.40, collapsed`.
    pub fn in_words(self) -> String {
        match self {
            Self::Top1(top1) => format!("{top1:.2}"),
            Self::Collapsed(top1) => format!("{top1:.2}, collapsed"),
            Self::Ended(status) => status.to_string(),
            Self::NotMeasured => "not measured".to_owned(),
        }
    }

    /// The score in per cent, where there is one.
    pub(crate) fn score(self) -> Option<f64> {
        match self {
            Self::Top1(top1) | Self::Collapsed(top1) => Some(top1),
            Self::Ended(_) | Self::NotMeasured => None,
        }
    }
}

impl CellResult {
    /// Its labels in one line.
    pub(crate) fn name(&self) -> String {
        self.labels.join(", ")
    }

    /// Mean and std over the seeds that have a score, collapsed ones among them.
    pub fn spread(&self) -> Option<Spread> {
        let scores = self.runs.iter().filter_map(|(_, outcome)| outcome.score());
        Spread::of(&scores.collect::<Vec<_>>())
    }

    /// What the table shows: the spread, else why there is none.
    pub(crate) fn ours(&self) -> String {
        let ended = self.runs.iter().find_map(|(_, outcome)| match outcome {
            Outcome::Ended(status) => Some(status.to_string()),
            _ => None,
        });
        self.spread().map(|s| s.to_string()).or(ended).unwrap_or_else(|| "not measured".to_owned())
    }

    /// The seeds behind it: `3`, or `2 of 3, 1 failed`.
    pub(crate) fn seeds(&self) -> String {
        let (all, scored) = (self.runs.len(), self.spread().map_or(0, |spread| spread.count));
        let ended: Vec<_> = [Status::Failed, Status::Diverged, Status::Collapsed]
            .into_iter()
            .filter_map(|status| {
                let same = self.runs.iter().filter(|(_, outcome)| *outcome == Outcome::Ended(status)).count();
                (same > 0).then(|| format!(", {same} {status}"))
            })
            .collect();
        if scored == all { all.to_string() } else { format!("{scored} of {all}{}", ended.concat()) }
    }
}

/// The table of an ablation with what is reproduced and the command, as Markdown.
pub fn ablation_markdown(result: &AblationResult) -> String {
    let ours = result.score.as_ref().map_or("ours, %".to_owned(), |score| format!("ours, {score} top-1 %"));
    let axes = result.axes.iter().map(String::as_str);
    let headings: Vec<&str> = axes.chain([ours.as_str(), "seeds", "paper"]).collect();
    let rows: Vec<_> = result
        .cells
        .iter()
        .map(|cell| [cell.labels.clone(), vec![cell.ours(), cell.seeds(), one_decimal(cell.paper)]].concat())
        .collect();
    let tuned = result.cells.iter().map(|cell| (cell.name(), &*cell.candidates));
    let tuned = tuned_markdown(tuned);
    let claims = claims_markdown(&result.claims, result.scale.as_deref());
    let note = result.note.as_ref().map_or_else(String::new, |note| format!("{note}\n\n"));
    format!(
        "# {}\n\nReproduced: {}.\n\n{}\n{}\n{tuned}{claims}\n{note}Ours: mean ± standard deviation over seeds.\n\n    {}\n",
        result.name,
        result.paper.trim_end_matches('.'),
        markdown_table(&headings, &rows),
        result.verdict(),
        result.command
    )
}

/// The score of all cells, where they have one.
fn common_score(cells: &[CellResult]) -> Option<String> {
    let (first, others) = cells.split_first()?;
    others.iter().all(|cell| cell.score == first.score).then(|| first.score.clone())
}

/// Our mean and the paper's value, of each cell that has both.
pub(crate) fn beside_paper(cells: &[CellResult]) -> impl Iterator<Item = (f64, f64)> {
    cells.iter().filter_map(|cell| Some((cell.spread()?.mean, cell.paper?)))
}

fn outcome(run: &Path, score: &str) -> Outcome {
    let Ok(summary) = read_summary(run) else { return Outcome::NotMeasured };
    // A collapsed encoder that was scored counts with its score.
    match (summary.status, summary.score(score)) {
        (Status::Finished, Some(score)) => Outcome::Top1(score),
        (Status::Collapsed, Some(score)) => Outcome::Collapsed(score),
        (status @ (Status::Failed | Status::Diverged | Status::Collapsed), _) => Outcome::Ended(status),
        _ => Outcome::NotMeasured,
    }
}
