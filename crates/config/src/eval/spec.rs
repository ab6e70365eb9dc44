//! What every table of `[eval]` says of itself, and the one list of them.

use super::{Eval, KNN};
use crate::Encoder;
use crate::problems::Problems;

/// The settings of a protocol: a key of `[eval]`.
pub(super) trait ProtocolSpec {
    /// Reports what is out of range.
    fn check(&self, encoder: &Encoder, problems: &mut Problems);

    /// The names of the scores that it makes; none where they are not scores of a run, but of its stages.
    fn scores(&self) -> Vec<String>;

    /// Whether it chooses among settings of this score on `eval.validation` of the training images.
    fn validates(&self, _score: &str) -> bool {
        false
    }
}

impl Eval {
    /// Every protocol by its key, with its settings where it is run.
    pub(super) fn specs(&self) -> [(&'static str, Option<&dyn ProtocolSpec>); 16] {
        [
            ("knn", self.knn.then_some(&KNN as &dyn ProtocolSpec)),
            ("knn_dinov2", spec(self.knn_dinov2.as_ref())),
            ("linear", spec(self.linear.as_ref())),
            ("linear_adam", spec(self.linear_adam.as_ref())),
            ("linear_views", spec(self.linear_views.as_ref())),
            ("logistic", spec(self.logistic.as_ref())),
            ("mlp", spec(self.mlp.as_ref())),
            ("few_shot", spec(self.few_shot.as_ref())),
            ("layers", spec(self.layers.as_ref())),
            ("head", spec(self.head.as_ref())),
            ("clustering", spec(self.clustering.as_ref())),
            ("retrieval", spec(self.retrieval.as_ref())),
            ("anomaly", spec(self.anomaly.as_ref())),
            ("zero_shot", spec(self.zero_shot.as_ref())),
            ("captions", spec(self.captions.as_ref())),
            ("fine_tuning", spec(self.fine_tuning.as_ref())),
        ]
    }
}

fn spec<T: ProtocolSpec>(table: Option<&T>) -> Option<&dyn ProtocolSpec> {
    table.map(|table| table as &dyn ProtocolSpec)
}

/// `PREFIX_N` for each of some numbers.
pub(super) fn numbered<T: std::fmt::Display>(prefix: &str, numbers: &[T]) -> Vec<String> {
    numbers.iter().map(|number| format!("{prefix}_{number}")).collect()
}
