//! Which encoder: what is known of a network before it is made.

use crate::{Encoder, Init, Nin, NinSpec, ResNet, ResNetSpec, Vit, VitSpec};
use serde::{Deserialize, Serialize};
use tch::nn;

/// Everything that decides an encoder's shape.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum EncoderSpec {
    /// A residual network.
    ResNet(ResNetSpec),
    /// A network in network.
    Nin(NinSpec),
    /// A vision transformer.
    Vit(VitSpec),
}

impl EncoderSpec {
    /// Makes the encoder's variables in `store`, which holds nothing else.
    ///
    /// # Panics
    /// As the networks' own constructors.
    pub fn build(self, store: &nn::VarStore, init: Init) -> Box<dyn Encoder> {
        match self {
            Self::ResNet(spec) => Box::new(ResNet::new(store, spec, init)),
            Self::Nin(spec) => Box::new(Nin::new(store, spec, init)),
            Self::Vit(spec) => Box::new(Vit::new(store, spec, init)),
        }
    }

    /// Channels of the images.
    pub fn channels(self) -> i64 {
        match self {
            Self::ResNet(spec) => spec.channels,
            Self::Nin(spec) => spec.channels,
            Self::Vit(spec) => spec.channels,
        }
    }

    /// Whether weights, and so images, have channels-last strides.
    pub fn channels_last(self) -> bool {
        match self {
            Self::ResNet(spec) => spec.channels_last,
            Self::Nin(spec) => spec.channels_last,
            Self::Vit(spec) => spec.channels_last,
        }
    }

    /// The same network, with batch norm over so many splits; a transformer has none.
    #[must_use]
    pub fn with_bn_splits(self, bn_splits: i64) -> Self {
        match self {
            Self::ResNet(spec) => Self::ResNet(ResNetSpec { bn_splits, ..spec }),
            Self::Nin(spec) => Self::Nin(NinSpec { bn_splits, ..spec }),
            Self::Vit(spec) => Self::Vit(spec),
        }
    }
}
