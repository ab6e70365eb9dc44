//! What an ablation asks for: a run a cell and seed, and how far each has come. A tuned cell has a run a candidate with the
//! first seed, and the best of them is run with the others.

use std::fmt::Write;
use std::path::Path;

use anyhow::Result;
use kontrast_config::{Ablation, Cell, Loaded, Weights};
use kontrast_runlog::{RunDir, Status, Tuning, human, read_summary};

use super::run::{Run, State, states};
use crate::Refusal;
use kontrast_runlog::human::quoted;

/// All runs of an ablation, or of some of its cells.
#[derive(Clone, Debug)]
pub struct Plan {
    /// In the order of the file, a cell's runs side by side.
    pub runs: Vec<Run>,
    /// The epochs of each run that there will be once tuned cells have their best candidate.
    pub waiting: Vec<u32>,
    /// Cells that are of a run of another, with its name.
    shared: Vec<(Cell, String)>,
    /// Of the runs that are finished.
    finished: Took,
}

/// What some runs took together.
#[derive(Clone, Copy, Debug, Default)]
struct Took {
    seconds: f64,
    epochs: u32,
}

impl Plan {
    /// Expands an ablation to cells and seeds; `only` names cells, none of them all.
    pub fn new(ablation: &Ablation, out: &Path, only: &[String]) -> Result<Self> {
        let mut plan =
            Self { runs: Vec::new(), waiting: Vec::new(), shared: Vec::new(), finished: Took::default() };
        let (first, others) = ablation.seeds.split_first().expect("a loaded ablation has a seed");
        for (cell, loaded) in chosen(ablation, only)? {
            for candidate in 0..loaded.len() {
                plan.add(&cell, loaded, candidate, *first, out);
            }
            let of_cell = |run: &&Run| run.seed == *first && run.cell.overrides == cell.overrides;
            let runs: Vec<_> = plan.runs.iter().filter(of_cell).cloned().collect();
            let best = if cell.is_tuned() {
                Tuning::of(runs.iter().map(|run| &*run.folder), &cell.score)
            } else {
                Tuning::Best(0)
            };
            match best {
                Tuning::Best(best) => {
                    for &seed in others {
                        plan.add(&cell, loaded, best, seed, out);
                    }
                }
                Tuning::Waits => {
                    let longest = runs.iter().map(|run| run.epochs).max().unwrap_or(0);
                    plan.waiting.extend(others.iter().map(|_| longest));
                }
                Tuning::NoneScored => {}
            }
        }
        Ok(plan)
    }

    fn add(&mut self, cell: &Cell, loaded: &[Loaded], candidate: usize, seed: u64, out: &Path) {
        let Loaded { experiment, digest, .. } = &loaded[candidate];
        let epochs = experiment.train.epochs;
        let folder = RunDir::path_for(out, &experiment.name, digest, seed);
        let summary = read_summary(&folder).ok();
        let state = match &summary {
            Some(summary) if summary.status.is_final() => State::Ended(summary.status),
            _ if folder.exists() => State::Begun,
            _ => State::New,
        };
        if let (State::Ended(Status::Finished), Some(summary)) = (state, summary) {
            self.finished.seconds += summary.wall_seconds;
            self.finished.epochs += epochs;
        }
        // Another cell may be of the same run, with another score.
        if let Some(run) = self.runs.iter().find(|run| run.folder == folder) {
            if self.shared.last().is_none_or(|(known, _)| known.name != cell.name) {
                self.shared.push((cell.clone(), run.cell.name.clone()));
            }
            return;
        }
        let weights = experiment.encoder.weights().map(Weights::in_words);
        self.runs.push(Run { cell: cell.clone(), candidate, seed, folder, epochs, weights, state });
    }

    /// The exit codes of what has ended already.
    pub fn codes(&self) -> Vec<u8> {
        let codes = self.runs.iter().map(|run| match run.state {
            State::Ended(status) => status.exit_code(),
            _ => 0,
        });
        codes.collect()
    }

    /// Runs that are to be done.
    pub fn left(&self) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(|run| !matches!(run.state, State::Ended(_)))
    }

    /// The plan in words: every cell with what it changes, and how long the rest will take, so many at a time, where that is
    /// asked.
    pub fn describe(&self, jobs: Option<usize>) -> String {
        let mut text = String::new();
        for cell in self.runs.chunk_by(|one, next| one.cell.name == next.cell.name) {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{}", cell[0].cell.name);
            for change in &cell[0].cell.overrides {
                let _ = writeln!(text, "    --set {}", quoted(change));
            }
            if let Some(weights) = &cell[0].weights {
                let _ = writeln!(text, "    from {weights}");
            }
            if let Some(paper) = cell[0].cell.paper {
                let _ = writeln!(text, "    paper: {paper:.1} %");
            }
            for (other, _) in self.shared.iter().filter(|(_, of)| *of == cell[0].cell.name) {
                let paper = other.paper.map_or_else(String::new, |paper| format!("; paper: {paper:.1} %"));
                let _ = writeln!(text, "    also {}: {}{paper}", other.name, other.score);
            }
            for run in cell.iter().filter(|run| run.is_first_of_tuned(cell)) {
                let changes: Vec<_> = run.candidate_changes().iter().map(|change| quoted(change)).collect();
                let (changes, state) = (changes.join(" --set "), run.state.in_words());
                let _ = writeln!(text, "    tuned: --set {changes}: {state}");
            }
            let _ = writeln!(text, "    {}", states(cell));
        }
        if let Some(jobs) = jobs {
            let _ = writeln!(text, "{}", self.estimate(jobs));
        }
        text
    }

    /// A line for each cell: its name and how far its runs have come.
    pub fn list(&self) -> String {
        let names =
            self.runs.iter().map(|run| &run.cell.name).chain(self.shared.iter().map(|(cell, _)| &cell.name));
        let width = names.map(String::len).max().unwrap_or(0);
        let cells = self.runs.chunk_by(|one, next| one.cell.name == next.cell.name);
        let mut lines = Vec::new();
        for cell in cells {
            let name = &cell[0].cell.name;
            lines.push(format!("{name:width$}  {}", states(cell)));
            let others = self.shared.iter().filter(|(_, of)| of == name);
            lines.extend(others.map(|(other, _)| format!("{:width$}  of the same run", other.name)));
        }
        lines.join("\n") + "\n"
    }

    /// How long the rest takes, going by what is finished.
    fn estimate(&self, jobs: usize) -> String {
        let (left, Took { seconds, epochs }) = (self.epochs_left(), self.finished);
        match (left, epochs) {
            (0, _) => self.counted(),
            (_, 0) => self.counted() + "; --measure says how long that takes",
            _ => self.takes(seconds * f64::from(left) / f64::from(epochs), jobs),
        }
    }

    /// Whether no run is finished that tells how long the others take.
    pub fn is_unknown(&self) -> bool {
        self.finished.epochs == 0
    }

    /// Epochs of all runs that are to be done.
    pub fn epochs_left(&self) -> u32 {
        self.left().map(|run| run.epochs).chain(self.waiting.iter().copied()).sum()
    }

    /// How many runs are to be done, and how long they take in all.
    pub fn takes(&self, seconds: f64, jobs: usize) -> String {
        // Several at a time share the cores, so they are no quicker in sum.
        let together = if jobs > 1 { " (one at a time)" } else { "" };
        format!("{}; about {}{together}", self.counted(), human::seconds(seconds))
    }

    /// How many runs are to be done, and how long each trains.
    fn counted(&self) -> String {
        let (all, left) = (self.runs.len(), self.left().count());
        let waiting = self.waiting.len();
        let epochs = || self.runs.iter().map(|run| run.epochs);
        let (least, most) = (epochs().min().unwrap_or(0), epochs().max().unwrap_or(0));
        let range = if least == most { String::new() } else { format!("{least} to ") };
        let most = human::counted(most.into(), "epoch");
        format!("{} of {} runs to do, {range}{most} each", left + waiting, all + waiting)
    }
}

/// The cells that are named: by their whole name, by their labels, or by a label of one axis as `AXIS=LABEL`.
fn chosen<'a>(ablation: &'a Ablation, only: &[String]) -> Result<Vec<(Cell, &'a [Loaded])>> {
    let prefix = format!("{}-", ablation.name);
    let fits = |cell: &Cell, wanted: &str| {
        let mut labelled = ablation.axes.iter().zip(&cell.labels);
        cell.name == wanted
            || cell.name.strip_prefix(&prefix) == Some(wanted)
            || cell.labels.join("-") == wanted
            || labelled.any(|(axis, label)| wanted.split_once('=') == Some((&axis.name, label)))
    };
    let cells: Vec<_> = ablation.loaded_cells().collect();
    if let Some(unknown) = only.iter().find(|wanted| !cells.iter().any(|(cell, _)| fits(cell, wanted))) {
        let known: Vec<_> = cells.iter().map(|(cell, _)| cell.name.trim_start_matches(&prefix)).collect();
        let axes: Vec<_> = ablation.axes.iter().map(|axis| format!("{}=LABEL", axis.name)).collect();
        let message = format!(
            "--only {unknown}: no such cell; there are {}; several at once are {}",
            known.join(", "),
            axes.join(", ")
        );
        return Err(Refusal(message).into());
    }
    let wanted = |(cell, _): &(Cell, _)| only.is_empty() || only.iter().any(|wanted| fits(cell, wanted));
    Ok(cells.into_iter().filter(wanted).collect())
}

#[cfg(test)]
mod tests {
    use kontrast_runlog::{Score, Summary};

    use super::*;
    use crate::workspace;

    fn ablation(folder: &Path) -> Ablation {
        let base = workspace::root().join("configs/smoke/simclr.toml");
        let text = format!(
            "name = \"heads\"\npaper = \"figure 8\"\nbase = {base:?}\nseeds = [0, 1]\nscore = \"knn\"\n\
             [[axis]]\nname = \"head\"\n\
             [[axis.value]]\nlabel = \"none\"\nset = {{ \"method.simclr.projector.widths\" = [] }}\n\
             [[axis.value]]\nlabel = \"non linear\"\nset = {{ \"method.simclr.projector.widths\" = [64, 32] }}\n"
        );
        let file = folder.join("heads.toml");
        std::fs::write(&file, text).unwrap();
        Ablation::load(&file, None).unwrap()
    }

    fn write(folder: &Path, status: Status, wall_seconds: f64) {
        let summary = Summary { status, wall_seconds, ..Summary::default() };
        RunDir::acquire(folder).unwrap().write_summary(&summary).unwrap();
    }

    #[test]
    fn every_cell_runs_with_every_seed() {
        let folder = tempfile::tempdir().unwrap();
        let plan = Plan::new(&ablation(folder.path()), folder.path(), &[]).unwrap();
        let runs: Vec<_> =
            plan.runs.iter().map(|run| (run.cell.name.as_str(), run.seed, run.state)).collect();
        assert_eq!(
            runs,
            [
                ("heads-none", 0, State::New),
                ("heads-none", 1, State::New),
                ("heads-non-linear", 0, State::New),
                ("heads-non-linear", 1, State::New),
            ]
        );
    }

    #[test]
    fn what_has_ended_is_skipped_and_what_was_begun_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let ablation = ablation(folder.path());
        let plan = Plan::new(&ablation, folder.path(), &[]).unwrap();
        for (run, status) in plan.runs.iter().zip([Status::Finished, Status::Collapsed, Status::Interrupted])
        {
            write(&run.folder, status, 60.0);
        }
        let plan = Plan::new(&ablation, folder.path(), &[]).unwrap();
        let states: Vec<_> = plan.runs.iter().map(|run| run.state).collect();
        let ended = State::Ended;
        assert_eq!(states, [ended(Status::Finished), ended(Status::Collapsed), State::Begun, State::New]);
        assert_eq!(plan.left().count(), 2);
        assert_eq!(plan.codes(), [0, 3, 0, 0]);
        assert!(plan.describe(Some(1)).ends_with("2 of 4 runs to do, 3 epochs each; about 2 min 00 s\n"));
    }

    #[test]
    fn a_cell_is_named_by_its_labels() {
        let folder = tempfile::tempdir().unwrap();
        let ablation = ablation(folder.path());
        for name in ["heads-non-linear", "non-linear", "non linear", "head=non linear"] {
            let plan = Plan::new(&ablation, folder.path(), &[name.to_owned()]).unwrap();
            assert_eq!(plan.runs.len(), 2, "{name}");
        }
        let error = Plan::new(&ablation, folder.path(), &["mlp".to_owned()]).unwrap_err();
        assert!(error.is::<Refusal>());
        assert_eq!(
            error.to_string(),
            "--only mlp: no such cell; there are none, non-linear; several at once are head=LABEL"
        );
    }

    #[test]
    fn a_tuned_cell_runs_its_candidates_first_and_then_the_best_with_the_other_seeds() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("heads.toml");
        ablation(folder.path());
        let text = std::fs::read_to_string(&file).unwrap();
        let fixed = "set = { \"method.simclr.projector.widths\" = [64, 32] }";
        std::fs::write(&file, text.replace(fixed, "tune = { \"train.epochs\" = [2, 4, 5] }")).unwrap();
        let ablation = Ablation::load(&file, None).unwrap();
        let plan = || Plan::new(&ablation, folder.path(), &["non-linear".to_owned()]).unwrap();
        let runs = |plan: &Plan| plan.runs.iter().map(|run| (run.candidate, run.seed)).collect::<Vec<_>>();
        let before = plan();
        assert_eq!((runs(&before), &*before.waiting), (vec![(0, 0), (1, 0), (2, 0)], &[5][..]));
        assert!(
            before.describe(Some(1)).contains("    tuned: --set train.epochs=4: to do\n"),
            "{}",
            before.describe(Some(1))
        );
        let counted = "4 of 4 runs to do, 2 to 5 epochs each";
        assert!(before.describe(Some(1)).contains(counted), "{}", before.describe(Some(1)));
        assert_eq!(before.epochs_left(), 2 + 4 + 5 + 5);
        for (run, top1) in before.runs.iter().zip([30.0, 40.0, 35.0]) {
            let score = Score { validation_top1: Some(top1), ..Score::default() };
            let mut summary = Summary { status: Status::Finished, ..Summary::default() };
            summary.eval.trained.insert("knn".to_owned(), score);
            RunDir::acquire(&run.folder).unwrap().write_summary(&summary).unwrap();
        }
        let after = plan();
        assert_eq!((runs(&after), after.waiting.clone()), (vec![(0, 0), (1, 0), (2, 0), (1, 1)], vec![]));
        assert_eq!(after.left().count(), 1);
        let overrides = after.runs[3].overrides();
        assert_eq!(overrides[overrides.len() - 2..], ["train.epochs=4", "seed=1"]);
        let expected =
            "heads-non-linear  tuned with seed 0: 3 of 3 done; best train.epochs=4: seed 1 to do\n";
        assert_eq!(after.list(), expected);
    }

    #[test]
    fn a_list_has_a_line_a_cell() {
        let folder = tempfile::tempdir().unwrap();
        let ablation = ablation(folder.path());
        let plan = Plan::new(&ablation, folder.path(), &[]).unwrap();
        write(&plan.runs[1].folder, Status::Finished, 60.0);
        let expected = "heads-none        seed 0 to do, seed 1 finished\n\
                        heads-non-linear  seed 0 to do, seed 1 to do\n";
        assert_eq!(Plan::new(&ablation, folder.path(), &[]).unwrap().list(), expected);
    }

    #[test]
    fn the_plan_says_what_each_cell_changes() {
        let folder = tempfile::tempdir().unwrap();
        let text = Plan::new(&ablation(folder.path()), folder.path(), &["none".to_owned()])
            .unwrap()
            .describe(Some(1));
        let expected = "heads-none\n    --set 'method.simclr.projector.widths=[]'\n    --set 'name=\"heads-none\"'\n    \
                        seed 0 to do, seed 1 to do\n2 of 2 runs to do, 3 epochs each; --measure says how \
                        long that takes\n";
        assert_eq!(text, expected);
    }
}
