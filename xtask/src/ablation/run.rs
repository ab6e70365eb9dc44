//! One run of an ablation, and how far it has come.

use std::path::PathBuf;

use kontrast_config::Cell;
use kontrast_runlog::Status;

/// One cell with one seed.
#[derive(Clone, Debug)]
pub struct Run {
    /// The cell.
    pub cell: Cell,
    /// The candidate of the cell.
    pub candidate: usize,
    /// The seed.
    pub seed: u64,
    /// Its run directory.
    pub folder: PathBuf,
    /// How long it trains.
    pub epochs: u32,
    /// The weights that it begins from, in words, where they are not drawn.
    pub weights: Option<String>,
    /// How far it has come.
    pub state: State,
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing is there.
    New,
    /// It was begun, and goes on from its last checkpoint.
    Begun,
    /// Nothing more is to be done.
    Ended(Status),
}

impl State {
    pub fn in_words(self) -> String {
        match self {
            Self::New => "to do".to_owned(),
            Self::Begun => "goes on".to_owned(),
            Self::Ended(status) => status.to_string(),
        }
    }
}

impl Run {
    /// What its candidate changes beside what the cell does.
    pub fn candidate_changes(&self) -> &[String] {
        &self.cell.candidates[self.candidate]
    }

    /// Whether it is one of the runs of a tuned cell that the best is chosen of.
    pub fn is_first_of_tuned(&self, cell: &[Self]) -> bool {
        self.cell.is_tuned() && self.seed == cell[0].seed
    }

    /// Its cell, and the candidate where there are several.
    pub fn name(&self) -> String {
        match self.candidate_changes() {
            [] => self.cell.name.clone(),
            changes => format!("{}, {}", self.cell.name, changes.join(", ")),
        }
    }

    /// What it changes in the base, as arguments of `--set`.
    pub fn overrides(&self) -> Vec<String> {
        [self.cell.arguments(self.candidate), vec![format!("seed={}", self.seed)]].concat()
    }
}

/// How far the runs of a cell have come.
pub fn states(cell: &[Run]) -> String {
    let (tuning, others): (Vec<&Run>, Vec<_>) = cell.iter().partition(|run| run.is_first_of_tuned(cell));
    let seeds = others.iter().map(|run| format!("seed {} {}", run.seed, run.state.in_words()));
    let seeds = seeds.collect::<Vec<_>>().join(", ");
    if tuning.is_empty() {
        return seeds;
    }
    let ended = tuning.iter().filter(|run| matches!(run.state, State::Ended(_))).count();
    let tuned = format!("tuned with seed {}: {ended} of {} done", cell[0].seed, tuning.len());
    match others.first() {
        Some(run) => format!("{tuned}; best {}: {seeds}", run.candidate_changes().join(", ")),
        None => tuned,
    }
}
