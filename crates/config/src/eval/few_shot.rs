//! `[eval.few_shot]`: a few images of each class vote.

use super::some_each_once;
use super::spec::{ProtocolSpec, numbered};
use crate::Encoder;
use crate::problems::Problems;
use serde::{Deserialize, Serialize};

/// Weighted k-NN on a few images of each class, the mean over draws of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FewShot {
    /// How many training images of each class vote, and how many of them on each test image: a score each, `few_shot_1`,
    /// `few_shot_5`.
    ///
    /// Range: at least one, each 1 or above and once; no more than each class has training images
    pub shots: Vec<usize>,
    /// How often they are drawn.
    ///
    /// Range: 1 or above
    pub draws: u32,
    /// Temperature of the vote.
    ///
    /// Range: above 0; 0.07 in DINOv2
    pub temperature: f64,
}

impl ProtocolSpec for FewShot {
    fn check(&self, _encoder: &Encoder, problems: &mut Problems) {
        let Self { shots, draws, temperature } = self;
        let some = some_each_once(shots) && shots.iter().all(|count| *count >= 1);
        problems.require(some, "eval.few_shot.shots", shots, "at least one number, each at least 1 and once");
        problems.require(*draws >= 1, "eval.few_shot.draws", draws, "at least 1");
        problems.positive("eval.few_shot.temperature", *temperature);
    }

    fn scores(&self) -> Vec<String> {
        numbered("few_shot", &self.shots)
    }
}
