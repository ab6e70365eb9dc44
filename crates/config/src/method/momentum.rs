//! The coefficient with which a momentum encoder follows the trained one.

use serde::{Deserialize, Serialize};

use crate::problems::Problems;

/// Coefficient of a momentum encoder: at each step it keeps this fraction of itself and takes the rest from the trained
/// one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Momentum {
    /// At the first step.
    pub base: f64,
    /// At the last step; between them half a cosine, none where both are equal.
    #[serde(rename = "final")]
    pub last: f64,
}

impl Momentum {
    pub(super) fn check(&self, key: &str, problems: &mut Problems) {
        for (name, value) in [("base", self.base), ("final", self.last)] {
            let inside = (0.0..=1.0).contains(&value);
            problems.require(inside, &format!("{key}.{name}"), &value, "a fraction of itself, 0 to 1");
        }
    }
}
