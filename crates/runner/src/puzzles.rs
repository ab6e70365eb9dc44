//! The puzzles of a pretext task: how many are solved, and which are taken for which.

use crate::canvas::save;
use crate::confusion::matrix;
use crate::judged::Judged;
use crate::puzzle_sheet::sheet;
use crate::say;
use crate::stage::Stage;
use kontrast_methods::{Method, Progress, Solved};
use kontrast_runlog::Puzzle;
use std::path::Path;
use tch::{Kind, Tensor};

/// The most letters of an answer in a picture; longer ones are called by their numbers.
const LETTERS: usize = 16;

/// Sets the method's puzzles of the test images, or of the training images where there is no test split, counts what is
/// solved, and draws some of them and the confusion matrix. None for a method that sets no puzzles.
pub(crate) fn solved(stage: &Stage, method: &dyn Method, figures: &Path) -> anyhow::Result<Option<Puzzle>> {
    let Some(view) = stage.experiment.method.puzzle_view() else { return Ok(None) };
    let judged = Judged::new(stage, view);
    let epochs = stage.experiment.train.epochs;
    // Draws of an epoch that training never sees.
    let progress = Progress { step: 0, steps: 1, epoch: epochs, epochs };
    let (mut confusion, mut shown) = (None::<Tensor>, None::<Solved>);
    for views in judged.all() {
        let Some(solved) = method.solve(&views?, progress) else { return Ok(None) };
        let counts = counted(&solved);
        confusion = Some(confusion.map_or_else(|| counts.shallow_clone(), |sum| sum + &counts));
        shown.get_or_insert(solved);
    }
    let (Some(confusion), Some(shown)) = (confusion, shown) else { return Ok(None) };
    let (puzzles, classes) = (confusion.sum(Kind::Double).double_value(&[]), shown.classes.len());
    let right = confusion.diag(0).sum(Kind::Double).double_value(&[]);
    let puzzle = Puzzle {
        top1: (1e6 * right / puzzles.max(1.0)).round() / 1e4,
        chance: 100.0 / classes as f64,
        puzzles: puzzles as u64,
        classes: classes as u64,
        on_test: judged.on_test,
    };
    say::note(format_args!(
        "puzzles of the {} images: {:.1} % of {} solved, by chance {:.1} %",
        judged.whose(),
        puzzle.top1,
        puzzle.puzzles,
        puzzle.chance
    ));
    let names = names(&shown.classes);
    save(&sheet(&shown, &names, &stage.experiment.data), &figures.join("puzzles.png"))?;
    save(&matrix(&confusion, &names), &figures.join("confusion.png"))?;
    Ok(Some(puzzle))
}

/// How often each class, a row, was taken for each, a column: `[classes, classes]`, i64.
fn counted(solved: &Solved) -> Tensor {
    let classes = solved.classes.len() as i64;
    let cells = (&solved.targets * classes + &solved.found).to_device(tch::Device::Cpu);
    cells.bincount::<Tensor>(None, classes * classes).view([classes, classes])
}

/// What classes are called in pictures: all by their names, or all by their numbers.
fn names(classes: &[String]) -> Vec<String> {
    if classes.iter().all(|name| name.chars().count() <= LETTERS) {
        return classes.to_vec();
    }
    (0..classes.len()).map(|number| format!("no. {number}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_numbers() {
        let long = vec!["0 1 2 3 4 5 6 7 8 9 10 11".to_owned(), "x".to_owned()];
        assert_eq!(names(&long), ["no. 0", "no. 1"]);
        assert_eq!(names(&["a".to_owned()]), ["a"]);
    }
}
