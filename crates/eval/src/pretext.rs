//! The accuracy of a pretext task, and which answers are taken for which.

use crate::{EvalError, Stop, TaskImages};
use kontrast_methods::{Method, Predictions};
use kontrast_rng::Progress;
use kontrast_runlog::Pretext;
use tch::{Kind, Tensor};

/// The most classes whose confusions are counted, which takes eight bytes for each two of them: as many as the largest
/// algebraic set of permutations has.
const MOST_CLASSES: i64 = 1512;

/// What a method predicted of its pretext task.
#[derive(Debug)]
pub struct PretextAccuracy {
    /// The accuracy beside chance.
    pub accuracy: Pretext,
    /// The predictions of the first images.
    pub shown: Predictions,
    /// How often each class, a row, was taken for each, a column: `[classes, classes]`, i64. None of very many classes.
    pub confusion: Option<Tensor>,
}

/// Asks the method's pretext task of all images; none for a method without one. `progress` keys what the task draws.
///
/// # Errors
/// Where an image cannot be read, or the caller asked to stop.
pub fn pretext_accuracy(
    method: &Method,
    images: &TaskImages,
    progress: Progress,
    stop: &Stop,
) -> Result<Option<PretextAccuracy>, EvalError> {
    let (mut count, mut shown) = (Count::default(), None::<Predictions>);
    for views in images.all(stop) {
        let Some(predictions) = method.predict(&views?, progress) else { return Ok(None) };
        count.add(&predictions);
        shown.get_or_insert(predictions);
    }
    Ok(shown.map(|shown| {
        let classes = shown.classes.len() as u64;
        let accuracy = Pretext {
            top1: (1e6 * count.right as f64 / count.predictions.max(1) as f64).round() / 1e4,
            chance: 100.0 / classes as f64,
            count: count.predictions,
            classes,
            on_test: images.on_test,
        };
        PretextAccuracy { accuracy, shown, confusion: count.confusion }
    }))
}

/// What was answered so far.
#[derive(Default)]
struct Count {
    predictions: u64,
    right: u64,
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
