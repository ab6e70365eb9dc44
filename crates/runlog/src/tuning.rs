//! Which of several runs is taken, by what each reached where its settings were chosen.

use std::path::Path;

use crate::read_summary;

/// What can be said of runs of which the best is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tuning {
    /// One of them has not ended, or was stopped by an error.
    Waits,
    /// The place of the best.
    Best(usize),
    /// All have ended and none has such a score.
    NoneScored,
}

impl Tuning {
    /// Reads the runs. The best has the highest top-1 on validation images, the first of several; a run that collapsed has
    /// its score.
    pub fn of<'r>(runs: impl IntoIterator<Item = &'r Path>, score: &str) -> Self {
        let mut best: Option<(usize, f64)> = None;
        for (place, run) in runs.into_iter().enumerate() {
            let Some(summary) = read_summary(run).ok().filter(|summary| summary.status.is_final()) else {
                return Self::Waits;
            };
            let top1 = summary.eval.trained.get(score).and_then(|score| score.validation_top1);
            if let Some(top1) = top1
                && best.is_none_or(|(_, highest)| top1 > highest)
            {
                best = Some((place, top1));
            }
        }
        best.map_or(Self::NoneScored, |(place, _)| Self::Best(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RunDir, Score, Status, Summary};

    /// The choice among runs of these, each with its top-1 on validation images.
    fn of(runs: &[Option<(Status, Option<f64>)>]) -> Tuning {
        let folder = tempfile::tempdir().unwrap();
        let paths: Vec<_> = (0..runs.len()).map(|place| folder.path().join(place.to_string())).collect();
        for (path, run) in paths.iter().zip(runs) {
            let Some((status, top1)) = *run else { continue };
            let mut summary = Summary { status, ..Summary::default() };
            if let Some(top1) = top1 {
                // The test images would choose otherwise.
                let score = Score { top1: -top1, validation_top1: Some(top1), ..Score::default() };
                summary.eval.trained.insert("linear".to_owned(), score);
            }
            RunDir::acquire(path).unwrap().write_summary(&summary).unwrap();
        }
        Tuning::of(paths.iter().map(|path| &**path), "linear")
    }

    #[test]
    fn the_best_on_validation_images_is_taken_once_all_have_ended() {
        let finished = |top1| Some((Status::Finished, Some(top1)));
        let collapsed = |top1| Some((Status::Collapsed, Some(top1)));
        let diverged = Some((Status::Diverged, None));
        for (runs, expected) in [
            (&[finished(30.0), finished(40.0), finished(40.0)][..], Tuning::Best(1)),
            (&[diverged, collapsed(10.0), finished(9.0)], Tuning::Best(1)),
            (&[finished(30.0), None], Tuning::Waits),
            (&[finished(30.0), Some((Status::Failed, None))], Tuning::Waits),
            (&[finished(30.0), Some((Status::Interrupted, None))], Tuning::Waits),
            (&[diverged, diverged], Tuning::NoneScored),
        ] {
            assert_eq!(of(runs), expected, "{runs:?}");
        }
    }
}
