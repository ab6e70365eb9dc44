//! `[method.mocov3]`: MoCo v3 (Chen, Xie and He 2021, arXiv 2104.02057).

use serde::{Deserialize, Serialize};

use super::checks::predicts;
use super::{ComparedViews, Head, MethodInfo, MethodSpec, Momentum, Surroundings};
use crate::problems::Problems;

/// MoCo v3: keys of the same batch, with a predictor and no queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Mocov3 {
    /// Temperature of InfoNCE.
    pub temperature: f64,
    /// Momentum of the key encoder.
    pub momentum: Momentum,
    /// The head on the encoder.
    pub projector: Head,
    /// The head that only queries pass.
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
        MethodInfo::of(ComparedViews::Pair)
    }
}
