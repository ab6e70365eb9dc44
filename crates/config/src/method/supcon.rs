//! `[method.supcon]`: supervised contrastive learning (Khosla et al. 2020, arXiv 2004.11362).

use serde::{Deserialize, Serialize};

use super::{ComparedViews, Head, MethodInfo, MethodSpec, Surroundings};
use crate::problems::Problems;

/// SupCon: all views of all images of a class attract.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Supcon {
    /// Divides the similarities.
    ///
    /// Range: above 0
    pub temperature: f64,
    /// The head on the encoder: `{ widths, batch_norm }`.
    ///
    /// Range: as a head, below
    pub projector: Head,
}

impl MethodSpec for Supcon {
    fn check(&self, key: &str, _around: Surroundings<'_>, problems: &mut Problems) {
        problems.positive(&format!("{key}.temperature"), self.temperature);
        self.projector.check(&format!("{key}.projector"), problems);
    }

    fn info(&self) -> MethodInfo {
        MethodInfo { needs_labels: true, ..MethodInfo::of(ComparedViews::SomeOfOneSize) }
    }
}
