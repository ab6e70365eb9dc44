//! Pretext tasks besides puzzles of a whole image: relative patches, exemplars, reconstruction, and several at once.

use serde::{Deserialize, Serialize};

use super::{Head, Method, fitting_tiles};
use crate::problems::Problems;
use crate::{Train, Views};

/// Relative patches: where one tile lies beside the middle one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelativePatch {
    /// Pixels on a side of a tile, which lies anywhere in its cell, a ninth of the view.
    pub tile: usize,
    /// Whether a batch holds all eight pairs of an image, or one that is drawn.
    pub all: bool,
    /// Whether each tile is normalised by its own mean and deviation.
    pub normalise: bool,
    /// One channel of each tile stays, and noise of this share of its deviation replaces the others; all stay where it is
    /// left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drop_channels: Option<f64>,
    /// The head on each tile.
    pub projector: Head,
    /// Between the embeddings of both tiles, side by side, and the classifier.
    pub head: Head,
}

/// Exemplars: which image a view is of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exemplar {
    /// Images that are a class each, at most: of a larger data set so many are chosen by the seed, and the others are not
    /// trained on.
    pub classes: usize,
    /// Between encoder and classifier.
    pub projector: Head,
}

/// An autoencoder: the image itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Autoencoder {
    /// What is compared, pixel by pixel.
    pub loss: PixelLoss,
    /// The bottleneck between encoder and decoder.
    pub projector: Head,
}

/// How two images are compared pixel by pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PixelLoss {
    /// The mean squared difference.
    Mse,
    /// The mean absolute difference.
    L1,
}

/// Several tasks on one encoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Joint {
    /// The tasks, two at least.
    pub tasks: Vec<Task>,
}

/// One of several tasks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// What its loss is multiplied by.
    pub weight: f64,
    /// Which views of an image are its own, counted from 0.
    pub views: Vec<usize>,
    /// The task, named as in `[method.*]`.
    pub method: Method,
}

impl RelativePatch {
    pub(super) fn check(&self, key: &str, problems: &mut Problems) {
        problems.require(self.tile >= 1, &format!("{key}.tile"), &self.tile, "at least 1 pixel");
        if let Some(share) = self.drop_channels {
            problems.not_negative(&format!("{key}.drop_channels"), share);
        }
        self.projector.check(&format!("{key}.projector"), problems);
        self.head.check(&format!("{key}.head"), problems);
    }

    /// Whether the nine tiles lie in a view of `side` pixels, which `of` names.
    pub(super) fn check_side(&self, key: &str, (side, of): (usize, &str), problems: &mut Problems) {
        fitting_tiles((key, None), (3, self.tile), (side, of), problems);
    }
}

impl Exemplar {
    pub(super) fn check(&self, key: &str, problems: &mut Problems) {
        let expected = "at least 2, for there must be something to tell apart";
        problems.require(self.classes >= 2, &format!("{key}.classes"), &self.classes, expected);
        self.projector.check(&format!("{key}.projector"), problems);
    }
}

impl Autoencoder {
    pub(super) fn check(&self, key: &str, problems: &mut Problems) {
        self.projector.check(&format!("{key}.projector"), problems);
    }
}

impl Joint {
    pub(super) fn check(&self, key: &str, train: &Train, problems: &mut Problems) {
        let key = format!("{key}.tasks");
        let expected = "two tasks at least; one alone is written as [method.*]";
        problems.require(self.tasks.len() >= 2, &key, &self.tasks.len(), expected);
        for (place, task) in self.tasks.iter().enumerate() {
            let key = format!("{key}[{place}]");
            let above = task.weight > 0.0 && task.weight.is_finite();
            problems.require(above, &format!("{key}.weight"), &task.weight, "a number above 0");
            let method = format!("{key}.method.{}", task.method.name());
            match &task.method {
                Method::Joint(_) => {
                    let expected = "a task that is not joint itself; list its tasks here";
                    problems.require(false, &method, &format_args!("joint"), expected);
                }
                Method::Moco(moco) if moco.virtual_devices != 1 => {
                    let expected = "1: the tasks share one encoder, which sees whole batches";
                    let key = format!("{method}.virtual_devices");
                    problems.require(false, &key, &moco.virtual_devices, expected);
                }
                other => other.check_as(&method, train, problems),
            }
        }
    }

    /// Whether every task finds its views in the plan.
    pub(super) fn check_views(&self, key: &str, views: &Views, problems: &mut Problems) {
        let sizes = views.sizes();
        for (place, task) in self.tasks.iter().enumerate() {
            let at = format!("{key}.tasks[{place}]");
            let views_key = format!("{at}.views");
            let found = &task.views;
            let known = !found.is_empty() && found.iter().all(|&view| view < sizes.len());
            let expected = format!("some of 0 to {}, the views of views.{}", sizes.len() - 1, views.name());
            problems.require(known, &views_key, found, &expected);
            if known {
                let own: Vec<_> = found.iter().map(|&view| sizes[view]).collect();
                task.method.check_sizes(
                    &format!("{at}.method.{}", task.method.name()),
                    (&views_key, &own),
                    problems,
                );
            }
        }
    }
}
