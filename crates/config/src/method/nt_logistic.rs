//! `[method.nt_logistic]`: NT-Logistic (Chen et al. 2020, arXiv 2002.05709, tables 2 and 4).

use serde::{Deserialize, Serialize};

use super::{ComparedViews, Head, MethodInfo, MethodSpec, Mining, Surroundings};
use crate::pairs::Others;
use crate::problems::Problems;

/// NT-Logistic: of every pair of views by itself, whether both show one image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NtLogistic {
    /// Divides the similarities.
    ///
    /// Range: above 0
    pub temperature: f64,
    /// Which other images count: all, the nearest of those farther than the other view, the nearest of all.
    ///
    /// Range: `none`, `semi_hard`, `batch_hard`
    pub mining: Mining,
    /// The head on the encoder: `{ widths, batch_norm }`.
    ///
    /// Range: as a head, below
    pub projector: Head,
}

impl MethodSpec for NtLogistic {
    fn check(&self, key: &str, _around: Surroundings<'_>, problems: &mut Problems) {
        problems.positive(&format!("{key}.temperature"), self.temperature);
        self.projector.check(&format!("{key}.projector"), problems);
    }

    fn info(&self) -> MethodInfo {
        MethodInfo { others: &Others::OF_ONE_POSITIVE, ..MethodInfo::of(ComparedViews::Pair) }
    }
}
