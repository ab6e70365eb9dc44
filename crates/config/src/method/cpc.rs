//! `[method.cpc]`: contrastive predictive coding (van den Oord et al. 2018, arXiv 1807.03748; Henaff et al. 2019, arXiv
//! 1905.09272).

use serde::{Deserialize, Serialize};

use super::{ComparedViews, MethodInfo, MethodSpec, PredictedPatches, Surroundings};
use crate::pairs::Others;
use crate::problems::Problems;

/// CPC v2: the patches of an image predict those further down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Cpc {
    /// In how many directions patches are predicted, each with a context network of its own: down, up, right, left; 4 in CPC v2.
    ///
    /// Range: 1, 2, 4
    pub directions: u32,
    /// How many rows ahead the predicted patches lie, each distance with a weight of its own. Patches that overlap share
    /// pixels: with a stride of half a patch begin at 2.
    ///
    /// Range: increasing, each 1 or above and below the rows of patches
    pub distances: Vec<u32>,
    /// Values of a prediction and of what it is compared with; 64 in the paper.
    ///
    /// Range: 1 or above
    pub width: u32,
    /// Multiplies predictions; 0.1 in the paper.
    ///
    /// Range: above 0
    pub scale: f64,
    /// The context network: `{ width, blocks }`.
    pub context: CpcContext,
}

/// The network that gathers what lies behind a patch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CpcContext {
    /// Channels inside a residual block; 256 in the paper.
    ///
    /// Range: 1 or above
    pub width: u32,
    /// Residual blocks, each of which sees one row more; 5 in the paper.
    ///
    /// Range: 1 to 64
    pub blocks: u32,
}

impl MethodSpec for Cpc {
    fn check(&self, key: &str, _around: Surroundings<'_>, problems: &mut Problems) {
        let Self { directions, distances, width, scale, context } = self;
        let known = [1, 2, 4].contains(directions);
        problems.require(known, &format!("{key}.directions"), directions, "1, 2 or 4 directions");
        let rising = distances.windows(2).all(|pair| pair[0] < pair[1]);
        let some = rising && distances.first().is_some_and(|first| *first >= 1);
        let expected = "one distance or more, increasing, from 1 row on";
        problems.require(some, &format!("{key}.distances"), distances, expected);
        problems.require(*width >= 1, &format!("{key}.width"), width, "at least 1 value");
        problems.positive(&format!("{key}.scale"), *scale);
        let CpcContext { width, blocks } = context;
        problems.require(*width >= 1, &format!("{key}.context.width"), width, "at least 1 channel");
        problems.require(
            (1..=64).contains(blocks),
            &format!("{key}.context.blocks"),
            blocks,
            "1 to 64 blocks",
        );
    }

    fn info(&self) -> MethodInfo {
        let distance = |found: Option<&u32>| found.copied().unwrap_or(1) as usize;
        let predicts = PredictedPatches {
            nearest: distance(self.distances.first()),
            farthest: distance(self.distances.last()),
            sideways: self.directions > 2,
        };
        MethodInfo {
            others: &Others::OF_ONE_POSITIVE,
            predicts: Some(predicts),
            after_views: "The encoder sees each patch of a grid by itself.".to_owned(),
            ..MethodInfo::of(ComparedViews::Grid)
        }
    }
}
