//! `[method.npid]`: instance discrimination (Wu et al. 2018, arXiv 1805.01978).

use serde::{Deserialize, Serialize};

use super::{ComparedViews, Head, MethodInfo, MethodSpec, Surroundings};
use crate::pairs::Others;
use crate::problems::Problems;

/// Instance discrimination (NPID): each image is a class of its own, kept in a memory bank.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Npid {
    /// Divides the similarities.
    ///
    /// Range: above 0
    pub temperature: f64,
    /// Slots drawn from the bank as negatives, for each image of the batch.
    ///
    /// Range: 1 to one less than the training images
    pub negatives: usize,
    /// Fraction of itself that a slot of the bank keeps when its image is seen again.
    ///
    /// Range: 0 or above, below 1
    pub bank_momentum: f64,
    /// Fraction of itself that the normaliser Z keeps at each step: 1 keeps the first batch's, as in the paper.
    ///
    /// Range: 0 to 1
    pub normaliser_momentum: f64,
    /// The head on the encoder: `{ widths, batch_norm }`.
    ///
    /// Range: as a head, below
    pub projector: Head,
}

impl MethodSpec for Npid {
    fn check(&self, key: &str, _around: Surroundings<'_>, problems: &mut Problems) {
        problems.positive(&format!("{key}.temperature"), self.temperature);
        problems.require(
            self.negatives >= 1,
            &format!("{key}.negatives"),
            &self.negatives,
            "at least 1 image",
        );
        problems.below_one(&format!("{key}.bank_momentum"), self.bank_momentum);
        let kept = self.normaliser_momentum;
        let key_of_z = format!("{key}.normaliser_momentum");
        problems.require((0.0..=1.0).contains(&kept), &key_of_z, &kept, "0 to 1; 1 keeps the first batch's");
        self.projector.check(&format!("{key}.projector"), problems);
    }

    fn info(&self) -> MethodInfo {
        MethodInfo {
            over_epochs: true,
            others: &Others::OF_ONE_POSITIVE,
            ..MethodInfo::of(ComparedViews::Slot)
        }
    }
}
