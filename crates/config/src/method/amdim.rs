//! `[method.amdim]`: augmented multiscale deep infomax (Bachman, Hjelm and Buchwalter 2019, arXiv 1906.00910).

use serde::{Deserialize, Serialize};

use super::{ComparedViews, MethodInfo, MethodSpec, Surroundings};
use crate::pairs::Others;
use crate::problems::Problems;

/// AMDIM: what one view shows as a whole, and in a cell, predicts the cells of the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Amdim {
    /// Scores stay between this and its negative: s becomes `clip` tanh(s / `clip`); 20 in the paper.
    ///
    /// Range: above 0
    pub clip: f64,
    /// Weight of the mean square of all scores; 0.05 in the paper.
    ///
    /// Range: 0 or above
    pub regulariser: f64,
    /// What predicts what, and how much it counts: `{ from_1_to_5, from_1_to_7, from_5_to_5 }`; 1 each in the paper. 0 leaves a
    /// prediction out.
    ///
    /// Range: 0 or above each, one of them above 0
    pub weights: AmdimWeights,
}

/// How much each prediction counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AmdimWeights {
    /// The whole view predicts the map of 5x5 cells.
    ///
    /// Range: 0 or above
    pub from_1_to_5: f64,
    /// The whole view predicts the map of 7x7 cells.
    ///
    /// Range: 0 or above
    pub from_1_to_7: f64,
    /// One cell of the map of 5x5 cells predicts that map.
    ///
    /// Range: 0 or above
    pub from_5_to_5: f64,
}

impl MethodSpec for Amdim {
    fn check(&self, key: &str, _around: Surroundings<'_>, problems: &mut Problems) {
        problems.positive(&format!("{key}.clip"), self.clip);
        problems.not_negative(&format!("{key}.regulariser"), self.regulariser);
        let AmdimWeights { from_1_to_5, from_1_to_7, from_5_to_5 } = self.weights;
        let named =
            [("from_1_to_5", from_1_to_5), ("from_1_to_7", from_1_to_7), ("from_5_to_5", from_5_to_5)];
        for (name, weight) in named {
            problems.not_negative(&format!("{key}.weights.{name}"), weight);
        }
        let some = named.iter().any(|(_, weight)| *weight != 0.0);
        problems.require(some, &format!("{key}.weights"), &0.0, "one of them above 0");
    }

    fn info(&self) -> MethodInfo {
        let others = &Others::OF_ONE_POSITIVE;
        MethodInfo { others, compares_cells: true, ..MethodInfo::of(ComparedViews::Pair) }
    }
}
