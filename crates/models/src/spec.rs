//! Which encoder: what is known of a network before it is made.

use crate::{
    Amdim, AmdimSpec, Encoder, Init, Nin, NinSpec, Patchwise, PatchwiseSpec, PositionEmbedding, ResNet,
    ResNetSpec, Split, SplitSpec, Vit, VitSpec,
};
use serde::{Deserialize, Serialize};
use tch::nn;

/// The largest number of a shape in a file: beyond it is damage.
const MOST: i64 = 1 << 16;

/// Everything that decides an encoder's shape.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum EncoderSpec {
    /// A residual network.
    ResNet(ResNetSpec),
    /// A network in network.
    Nin(NinSpec),
    /// A vision transformer.
    Vit(VitSpec),
    /// Two residual networks, each of its own channels.
    Split(SplitSpec),
    /// AMDIM's residual network without padding.
    Amdim(AmdimSpec),
    /// A residual network that sees an image patch by patch.
    Patchwise(PatchwiseSpec),
}

impl EncoderSpec {
    /// Whether an encoder of this shape can be made.
    ///
    /// # Errors
    /// What cannot be, in words: for shapes that come from a file.
    pub fn check(self) -> Result<(), String> {
        let within = |name: &str, value: i64| {
            if (1..=MOST).contains(&value) { Ok(()) } else { Err(format!("{name} = {value}")) }
        };
        within("channels", self.channels())?;
        match self {
            Self::ResNet(spec) => within("width", spec.width).and(within("bn_splits", spec.bn_splits)),
            Self::Nin(spec) => {
                within("blocks", spec.blocks).and(within("width", spec.width))?;
                if spec.width % 6 == 0 {
                    Ok(())
                } else {
                    Err(format!("width = {}, no multiple of 6", spec.width))
                }
            }
            Self::Split(SplitSpec { first, network }) => {
                Self::ResNet(network).check()?;
                if (1..network.channels).contains(&first) {
                    Ok(())
                } else {
                    Err(format!("first = {first} of {} channels", network.channels))
                }
            }
            Self::Amdim(spec) => {
                let all = [("width", spec.width), ("rkhs", spec.rkhs), ("depth", spec.depth)];
                all.into_iter().try_for_each(|(name, value)| within(name, value))?;
                within("bn_splits", spec.bn_splits)?;
                if ![32, 64, 128].contains(&spec.size) {
                    return Err(format!("size = {}, none of 32, 64 and 128", spec.size));
                }
                let local = spec.local_channels();
                if spec.rkhs >= local { Ok(()) } else { Err(format!("rkhs = {}, below {local}", spec.rkhs)) }
            }
            Self::Patchwise(PatchwiseSpec { patch, stride, network }) => {
                Self::ResNet(network).check()?;
                within("patch", patch).and(within("stride", stride))
            }
            Self::Vit(spec) => {
                let all = [("width", spec.width), ("depth", spec.depth), ("heads", spec.heads)];
                let all = all.into_iter().chain([("patch", spec.patch), ("side", spec.side)]);
                all.into_iter().try_for_each(|(name, value)| within(name, value))?;
                let divides = |name: &str, part: i64, whole: i64| {
                    if whole % part == 0 {
                        Ok(())
                    } else {
                        Err(format!("{name}, {part} does not divide {whole}"))
                    }
                };
                divides("heads of the width", spec.heads, spec.width)?;
                divides("patches of the side", spec.patch, spec.side)?;
                let quarters = if spec.position == PositionEmbedding::Sines { 4 } else { 1 };
                divides("quarters of the width", quarters, spec.width)
            }
        }
    }

    /// Makes the encoder's variables in `store`, which holds nothing else; two networks side by side have stores of their own.
    ///
    /// # Panics
    /// As the networks' own constructors.
    pub fn build(self, store: &nn::VarStore, init: Init) -> Box<dyn Encoder> {
        match self {
            Self::ResNet(spec) => Box::new(ResNet::new(store, spec, init)),
            Self::Nin(spec) => Box::new(Nin::new(store, spec, init)),
            Self::Vit(spec) => Box::new(Vit::new(store, spec, init)),
            Self::Split(spec) => Box::new(Split::new(store.device(), spec, init)),
            Self::Amdim(spec) => Box::new(Amdim::new(store, spec, init)),
            Self::Patchwise(spec) => Box::new(Patchwise::new(store, spec, init)),
        }
    }

    /// Channels of the images.
    pub fn channels(self) -> i64 {
        match self {
            Self::ResNet(spec) => spec.channels,
            Self::Nin(spec) => spec.channels,
            Self::Vit(spec) => spec.channels,
            Self::Split(spec) => spec.network.channels,
            Self::Amdim(spec) => spec.channels,
            Self::Patchwise(spec) => spec.network.channels,
        }
    }

    /// Whether weights, and so images, have channels-last strides.
    pub fn channels_last(self) -> bool {
        match self {
            Self::ResNet(spec) => spec.channels_last,
            Self::Nin(spec) => spec.channels_last,
            Self::Vit(spec) => spec.channels_last,
            Self::Split(spec) => spec.network.channels_last,
            Self::Amdim(spec) => spec.channels_last,
            Self::Patchwise(spec) => spec.network.channels_last,
        }
    }

    /// The same network, with batch norm over so many splits; a transformer has none.
    #[must_use]
    pub fn with_bn_splits(self, bn_splits: i64) -> Self {
        match self {
            Self::ResNet(spec) => Self::ResNet(ResNetSpec { bn_splits, ..spec }),
            Self::Nin(spec) => Self::Nin(NinSpec { bn_splits, ..spec }),
            Self::Vit(spec) => Self::Vit(spec),
            Self::Amdim(spec) => Self::Amdim(AmdimSpec { bn_splits, ..spec }),
            Self::Patchwise(spec) => {
                Self::Patchwise(PatchwiseSpec { network: ResNetSpec { bn_splits, ..spec.network }, ..spec })
            }
            Self::Split(spec) => {
                Self::Split(SplitSpec { network: ResNetSpec { bn_splits, ..spec.network }, ..spec })
            }
        }
    }
}
