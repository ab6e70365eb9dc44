//! What a protocol found: metrics, the settings they were found with, and the prediction for each image.

use crate::{Protocol, Subject};
use kontrast_runlog::{Measure, Score, SettingValue};
use std::collections::BTreeMap;
use std::fmt;
use tch::{Device, Kind, Tensor};

/// Classes of a data set with fewer have no top-5.
const LEAST_FOR_TOP5: i64 = 10;

/// Metrics that a score has keys of its own for.
const OF_CLASSES: [&str; 3] = ["top1", "top5", "mean_per_class"];

/// One number.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// `top1`, `top5`, `mean_per_class`; `nmi`, `recall_at_1`.
    pub name: String,
    /// The mean over draws, where there are several.
    pub value: f64,
    /// Standard deviation over draws, where there are several.
    pub std: Option<f64>,
    /// What it is counted in.
    pub unit: &'static str,
    /// Whether more is better.
    pub higher_is_better: bool,
    /// The same of each class, where the protocol has it.
    pub by_class: Vec<f64>,
}

impl Metric {
    /// A fraction by draw, of 0 to 1, in per cent; more is better.
    pub fn per_cent(name: impl Into<String>, by_draw: &[f64]) -> Self {
        let count = by_draw.len() as f64;
        let mean = by_draw.iter().sum::<f64>() / count;
        let squares: f64 = by_draw.iter().map(|fraction| (fraction - mean).powi(2)).sum();
        Self {
            name: name.into(),
            value: 100.0 * mean,
            std: (by_draw.len() > 1).then(|| 100.0 * (squares / (count - 1.0)).sqrt()),
            unit: "%",
            higher_is_better: true,
            by_class: Vec::new(),
        }
    }

    /// The same with the fraction of each class, in per cent too.
    #[must_use]
    pub fn with_classes(self, fractions: &[f64]) -> Self {
        Self { by_class: fractions.iter().map(|fraction| 100.0 * fraction).collect(), ..self }
    }
}

/// One score of a protocol.
#[derive(Debug)]
pub struct Report {
    /// The protocol.
    pub protocol: &'static str,
    /// The name that the score has in `summary.json`: the protocol's, or that with a setting behind it.
    pub name: String,
    /// The protocol's version.
    pub version: u32,
    /// The data set that was scored on.
    pub dataset: String,
    /// What was measured on the test set, the most telling first.
    pub metrics: Vec<Metric>,
    /// The settings it was measured with: chosen on a split of the training set, or fixed.
    pub chosen: BTreeMap<&'static str, SettingValue>,
    /// Top-1 by these settings on the part of the training images on which they were chosen, in per cent.
    pub validation_top1: Option<f64>,
    /// The class of each test image, -1 where no class has a finite score: `[draws, n]`, i64, on the CPU. One draw where
    /// the protocol draws nothing; none where it gives images no class.
    pub predictions: Option<Tensor>,
    /// Positions of the training images whose labels were learned from, `[draws, labels]`, i64, on the CPU, where the
    /// protocol draws them.
    pub labelled: Option<Tensor>,
    /// The clusters of the first draw, where the protocol makes such.
    pub clusters: Vec<Cluster>,
}

/// A cluster of training images, and the test images that lie in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// The class that the assignment gives it.
    pub class: Option<usize>,
    /// Test images in it.
    pub images: usize,
    /// How many of these are of the class.
    pub of_class: usize,
    /// Positions of the test images that are nearest to its centre, the nearest first.
    pub nearest: Vec<u32>,
}

impl Clone for Report {
    /// Predictions and labelled images are the same tensors, not copies.
    fn clone(&self) -> Self {
        let same = |tensor: &Option<Tensor>| tensor.as_ref().map(Tensor::shallow_clone);
        Self {
            protocol: self.protocol,
            name: self.name.clone(),
            version: self.version,
            dataset: self.dataset.clone(),
            metrics: self.metrics.clone(),
            chosen: self.chosen.clone(),
            validation_top1: self.validation_top1,
            predictions: same(&self.predictions),
            labelled: same(&self.labelled),
            clusters: self.clusters.clone(),
        }
    }
}

impl Report {
    /// A report of metrics that are no accuracy of classes.
    pub fn of_metrics(protocol: &dyn Protocol, subject: &Subject<'_>, metrics: Vec<Metric>) -> Self {
        Self {
            protocol: protocol.name(),
            name: protocol.name().to_owned(),
            version: protocol.version(),
            dataset: subject.dataset().to_owned(),
            metrics,
            chosen: BTreeMap::new(),
            validation_top1: None,
            predictions: None,
            labelled: None,
            clusters: Vec::new(),
        }
    }

    /// The report of a classification: top-1 and mean-per-class accuracy.
    ///
    /// # Shapes
    /// - `predictions`: `[n]`, or `[draws, n]`
    pub fn of_classes(protocol: &dyn Protocol, subject: &Subject<'_>, predictions: &Tensor) -> Self {
        let predictions =
            if predictions.dim() == 1 { predictions.unsqueeze(0) } else { predictions.shallow_clone() };
        let labels = subject.test().labels();
        let hits = predictions.eq_tensor(labels).to_kind(Kind::Double);
        let top1 = accuracy("top1", &hits.mean_dim([1i64].as_slice(), false, Kind::Double));
        let per_class = accuracy("mean_per_class", &mean_per_class(&hits, labels, subject.classes()));
        Self::of_metrics(protocol, subject, vec![top1, per_class]).with_predictions(&predictions)
    }

    /// The same with top-5, where there are classes enough.
    ///
    /// # Shapes
    /// - `scores`: `[n, classes]`
    #[must_use]
    pub fn with_top5(mut self, scores: &Tensor, subject: &Subject<'_>) -> Self {
        if subject.classes() >= LEAST_FOR_TOP5 {
            let fraction = per_cent(scores, subject.test().labels(), 5) / 100.0;
            self.metrics.insert(1, Metric::per_cent("top5", &[fraction]));
        }
        self
    }

    /// The same with the expected calibration error of class probabilities.
    ///
    /// # Shapes
    /// - `logits`: `[n, classes]`, whose softmax are the probabilities
    #[must_use]
    pub fn with_calibration(mut self, logits: &Tensor, subject: &Subject<'_>) -> Self {
        let error = calibration_error(&logits.softmax(-1, Kind::Double), subject.test().labels());
        let metric = Metric::per_cent("calibration_error", &[error]);
        self.metrics.push(Metric { higher_is_better: false, ..metric });
        self
    }

    /// The same with the class of each test image.
    ///
    /// # Shapes
    /// - `predictions`: `[draws, n]`
    #[must_use]
    pub fn with_predictions(self, predictions: &Tensor) -> Self {
        Self { predictions: Some(predictions.to_device(Device::Cpu)), ..self }
    }

    /// The same with the training images whose labels were learned from in each draw, as many in each.
    #[must_use]
    pub fn with_labelled(self, draws: &[Vec<u32>]) -> Self {
        let rows: Vec<Tensor> = draws
            .iter()
            .map(|draw| Tensor::from_slice(&draw.iter().map(|&at| i64::from(at)).collect::<Vec<_>>()))
            .collect();
        Self { labelled: Some(Tensor::stack(&rows, 0)), ..self }
    }

    /// The same under another name.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// The same with one more setting.
    #[must_use]
    pub fn with(mut self, name: &'static str, setting: impl Into<SettingValue>) -> Self {
        self.chosen.insert(name, setting.into());
        self
    }

    /// The same with what its settings reached where they were chosen, in per cent; nothing where none were.
    #[must_use]
    pub fn validated(self, top1: Option<f64>) -> Self {
        Self { validation_top1: top1, ..self }
    }

    /// A metric by its name.
    pub fn metric(&self, name: &str) -> Option<&Metric> {
        self.metrics.iter().find(|metric| metric.name == name)
    }

    /// Top-1 accuracy, in per cent to four decimals; NaN where images get no class.
    pub fn top1(&self) -> f64 {
        self.score().top1
    }

    /// As `summary.json` has it, numbers to four decimals.
    pub fn score(&self) -> Score {
        let value = |name| self.metric(name).map(|metric| metric.value);
        let others = self.metrics.iter().filter(|metric| !OF_CLASSES.contains(&&*metric.name));
        let score = Score {
            top1: value("top1").unwrap_or(f64::NAN),
            top5: value("top5"),
            mean_per_class: value("mean_per_class"),
            validation_top1: self.validation_top1,
            top1_std: self.metric("top1").and_then(|metric| metric.std),
            metrics: others.map(|metric| (metric.name.clone(), metric.into())).collect(),
            version: Some(self.version),
            settings: BTreeMap::new(),
        };
        let chosen = self.chosen.iter();
        chosen.fold(score, |score, (name, setting)| score.with(name, setting.clone())).rounded()
    }
}

impl From<&Metric> for Measure {
    fn from(metric: &Metric) -> Self {
        let Metric { value, std, unit, higher_is_better, by_class, .. } = metric.clone();
        Self { value, std, unit: unit.to_owned(), higher_is_better, by_class }
    }
}

/// In a line: `knn: top1 61.3 %, mean_per_class 61.1 % (k 20, temperature 0.07)`.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let metrics: Vec<_> = self.metrics.iter().map(ToString::to_string).collect();
        let chosen: Vec<_> = self.chosen.iter().map(|(name, setting)| format!("{name} {setting}")).collect();
        write!(f, "{}: {} ({})", self.name, metrics.join(", "), chosen.join(", "))
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let std = self.std.map_or(String::new(), |std| format!(" ± {std:.1}"));
        write!(f, "{} {:.1}{std} {}", self.name, self.value, self.unit)
    }
}

/// An accuracy by draw, `[draws]` of 0 to 1, as a metric in per cent.
fn accuracy(name: &str, by_draw: &Tensor) -> Metric {
    let by_draw = by_draw.to_device(Device::Cpu).to_kind(Kind::Double);
    Metric::per_cent(name, &Vec::<f64>::try_from(by_draw).expect("an accuracy a draw"))
}

/// Expected calibration error: how far the confidence of the predicted class is from the accuracy, over 15 bins of equal
/// width, each weighted by its images (Guo et al. 2017, arXiv 1706.04599, equation 3).
///
/// # Shapes
/// - `probabilities`: `[n, classes]`, `labels`: `[n]`
pub(crate) fn calibration_error(probabilities: &Tensor, labels: &Tensor) -> f64 {
    const BINS: i64 = 15;
    let confidence = probabilities.amax([1i64].as_slice(), false).to_kind(Kind::Double);
    let hits = probabilities.argmax(1, false).eq_tensor(labels).to_kind(Kind::Double);
    // A bin holds its upper bound.
    let bins = (&confidence * BINS as f64).ceil().to_kind(Kind::Int64).clamp(1, BINS) - 1;
    let difference = confidence - hits;
    let sums = Tensor::zeros([BINS], (Kind::Double, difference.device())).index_add(0, &bins, &difference);
    sums.abs().sum(Kind::Double).double_value(&[]) / labels.size()[0] as f64
}

/// Accuracy within each class, averaged over the classes that the labels have.
///
/// # Shapes
/// - `hits`: `[draws, n]`, 0 or 1; `labels`: `[n]`
/// - returns `[draws]`
fn mean_per_class(hits: &Tensor, labels: &Tensor, classes: i64) -> Tensor {
    let count = labels.bincount::<Tensor>(None, classes).to_kind(Kind::Double);
    let there = count.gt(0.0).to_kind(Kind::Double).sum(Kind::Double);
    let of_classes = Tensor::zeros([hits.size()[0], classes], (Kind::Double, hits.device()));
    let of_classes = of_classes.index_add(1, labels, hits) / count.clamp_min(1.0);
    of_classes.sum_dim_intlist([1i64].as_slice(), false, Kind::Double) / there
}

/// The class with the highest score of each row, the first of several; -1 where none is finite.
///
/// # Shapes
/// - `scores`: `[n, classes]`
/// - returns `[n]`
pub fn predicted(scores: &Tensor) -> Tensor {
    // `argmax` gives the first of several equal scores, which `topk` does not promise.
    let (highest, first) = (scores.amax([1i64].as_slice(), false), scores.argmax(1, false));
    first.masked_fill(&highest.isfinite().logical_not(), -1)
}

/// Fraction of rows, per cent, whose label is among the `count` highest of `scores`. A class whose score is not finite
/// is never among them.
///
/// # Shapes
/// - `scores`: `[n, classes]`, `labels`: `[n]`
pub(crate) fn per_cent(scores: &Tensor, labels: &Tensor, count: i64) -> f64 {
    let hits = if count == 1 {
        predicted(scores).eq_tensor(labels)
    } else {
        let (highest, top) = scores.topk(count, 1, true, true);
        top.eq_tensor(&labels.unsqueeze(1)).logical_and(&highest.isfinite()).any_dim(1, false)
    };
    100.0 * hits.to_kind(Kind::Double).mean(Kind::Double).double_value(&[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_scores_that_are_no_numbers_hit_nothing() {
        let labels = Tensor::from_slice(&[0i64, 1, 2]);
        for bad in [f64::NAN, f64::NEG_INFINITY, f64::INFINITY] {
            let scores = Tensor::full([3, 10], bad, (Kind::Float, Device::Cpu));
            assert_eq!((per_cent(&scores, &labels, 1), per_cent(&scores, &labels, 5)), (0.0, 0.0), "{bad}");
            assert_eq!(predicted(&scores), Tensor::full([3], -1, (Kind::Int64, Device::Cpu)), "{bad}");
        }
    }

    #[test]
    fn a_rare_class_counts_as_much_as_a_common_one_and_an_absent_one_not_at_all() {
        let labels = Tensor::from_slice(&[0i64, 0, 0, 0, 2]);
        let hits = Tensor::from_slice(&[1f64, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0]).view([2, 5]);
        assert_eq!(mean_per_class(&hits, &labels, 4), Tensor::from_slice(&[0.5, 0.75]));
    }
}
