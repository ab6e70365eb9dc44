//! `eval.knn` and `eval.knn_dinov2`: the nearest training images vote.

use super::some_each_once;
use super::spec::{ProtocolSpec, numbered};
use crate::Encoder;
use crate::problems::Problems;

/// `knn = true`, which has no settings.
pub(super) struct Knn;

/// The only one.
pub(super) const KNN: Knn = Knn;

impl ProtocolSpec for Knn {
    fn check(&self, _encoder: &Encoder, _problems: &mut Problems) {}

    fn scores(&self) -> Vec<String> {
        ["knn", "knn_10", "knn_200"].map(String::from).to_vec()
    }

    fn validates(&self, score: &str) -> bool {
        score == "knn"
    }
}

/// `knn_dinov2`, which is a list of k.
impl ProtocolSpec for Vec<usize> {
    fn check(&self, _encoder: &Encoder, problems: &mut Problems) {
        let some = some_each_once(self) && self.iter().all(|k| *k >= 1);
        problems.require(some, "eval.knn_dinov2", self, "at least one number, each at least 1 and once");
    }

    fn scores(&self) -> Vec<String> {
        numbered("knn_dinov2", self)
    }
}
