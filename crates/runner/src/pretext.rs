//! The accuracy of a pretext task, and which answers are taken for which.

use crate::canvas::save;
use crate::confusion::matrix;
use crate::log;
use crate::pretext_sheet::sheet;
use crate::session::Session;
use crate::task_images::TaskImages;
use kontrast_config::Task;
use kontrast_methods::{Method, Predictions, Progress};
use kontrast_runlog::Pretext;
use kontrast_runlog::human::percent;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use tch::{Kind, Tensor};

/// The most letters of an answer in a picture; longer ones are called by their numbers.
const LETTERS: usize = 16;
/// The most classes whose confusions are counted, which takes eight bytes for each two of them: as many as the largest
/// algebraic set of permutations has.
const MOST_CLASSES: i64 = 1512;

/// Measures the accuracy of the method's pretext task on the test images, or on the training images where there is no
/// test split, and draws some predictions and the confusion matrix. Exemplars are looked for in views of the training
/// images. None for a method without a pretext task.
pub(crate) fn accuracy(
    session: &Session,
    method: &Method,
    figures: &Path,
    interrupt: &AtomicBool,
) -> anyhow::Result<Option<Pretext>> {
    let has_one = |task: &Task| task.info.pretext.is_some();
    let Some(task) = session.experiment.method.tasks().into_iter().find(has_one) else { return Ok(None) };
    let (view, pretext) = (task.first_view(), task.info.pretext);
    let of_images = pretext.is_some_and(|pretext| pretext.of_training_images);
    let asked =
        if of_images { TaskImages::drawn_anew(session, view) } else { TaskImages::new(session, view) };
    let epochs = session.experiment.train.epochs;
    // Draws of an epoch that training never sees.
    let progress = Progress { step: 0, steps: 1, epoch: epochs, epochs };
    let (mut count, mut shown) = (Count::default(), None::<Predictions>);
    for views in asked.all(interrupt) {
        let Some(predictions) = method.predict(&views?, progress) else { return Ok(None) };
        count.add(&predictions);
        shown.get_or_insert(predictions);
    }
    let Some(mut shown) = shown else { return Ok(None) };
    let classes = shown.classes.len() as u64;
    let pretext = Pretext {
        top1: (1e6 * count.right as f64 / count.predictions.max(1) as f64).round() / 1e4,
        chance: 100.0 / classes as f64,
        count: count.predictions,
        classes,
        on_test: asked.on_test,
    };
    log::note(format_args!(
        "pretext accuracy on the {} images: {} of {} predictions, by chance {}",
        asked.whose(),
        percent(pretext.top1),
        pretext.count,
        percent(pretext.chance)
    ));
    if of_images {
        beside_what_was_found(&mut shown, &TaskImages::trained_on(session, view))?;
    }
    let names = names(&shown.classes);
    save(&sheet(&shown, &names, &session.to_tensor()), &figures.join("pretext.png"))?;
    // Which image was taken for which the sheet shows; their numbers are uninformative.
    if let Some(confusion) = count.confusion.filter(|_| !of_images) {
        save(&matrix(&confusion, &names), &figures.join("confusion.png"))?;
    }
    Ok(Some(pretext))
}

/// What was answered so far.
#[derive(Default)]
struct Count {
    predictions: u64,
    right: u64,
    /// How often each class, a row, was taken for each, a column: `[classes, classes]`, i64.
    confusion: Option<Tensor>,
}

impl Count {
    fn add(&mut self, predictions: &Predictions) {
        let right = predictions.targets.eq_tensor(&predictions.found).sum(Kind::Int64);
        self.predictions += predictions.targets.numel() as u64;
        self.right += right.int64_value(&[]) as u64;
        let classes = predictions.classes.len() as i64;
        if classes > MOST_CLASSES {
            return;
        }
        let cells = (&predictions.targets * classes + &predictions.found).to_device(tch::Device::Cpu);
        let counts = cells.bincount::<Tensor>(None, classes * classes).view([classes, classes]);
        self.confusion =
            Some(self.confusion.as_ref().map_or_else(|| counts.shallow_clone(), |sum| sum + &counts));
    }
}

/// Puts the image that was found, undistorted, to the right of each view.
fn beside_what_was_found(shown: &mut Predictions, images: &TaskImages<'_>) -> anyhow::Result<()> {
    let found: Vec<i64> = Vec::try_from(shown.found.to_device(tch::Device::Cpu))?;
    let found: Vec<_> = found.into_iter().map(|image| image as u32).collect();
    let found = images.some(&found)?.view(0).to_kind(shown.pictures.kind());
    shown.pictures = Tensor::cat(&[&shown.pictures, &found], 3);
    shown.tiles = (1, 2);
    Ok(())
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
