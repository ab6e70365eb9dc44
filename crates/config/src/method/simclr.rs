//! `[method.simclr]`: SimCLR (Chen et al. 2020, arXiv 2002.05709).

use serde::{Deserialize, Serialize};

use super::checks::predicts;
use super::{ComparedViews, Head, MethodInfo, MethodSpec, Surroundings};
use crate::pairs::Others;
use crate::problems::Problems;

/// SimCLR: two views of an image attract, all others of the batch repel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Simclr {
    /// Divides the similarities.
    ///
    /// Range: above 0
    pub temperature: f64,
    /// Whether embeddings are brought to unit length first, as usual; `false` takes products of embeddings as they are (table 5 of
    /// the paper), which fits temperatures of 10 and more.
    ///
    /// Range: `true`, `false`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_length: Option<bool>,
    /// The head on the encoder: `{ widths, batch_norm }`.
    ///
    /// Range: as a head, below
    pub projector: Head,
    /// A head behind it, on the anchors alone: the row "SimCLR + predictor" of BYOL's table 5b (arXiv 2006.07733); SimCLR has
    /// none.
    ///
    /// Range: as a head, below
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predictor: Option<Head>,
}

impl MethodSpec for Simclr {
    fn check(&self, key: &str, _around: Surroundings<'_>, problems: &mut Problems) {
        problems.positive(&format!("{key}.temperature"), self.temperature);
        self.projector.check(&format!("{key}.projector"), problems);
        if let Some(predictor) = &self.predictor {
            predictor.check(&format!("{key}.predictor"), problems);
            predicts(key, predictor, &self.projector, problems);
        }
    }

    fn info(&self) -> MethodInfo {
        MethodInfo { others: &Others::ALL, ..MethodInfo::of(ComparedViews::PairAndMore) }
    }
}
