//! `[eval]`: how the encoder is judged; a file a protocol, or for several that have little to say.

mod features;
mod few_shot;
mod fine_tuning;
mod head;
mod heads;
mod knn;
mod layers;
mod linear;
mod protocols;
mod scores;
mod spec;
mod texts;

pub use features::{Anomaly, Clustering, Retrieval};
pub use few_shot::FewShot;
pub use fine_tuning::FineTuning;
pub use head::HeadProbes;
pub use heads::{LinearAdam, LinearViews, Mlp};
pub use layers::{LayerProbes, Probe, ProbeLrs};
pub use linear::{Linear, Logistic};
pub use protocols::{PROTOCOLS, ProtocolInfo};
pub(crate) use scores::SCORES;
pub use scores::{ScoreInfo, score_info};
pub use texts::{Captions, ZeroShot};

use knn::KNN;
use serde::{Deserialize, Serialize};

use crate::Encoder;
use crate::problems::Problems;
use spec::ProtocolSpec;

/// Which protocols run, and when. All but `fine_tuning` leave the encoder as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Eval {
    /// Weighted k-NN: `knn` with k (5, 10, 20, 50, 100, 200) and temperature (0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.2)
    /// chosen on a split of the training images, and at the end `knn_10` (10 neighbours, equal votes) and `knn_200`
    /// (200, temperature 0.1), which are published settings.
    ///
    /// Range: `true`, `false`
    pub knn: bool,
    /// Weighted k-NN with these k and temperature 0.07, a score each, `knn_dinov2_20` (DINOv2, arXiv 2304.07193, has 10, 20,
    /// 100 and 200).
    ///
    /// Range: at least one, each 1 or above and once
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub knn_dinov2: Option<Vec<usize>>,
    /// Epochs between evaluations while training; 0 evaluates at the end only.
    ///
    /// Range: 0 or above
    pub online_every: u32,
    /// The fraction of the training images on which settings are chosen.
    ///
    /// Range: above 0, below 1
    pub validation: f64,
    /// A linear probe on standardised features: softmax regression from zero, SGD with momentum 0.9, cosine without
    /// warm-up.
    ///
    /// Range: a table, as below
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linear: Option<Linear>,
    /// A linear probe as published with Adam, on features as they are.
    ///
    /// Range: a table, as below
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linear_adam: Option<LinearAdam>,
    /// A linear probe on crops and flips of the training images, which the frozen encoder sees anew in each epoch.
    ///
    /// Range: a table, as below
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linear_views: Option<LinearViews>,
    /// Logistic regression to its optimum, on features as they are, by L-BFGS in double precision; the penalty is chosen on
    /// a split of the training images, and the fit made again on all.
    ///
    /// Range: a table, as below
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logistic: Option<Logistic>,
    /// An MLP with hidden layers on standardised features: it finds classes that no linear classifier separates.
    ///
    /// Range: a table, as below
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mlp: Option<Mlp>,
    /// Few-shot k-NN at the end: a few images of each class vote, over several draws (DINOv2, arXiv 2304.07193, with
    /// `--n-per-class-list` of its `eval/knn.py`).
    ///
    /// Range: a table, as below
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub few_shot: Option<FewShot>,
    /// Probes on the maps after single stages of the encoder, at the end, trained and with random weights; see
    /// docs/probes.md.
    ///
    /// Range: a table, as below
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layers: Option<LayerProbes>,
    /// What the projection head throws away: which transformation an image went through, told from the representation `h` and
    /// from the embedding `z` that the head makes of it (SimCLR, arXiv 2002.05709, table 3).
    ///
    /// Range: a table, as below; for a method with a projector of one layer or more
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<HeadProbes>,
    /// Clusters of the features beside the classes: `accuracy` by the best assignment, `nmi`, `ari`.
    ///
    /// Range: a table, as below
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clustering: Option<Clustering>,
    /// How often the nearest test images are of an image's class: `recall_at_1`, `map_at_r`.
    ///
    /// Range: a table, as below
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retrieval: Option<Retrieval>,
    /// How well images of a class are told from all others by its training images: `auroc_knn`, `auroc_kde`.
    ///
    /// Range: a table, as below
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anomaly: Option<Anomaly>,
    /// Classes told by prompts, without a label of theirs: for a method that reads texts, and test images with labels.
    ///
    /// Range: a table, as below
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zero_shot: Option<ZeroShot>,
    /// How often an image finds its caption and a caption its image: for a method that reads texts, and test images with captions.
    ///
    /// Range: a table, as below
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captions: Option<Captions>,
    /// The encoder trained on with some of the labels, at the end.
    ///
    /// Range: a table, as below
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fine_tuning: Option<FineTuning>,
}

impl Eval {
    /// Whether the score of this name is made.
    pub(crate) fn scores(&self, name: &str) -> bool {
        self.asked().any(|(_, spec)| spec.scores().iter().any(|score| score == name))
    }

    /// Whether the score of this name comes with what its settings reached where they were chosen.
    pub(crate) fn validates(&self, name: &str) -> bool {
        self.asked().any(|(_, spec)| spec.validates(name))
    }

    /// Whether the protocol of this key is run.
    pub fn asks_for(&self, key: &str) -> bool {
        self.asked().any(|(asked, _)| asked == key)
    }

    /// The keys of the protocols that are asked for by a table or a list of their own.
    pub fn tables(&self) -> Vec<String> {
        self.asked().filter(|(key, _)| *key != "knn").map(|(key, _)| format!("eval.{key}")).collect()
    }

    pub(crate) fn check(&self, encoder: &Encoder, problems: &mut Problems) {
        let fraction = self.validation > 0.0 && self.validation < 1.0;
        problems.require(fraction, "eval.validation", &self.validation, "a fraction above 0 and below 1");
        for (_, spec) in self.asked() {
            spec.check(encoder, problems);
        }
    }

    /// The protocols that are run.
    fn asked(&self) -> impl Iterator<Item = (&'static str, &dyn ProtocolSpec)> {
        self.specs().into_iter().filter_map(|(key, spec)| Some((key, spec?)))
    }
}

/// Whether there are elements, no two of them equal.
fn some_each_once<T: PartialEq>(list: &[T]) -> bool {
    !list.is_empty() && list.iter().enumerate().all(|(position, element)| !list[..position].contains(element))
}
