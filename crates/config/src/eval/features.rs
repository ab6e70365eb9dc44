//! `[eval.clustering]`, `[eval.retrieval]`, `[eval.anomaly]`: what features are good for without a classifier.

use super::some_each_once;
use super::spec::ProtocolSpec;
use crate::Encoder;
use crate::problems::Problems;
use serde::{Deserialize, Serialize};

/// k-means on training features, as many clusters as classes; test images go to the nearest centre, and are compared with
/// their classes (SCAN, arXiv 2005.12320, section 3.2).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Clustering {
    /// How often k-means is run from other draws; scores are means over runs.
    ///
    /// Range: 1 or above
    pub runs: u32,
    /// Starts of a run; the one with the least squared distances stays.
    ///
    /// Range: 1 or above; 10 in scikit-learn's `KMeans(n_init=10)`
    pub starts: usize,
}

/// Each test image is looked for among the other test images, by cosine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Retrieval {
    /// The k of recall@k: whether one of the k nearest is of the image's class.
    ///
    /// Range: at least one, each 1 or above and once; below the number of test images
    pub ks: Vec<usize>,
}

/// One class against the rest: the training images of a class are normal, and a score tells test images of this class from
/// the others. The encoder has seen all classes, other than where one is trained for each (DROC, arXiv 2011.02578).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Anomaly {
    /// Neighbours whose mean cosine is the first score.
    ///
    /// Range: 1 or above, no more than a class has training images; 1 in CSI, arXiv 2007.08176, 2 in arXiv 2002.10445
    pub k: usize,
    /// Width of the kernels whose density is the second score: gamma is this number over the variance of the class's
    /// values and their number.
    ///
    /// Range: above 0; 10 in DROC
    pub gamma: f64,
}

impl ProtocolSpec for Clustering {
    fn check(&self, _encoder: &Encoder, problems: &mut Problems) {
        let Self { runs, starts } = self;
        problems.require(*runs >= 1, "eval.clustering.runs", runs, "at least 1");
        problems.require(*starts >= 1, "eval.clustering.starts", starts, "at least 1");
    }

    fn scores(&self) -> Vec<String> {
        vec!["clustering".to_owned()]
    }
}

impl ProtocolSpec for Retrieval {
    fn check(&self, _encoder: &Encoder, problems: &mut Problems) {
        let some = some_each_once(&self.ks) && self.ks.iter().all(|k| *k >= 1);
        problems.require(
            some,
            "eval.retrieval.ks",
            &self.ks,
            "at least one number, each at least 1 and once",
        );
    }

    fn scores(&self) -> Vec<String> {
        vec!["retrieval".to_owned()]
    }
}

impl ProtocolSpec for Anomaly {
    fn check(&self, _encoder: &Encoder, problems: &mut Problems) {
        problems.require(self.k >= 1, "eval.anomaly.k", &self.k, "at least 1");
        problems.positive("eval.anomaly.gamma", self.gamma);
    }

    fn scores(&self) -> Vec<String> {
        vec!["anomaly".to_owned()]
    }
}
