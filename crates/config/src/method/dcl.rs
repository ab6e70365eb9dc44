//! `[method.dcl]`: decoupled contrastive learning (Yeh et al. 2021, arXiv 2110.06848).

use serde::{Deserialize, Serialize};

use super::{ComparedViews, Head, MethodInfo, MethodSpec, Surroundings};
use crate::pairs::Others;
use crate::problems::Problems;

/// DCL: SimCLR without the positive among the candidates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Dcl {
    /// Divides the similarities.
    ///
    /// Range: above 0
    pub temperature: f64,
    /// The head on the encoder: `{ widths, batch_norm }`.
    ///
    /// Range: as a head, below
    pub projector: Head,
}

impl MethodSpec for Dcl {
    fn check(&self, key: &str, _around: Surroundings<'_>, problems: &mut Problems) {
        problems.positive(&format!("{key}.temperature"), self.temperature);
        self.projector.check(&format!("{key}.projector"), problems);
    }

    fn info(&self) -> MethodInfo {
        MethodInfo { others: &Others::OF_ONE_POSITIVE, ..MethodInfo::of(ComparedViews::Pair) }
    }
}
