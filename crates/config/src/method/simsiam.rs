//! `[method.simsiam]`: SimSiam (Chen and He 2020, arXiv 2011.10566).

use serde::{Deserialize, Serialize};

use super::checks::predicts;
use super::{ComparedViews, Head, MethodInfo, MethodSpec, Surroundings};
use crate::problems::Problems;

/// SimSiam: a predictor and a stop-gradient, without a momentum encoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Simsiam {
    /// Whether the target passes no gradient; without that embeddings collapse (figure 2 of the paper).
    ///
    /// Range: `true`, `false`
    pub stop_gradient: bool,
    /// Whether the predictor keeps the peak learning rate while the schedule lowers the others'.
    ///
    /// Range: `true`, `false`
    pub predictor_fixed_lr: bool,
    /// The head on the encoder: `{ widths, batch_norm }`.
    ///
    /// Range: as a head, below
    pub projector: Head,
    /// The head on an embedding: `{ widths, batch_norm }`. Its last width is the projector's; `widths = []` is no
    /// predictor.
    ///
    /// Range: as a head, below
    pub predictor: Head,
}

impl MethodSpec for Simsiam {
    fn check(&self, key: &str, _around: Surroundings<'_>, problems: &mut Problems) {
        self.projector.check(&format!("{key}.projector"), problems);
        self.predictor.check(&format!("{key}.predictor"), problems);
        predicts(key, &self.predictor, &self.projector, problems);
    }

    fn info(&self) -> MethodInfo {
        MethodInfo::of(ComparedViews::Pair)
    }
}
