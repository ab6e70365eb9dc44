//! `[method.autoencoder]`: an autoencoder (Hinton and Salakhutdinov 2006, Science 313).

use serde::{Deserialize, Serialize};

use super::{ComparedViews, Head, MethodInfo, MethodSpec, PixelLoss, Surroundings};
use crate::problems::Problems;

/// An autoencoder: the image itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Autoencoder {
    /// Mean squared or mean absolute difference of normalised pixels.
    ///
    /// Range: `mse`, `l1`
    pub loss: PixelLoss,
    /// The head on the encoder: `{ widths, batch_norm }`.
    ///
    /// Range: as a head, below
    pub projector: Head,
}

impl MethodSpec for Autoencoder {
    fn check(&self, key: &str, _around: Surroundings<'_>, problems: &mut Problems) {
        self.projector.check(&format!("{key}.projector"), problems);
    }

    fn info(&self) -> MethodInfo {
        MethodInfo {
            reconstructs: Some(self.loss),
            after_views: "The encoder sees them as they are, and they are what has to be given back."
                .to_owned(),
            ..MethodInfo::of(ComparedViews::Whole)
        }
    }
}
