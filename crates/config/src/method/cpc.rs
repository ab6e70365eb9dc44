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
    /// `{ strength, one_channel }`: what is drawn for each patch by itself, so that its colours do not tell of which image it is.
    /// Nothing where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter: Option<CpcJitter>,
}

/// How the colours of each patch are changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CpcJitter {
    /// Each channel, normalised, is multiplied by a number from 1 - `strength` to 1 + `strength`, and a number from -`strength`
    /// to `strength` is added.
    ///
    /// Range: 0 to 1
    pub strength: f64,
    /// Probability that one channel, drawn, takes the place of all; CPC v2 drops two of three channels.
    ///
    /// Range: 0 to 1
    pub one_channel: f64,
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
        let Self { directions, distances, width, scale, context, jitter } = self;
        let known = [1, 2, 4].contains(directions);
        problems.require(known, &format!("{key}.directions"), directions, "1, 2 or 4 directions");
        let rising = distances.windows(2).all(|pair| pair[0] < pair[1]);
        let some = rising && distances.first().is_some_and(|first| *first >= 1);
        let expected = "one distance or more, increasing, from 1 row on";
        problems.require(some, &format!("{key}.distances"), distances, expected);
        problems.require(*width >= 1, &format!("{key}.width"), width, "at least 1 value");
        problems.positive(&format!("{key}.scale"), *scale);
        if let Some(CpcJitter { strength, one_channel }) = jitter {
            let within = (0.0..=1.0).contains(strength);
            problems.require(within, &format!("{key}.jitter.strength"), strength, "0 to 1");
            problems.probability(&format!("{key}.jitter.one_channel"), *one_channel);
        }
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
        let jitter = if self.jitter.is_some() { ", its colours changed apart from the others'" } else { "" };
        MethodInfo {
            others: &Others::OF_ONE_POSITIVE,
            predicts: Some(predicts),
            after_views: format!("The encoder sees each patch of a grid by itself{jitter}."),
            ..MethodInfo::of(ComparedViews::Grid)
        }
    }
}
