//! `[method.cmc]`: contrastive multiview coding (Tian, Krishnan and Isola 2019, arXiv 1906.05849).

use serde::{Deserialize, Serialize};

use super::{ComparedViews, Head, MethodInfo, MethodSpec, Surroundings};
use crate::pairs::Others;
use crate::problems::Problems;

/// CMC: what one network makes of some channels of an image attracts what another makes of the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Cmc {
    /// Divides the similarities.
    ///
    /// Range: above 0
    pub temperature: f64,
    /// `{ negatives, momentum, normaliser_momentum }`: noise from memory banks, as in the paper; without it the other images of the
    /// batch repel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank: Option<CmcBank>,
    /// The head on each half of the encoder: `{ widths, batch_norm }`.
    ///
    /// Range: as a head, below
    pub projector: Head,
}

/// A memory bank for either half.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CmcBank {
    /// Slots drawn as noise, for each image of the batch; 4,096 to 16,384 in the paper.
    ///
    /// Range: 1 to one less than the training images
    pub negatives: usize,
    /// Fraction of itself that a slot keeps when its image is seen again; 0.5 in the paper.
    ///
    /// Range: 0 or above, below 1
    pub momentum: f64,
    /// Fraction of itself that the normaliser Z keeps at each step: 1 keeps the first batch's, as in the paper.
    ///
    /// Range: 0 to 1
    pub normaliser_momentum: f64,
}

impl MethodSpec for Cmc {
    fn check(&self, key: &str, _around: Surroundings<'_>, problems: &mut Problems) {
        problems.positive(&format!("{key}.temperature"), self.temperature);
        if let Some(bank) = &self.bank {
            let key = |field: &str| format!("{key}.bank.{field}");
            problems.require(bank.negatives >= 1, &key("negatives"), &bank.negatives, "at least 1 image");
            problems.below_one(&key("momentum"), bank.momentum);
            let kept = bank.normaliser_momentum;
            let expected = "0 to 1; 1 keeps the first batch's";
            problems.require((0.0..=1.0).contains(&kept), &key("normaliser_momentum"), &kept, expected);
        }
        self.projector.check(&format!("{key}.projector"), problems);
    }

    fn info(&self) -> MethodInfo {
        let others: &[_] = if self.bank.is_some() { &Others::OF_ONE_POSITIVE } else { &Others::ALL };
        let after_views = "One network sees the first channels of each, another the rest.".to_owned();
        MethodInfo { others, after_views, ..MethodInfo::of(ComparedViews::Halves) }
    }
}
