//! `summary.json`: a promise to scripts. Keys are added, never renamed.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::nan::null_is_nan;
use crate::{Layout, RunlogError, Score, Status};

/// All of a run that a script may ask for. Null stands for what is not there or not yet measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Summary {
    /// How far the run has come, or how it ended.
    pub status: Status,
    /// What to do about a run that did not finish.
    pub hint: Option<String>,
    /// Name of the experiment.
    pub name: String,
    /// Name of the method.
    pub method: String,
    /// The seed.
    pub seed: u64,
    /// Digest of the configuration.
    pub digest: String,
    /// Name of the data set.
    pub dataset: String,
    /// Classes of the training images, where they have labels.
    pub classes: Option<usize>,
    /// Images of the test split, where there is one.
    pub test_images: Option<usize>,
    /// Fingerprint of the images: their names, order, sizes, labels and splits.
    pub images_fingerprint: Option<String>,
    /// Mean and std of the training images, where the file has them measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub normalization: Option<Normalization>,
    /// Images that could not be read and were left out, each with the reason.
    pub skipped_images: Vec<String>,
    /// The file that training began from, where weights were not drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights: Option<StartWeights>,
    /// The command that repeats the run.
    pub command: String,
    /// The device in words.
    pub device: String,
    /// Threads of libtorch.
    pub threads: usize,
    /// Epochs done.
    pub epochs: u32,
    /// Steps done.
    pub steps: u64,
    /// Seconds of training, over resumes.
    pub train_seconds: f64,
    /// Seconds from start to end, over resumes, without building.
    pub wall_seconds: f64,
    /// Images, not views.
    pub images_per_second: Option<f64>,
    /// Fraction of the training time that steps waited for data.
    pub data_wait_percent: Option<f64>,
    /// Peak of the host's memory.
    pub peak_memory_bytes: Option<u64>,
    /// Peak of the device's own memory.
    pub peak_device_memory_bytes: Option<u64>,
    /// Trained weights, head included.
    pub parameters: u64,
    /// Images that went through the encoder while training: views, not images.
    pub forward_passes: u64,
    /// Loss at the beginning.
    pub loss_first: Option<f64>,
    /// Loss at the end.
    pub loss_last: Option<f64>,
    /// The uniform value of the loss, where it has one: what it is when all candidates are alike.
    pub loss_chance: Option<f64>,
    /// The losses that the loss is put together from, at the end, where they are several.
    pub loss_parts: Vec<LossPart>,
    /// Scores on the test split, of the last epoch. Empty where there are no labels or no test split.
    pub eval: Evaluation,
    /// Scores of probes on the maps of single stages, shallow before deep, where they were asked for.
    #[serde(rename = "depth")]
    pub layers: Vec<LayerScore>,
    /// Scores on other data sets than the run's own, by the name of the set.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub transfer: BTreeMap<String, Evaluation>,
    /// Figures that need no labels.
    pub label_free: Option<LabelFree>,
    /// How well the pretext task is predicted, where the method has one.
    #[serde(rename = "puzzle")]
    pub pretext: Option<Pretext>,
    /// How well images are given back, where the method learns to.
    pub reconstruction: Option<Reconstruction>,
}

/// The file that training began from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StartWeights {
    /// The file, as the experiment names it.
    pub file: String,
    /// SHA-256 of the file in hex.
    pub sha256: String,
    /// Whether its heads were taken too.
    pub heads: bool,
}

/// Mean and std of each channel, measured when the run began and the same ever after.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Normalization {
    /// In the units of the color space.
    pub mean: Vec<f64>,
    /// In the units of the color space.
    pub std: Vec<f64>,
    /// How many images were measured.
    pub images: u64,
}

/// One of the losses that a loss is put together from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LossPart {
    /// What it is the loss of: `tasks.0.simclr` is a joint run's first task, `positions` a question that a jigsaw asks, and
    /// `tasks.1.jigsaw.positions` a part of the part `tasks.1.jigsaw`.
    pub name: String,
    /// The mean, before it is weighted.
    #[serde(deserialize_with = "null_is_nan")]
    pub loss: f64,
    /// Its uniform value, where it has one.
    #[serde(rename = "chance")]
    pub uniform: Option<f64>,
    /// Its right predictions in the last batch, in per cent, where it has a pretext task.
    pub accuracy: Option<f64>,
    /// Right by guessing, in per cent.
    pub accuracy_chance: Option<f64>,
}

/// Predictions of the pretext task, on images that were not trained on where there are such, with the weights of the
/// last epoch. Those of exemplars, whose classes are training images, are new views of these.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pretext {
    /// Right predictions, in per cent.
    pub top1: f64,
    /// Right by guessing, in per cent.
    pub chance: f64,
    /// How many there were.
    #[serde(rename = "puzzles")] // in the table "puzzle"
    pub count: u64,
    /// How many answers there are to choose from.
    pub classes: u64,
    /// Whether the images are those of the test split.
    pub on_test: bool,
}

/// The error of images that were not trained on where there are such, with the weights of the last epoch: the mean over
/// all values of all their pixels, undistorted and normalised.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reconstruction {
    /// What the error is: `mse`, squared, or `l1`, absolute, as the method is trained with.
    pub loss: String,
    /// Of what the method gives back.
    pub error: f64,
    /// Of one colour in place of each image, the one that errs least: three numbers say as much.
    #[serde(rename = "floor")]
    pub baseline: f64,
    /// How many images there were.
    pub images: u64,
    /// Whether they are those of the test split.
    pub on_test: bool,
}

/// Scores by protocol, and their two baselines.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The trained encoder's, under the names of the protocols.
    #[serde(flatten)]
    pub trained: BTreeMap<String, Score>,
    /// The same encoder's before training.
    #[serde(default)]
    pub random_init: BTreeMap<String, Score>,
    /// Those of the image itself as 8x8 pixels.
    #[serde(default)]
    pub pixels: BTreeMap<String, Score>,
}

/// The score of one probe on the maps of one stage, on the test split, with all that it was trained with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LayerScore {
    /// The stage, from 1, shallow before deep.
    pub stage: usize,
    /// Channels of its maps.
    pub channels: usize,
    /// Cells on a side of its maps.
    pub side: usize,
    /// Cells on a side of what the probe sees: fewer where maps were pooled first.
    pub grid: usize,
    /// The probe: `linear`, `mlp` or `conv`.
    pub probe: String,
    /// Passes over the maps.
    pub epochs: u32,
    /// Maps of one step.
    pub batch: usize,
    /// Learning rate at the beginning.
    pub lr: f64,
    /// Weight decay.
    pub weight_decay: f64,
    /// The trained encoder's, in per cent.
    pub top1: f64,
    /// Top-1 averaged over the classes, in per cent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_per_class: Option<f64>,
    /// Version of the probes, as [`Score::version`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// The same encoder's before training.
    pub random_init: Option<f64>,
}

/// Figures that need no labels (Wang and Isola 2020, arXiv 2005.10242, for the first two).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LabelFree {
    /// Mean squared distance of two views of an image; lower is closer.
    pub alignment: Option<f64>,
    /// Log of the mean Gaussian potential of pairs; lower is more even.
    pub uniformity: Option<f64>,
    /// Exponential of the entropy of the singular values.
    pub effective_rank: Option<f64>,
    /// Standard deviation of the embedding times the square root of its width.
    #[serde(rename = "deviation")]
    pub std: Option<f64>,
    /// How often the other view is the nearest, in per cent.
    pub contrastive_accuracy: Option<f64>,
    /// Dimensions that tell images apart beyond what two views of one differ in (arXiv 2312.04000).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lidar: Option<f64>,
    /// The variance of each principal component as a fraction of all, the largest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub spectrum: Vec<f64>,
}

/// Reads the summary of a run directory.
///
/// # Errors
/// When there is none, or it is no summary.
pub fn read_summary(run: &Path) -> Result<Summary, RunlogError> {
    let path = Layout::of(run).summary();
    let text = std::fs::read_to_string(&path).map_err(RunlogError::read(&path))?;
    serde_json::from_str(&text).map_err(|error| RunlogError::Malformed {
        line: error.line(),
        expected: "the summary of a run",
        found: error.to_string(),
        path,
    })
}

impl Summary {
    pub(crate) fn to_json(&self) -> String {
        // Infallible: the keys are strings, and JSON writes what is no number as null.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}
