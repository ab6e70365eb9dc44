//! `[method.mocov3]`: MoCo v3 (Chen, Xie and He 2021, arXiv 2104.02057).

use serde::{Deserialize, Serialize};

use super::checks::predicts;
use super::{ComparedViews, Head, MethodInfo, MethodSpec, Momentum, Surroundings};
use crate::pairs::Others;
use crate::problems::Problems;

/// MoCo v3: keys of the same batch, with a predictor and no queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Mocov3 {
    /// Divides the similarities.
    ///
    /// Range: above 0
    pub temperature: f64,
    /// `{ base, final }`, the fraction of itself that the momentum encoder keeps at a step: `base` at the first,
    /// `final` at the last, half a cosine between.
    ///
    /// Range: each 0 to 1
    pub momentum: Momentum,
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

impl MethodSpec for Mocov3 {
    fn check(&self, key: &str, _around: Surroundings<'_>, problems: &mut Problems) {
        problems.positive(&format!("{key}.temperature"), self.temperature);
        self.momentum.check(&format!("{key}.momentum"), problems);
        self.projector.check(&format!("{key}.projector"), problems);
        self.predictor.check(&format!("{key}.predictor"), problems);
        predicts(key, &self.predictor, &self.projector, problems);
    }

    fn info(&self) -> MethodInfo {
        MethodInfo { others: &Others::ALL, ..MethodInfo::of(ComparedViews::Pair) }
    }
}
