//! Methods that tell the views of an image from those of the others in the batch.

use serde::{Deserialize, Serialize};

use super::Head;
use crate::Train;
use crate::problems::Problems;

/// SimCLR: two views of an image attract, all others of the batch repel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Simclr {
    /// Temperature of NT-Xent.
    pub temperature: f64,
    /// The head that the loss sees, thrown away afterwards; three widths are SimCLR v2's deeper head.
    pub projector: Head,
}

/// DCL: SimCLR without the positive among the candidates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dcl {
    /// Temperature of the similarities.
    pub temperature: f64,
    /// The head that the loss sees.
    pub projector: Head,
}

/// DCLW: DCL with positives weighted by how far they are apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dclw {
    /// Temperature of the similarities.
    pub temperature: f64,
    /// Width of the weighting: a smaller one weighs hard positives more.
    pub sigma: f64,
    /// The head that the loss sees.
    pub projector: Head,
}

/// NNCLR: the positive is the nearest neighbour among the embeddings of earlier batches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nnclr {
    /// Temperature of InfoNCE.
    pub temperature: f64,
    /// Embeddings of earlier batches that neighbours are looked for in.
    pub queue: usize,
    /// The head whose output is an embedding.
    pub projector: Head,
    /// The head that predicts the neighbour.
    pub predictor: Head,
}

/// A triplet loss whose negatives are the other images of the batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Triplet {
    /// How much nearer a positive has to be than a negative.
    pub margin: f64,
    /// What is near.
    pub similarity: Similarity,
    /// Which negatives count.
    pub mining: Mining,
    /// The head that the loss sees.
    pub projector: Head,
}

/// What is near in a triplet loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Similarity {
    /// The dot product of unit vectors (SimCLR, arXiv 2002.05709, table 2).
    Dot,
    /// Euclidean distance (FaceNet, arXiv 1503.03832).
    Euclidean,
}

/// Which negatives of the batch count in a triplet loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mining {
    /// All.
    None,
    /// The hardest that is farther than the positive.
    SemiHard,
    /// The hardest.
    BatchHard,
}

impl Simclr {
    pub(super) fn check(&self, key: &str, problems: &mut Problems) {
        problems.positive(&format!("{key}.temperature"), self.temperature);
        self.projector.check(&format!("{key}.projector"), problems);
    }
}

impl Dcl {
    pub(super) fn check(&self, key: &str, problems: &mut Problems) {
        problems.positive(&format!("{key}.temperature"), self.temperature);
        self.projector.check(&format!("{key}.projector"), problems);
    }
}

impl Dclw {
    pub(super) fn check(&self, key: &str, problems: &mut Problems) {
        problems.positive(&format!("{key}.temperature"), self.temperature);
        problems.positive(&format!("{key}.sigma"), self.sigma);
        self.projector.check(&format!("{key}.projector"), problems);
    }
}

impl Nnclr {
    pub(super) fn check(&self, key: &str, train: &Train, problems: &mut Problems) {
        problems.positive(&format!("{key}.temperature"), self.temperature);
        super::whole_batches(&format!("{key}.queue"), self.queue, train.batch, problems);
        self.projector.check(&format!("{key}.projector"), problems);
        self.predictor.check(&format!("{key}.predictor"), problems);
        super::predicts(key, &self.predictor, &self.projector, problems);
    }
}

impl Triplet {
    pub(super) fn check(&self, key: &str, problems: &mut Problems) {
        let some = self.margin >= 0.0 && self.margin.is_finite();
        problems.require(some, &format!("{key}.margin"), &self.margin, "a number, 0 or above");
        self.projector.check(&format!("{key}.projector"), problems);
    }
}
