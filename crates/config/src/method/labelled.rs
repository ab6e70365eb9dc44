//! Methods that need labels: what the others are compared with.

use serde::{Deserialize, Serialize};

use super::Head;
use crate::problems::Problems;

/// SupCon: all views of all images of a class attract.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Supcon {
    /// Temperature of the similarities.
    pub temperature: f64,
    /// The head that the loss sees.
    pub projector: Head,
}

/// Cross-entropy of a linear classifier on the encoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Supervised {
    /// Fraction of the target that is spread over all classes.
    pub label_smoothing: f64,
}

impl Supcon {
    pub(super) fn check(&self, key: &str, problems: &mut Problems) {
        problems.positive(&format!("{key}.temperature"), self.temperature);
        self.projector.check(&format!("{key}.projector"), problems);
    }
}

impl Supervised {
    pub(super) fn check(&self, key: &str, problems: &mut Problems) {
        problems.below_one(&format!("{key}.label_smoothing"), self.label_smoothing);
    }
}
