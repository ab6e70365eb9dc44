//! The accuracy of a pretext task as the log says it and as pictures show it.

use crate::canvas::save;
use crate::confusion::matrix;
use crate::pretext_sheet::sheet;
use crate::session::Session;
use crate::task_images;
use kontrast_config::Task;
use kontrast_eval::{PretextAccuracy, TaskImages, pretext_accuracy};
use kontrast_methods::{Method, Predictions, Progress};
use kontrast_runlog::Pretext;
use kontrast_runlog::human::percent;
use std::path::Path;
use tch::Tensor;

/// The most letters of an answer in a picture; longer ones are called by their numbers.
const LETTERS: usize = 16;

/// Measures the accuracy of the method's pretext task on the test images, or on the training images where there is no
/// test split, and draws some predictions and the confusion matrix. Exemplars are looked for in views of the training
/// images. None for a method without a pretext task.
pub(crate) fn accuracy(
    session: &Session<'_>,
    method: &Method,
    figures: &Path,
) -> anyhow::Result<Option<Pretext>> {
    let has_one = |task: &Task| task.info.pretext.is_some();
    let Some(task) = session.experiment.method.tasks().into_iter().find(has_one) else { return Ok(None) };
    let (view, pretext) = (task.first_view(), task.info.pretext);
    let of_images = pretext.is_some_and(|pretext| pretext.of_training_images);
    let asked = if of_images {
        task_images::drawn_anew(session, view)
    } else {
        task_images::undistorted(session, view)
    };
    let epochs = session.experiment.train.epochs;
    // Draws of an epoch that training never sees.
    let progress = Progress { step: 0, steps: 1, epoch: epochs, epochs };
    let found = pretext_accuracy(method, &asked, progress, &session.stop)?;
    let Some(PretextAccuracy { accuracy, mut shown, confusion }) = found else { return Ok(None) };
    session.host.note(&format_args!(
        "pretext accuracy on the {} images: {} of {} predictions, by chance {}",
        asked.split(),
        percent(accuracy.top1),
        accuracy.count,
        percent(accuracy.chance)
    ));
    if of_images {
        beside_what_was_found(&mut shown, &task_images::trained_on(session, view))?;
    }
    let names = names(&shown.classes);
    save(&sheet(&shown, &names, &session.to_tensor()), &figures.join("pretext.png"))?;
    // Which image was taken for which the sheet shows; their numbers are uninformative.
    if let Some(confusion) = confusion.filter(|_| !of_images) {
        save(&matrix(&confusion, &names), &figures.join("confusion.png"))?;
    }
    Ok(Some(accuracy))
}

/// Puts the image that was found, undistorted, to the right of each view.
fn beside_what_was_found(shown: &mut Predictions, images: &TaskImages) -> anyhow::Result<()> {
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
