//! `[method.supervised]`: cross-entropy on the labels.

use serde::{Deserialize, Serialize};

use super::{ComparedViews, MethodInfo, MethodSpec, Surroundings};
use crate::problems::Problems;

/// Cross-entropy of a linear classifier on the encoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Supervised {
    /// Fraction of the target that is spread over all classes.
    ///
    /// Range: 0 or above, below 1
    pub label_smoothing: f64,
}

impl MethodSpec for Supervised {
    fn check(&self, key: &str, _around: Surroundings<'_>, problems: &mut Problems) {
        problems.below_one(&format!("{key}.label_smoothing"), self.label_smoothing);
    }

    fn info(&self) -> MethodInfo {
        MethodInfo { needs_labels: true, ..MethodInfo::of(ComparedViews::AnyOfOneSize) }
    }
}
