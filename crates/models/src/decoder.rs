//! A decoder that mirrors an encoder: from embeddings back to images, with the encoder's feature maps in reverse order.

use crate::layers::{Conv2d, Like, Linear};
use crate::resnet_block::{Block, BlockShape};
use crate::{Encoder, Init, Mode, Norm};
use tch::{Kind, Tensor, nn};

/// What a decoder is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecoderSpec {
    /// Values of an embedding.
    pub width: i64,
    /// Height and width of an image in pixels.
    pub size: [i64; 2],
    /// Channels of an image.
    pub channels: i64,
    /// Whether weights have channels-last strides, as the encoder's.
    pub channels_last: bool,
}

/// A linear layer to the deepest map's shape, then for each map a nearest upsampling to its size and a residual block to
/// its channels, then a convolution to the image's channels.
#[derive(Debug)]
pub struct Decoder {
    expand: Linear,
    /// Channels, height and width of the deepest map.
    deepest: [i64; 3],
    /// Height and width to come to, and the block there.
    steps: Vec<([i64; 2], Block)>,
    size: [i64; 2],
    last: Conv2d,
    bias: Tensor,
}

impl Decoder {
    /// Makes the variables in `store`; the block that comes to the map of stage `k` is named `block{k}`, from 1. What the
    /// maps of `encoder` look like is found by sending it one blank image.
    pub fn mirroring(encoder: &dyn Encoder, spec: DecoderSpec, store: &nn::VarStore, init: Init) -> Self {
        let DecoderSpec { width, size, channels, channels_last } = spec;
        let blank = Tensor::zeros([1, channels, size[0], size[1]], (Kind::Float, store.device()));
        let maps: Vec<[i64; 3]> = tch::no_grad(|| encoder.stages(&blank, Mode::Eval.into()))
            .iter()
            .map(|map| [map.size()[1], map.size()[2], map.size()[3]])
            .collect();
        let path = store.root();
        let like = Like { init, channels_last, bn_splits: 1 };
        let deepest = *maps.last().expect("an encoder has stages");
        let expand = Linear::new(&(&path / "expand"), width, deepest.iter().product(), true, init);
        let step = |(stage, pair): (usize, &[[i64; 3]])| {
            let ([planes, height, width], inputs) = (pair[0], pair[1][0]);
            let norm = Norm::Batch;
            let shape = BlockShape { inputs, planes, stride: 1, bottleneck: false, norm };
            ([height, width], Block::new(&(&path / format!("block{}", stage + 1)), shape, like))
        };
        let steps = maps.windows(2).enumerate().rev().map(step).collect();
        let last = Conv2d::new(&(&path / "last"), [channels, maps[0][0], 3], 1, 1, like);
        let bias = (&path / "last").zeros("bias", &[channels]);
        Self { expand, deepest, steps, size, last, bias }
    }

    /// Images of embeddings.
    ///
    /// # Shapes
    /// - `z`: `[n, width]`
    /// - returns `[n, channels, height, width]`, normalised as the encoder's images are
    pub fn forward(&self, z: &Tensor, mode: Mode) -> Tensor {
        let [channels, height, width] = self.deepest;
        let mut x = self.expand.forward(z).relu().view([-1, channels, height, width]);
        for (size, block) in &self.steps {
            x = block.forward(&upsampled(&x, *size), mode);
        }
        let x = upsampled(&x, self.size);
        self.last.forward(&x) + self.bias.view([1, -1, 1, 1])
    }
}

fn upsampled(x: &Tensor, size: [i64; 2]) -> Tensor {
    if x.size()[2..] == size { x.shallow_clone() } else { x.upsample_nearest2d(size, None, None) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Depth, EncoderSpec, NinSpec, ResNetSpec, Stem};
    use tch::Device;

    fn specs() -> [EncoderSpec; 3] {
        let of = |stem| {
            let depth = Depth::ResNet18;
            EncoderSpec::ResNet(ResNetSpec {
                depth,
                stem,
                width: 8,
                channels: 3,
                channels_last: true,
                bn_splits: 1,
                norm: Norm::Batch,
            })
        };
        let nin = NinSpec { blocks: 4, width: 12, channels: 3, channels_last: true, bn_splits: 1 };
        [of(Stem::Cifar), of(Stem::Imagenet), EncoderSpec::Nin(nin)]
    }

    #[test]
    fn an_image_comes_back_at_its_size_and_every_variable_gets_a_gradient() {
        for spec in specs() {
            for [height, width] in [[24, 24], [33, 33], [24, 41]] {
                let (store, own) = (nn::VarStore::new(Device::Cpu), nn::VarStore::new(Device::Cpu));
                let encoder = spec.build(&store, Init::new(0));
                let decoder = Decoder::mirroring(
                    &*encoder,
                    spec_of(encoder.width(), [height, width]),
                    &own,
                    Init::new(1),
                );
                let images = Tensor::arange(2 * 3 * height * width, (Kind::Float, Device::Cpu)).sin();
                let images = images.view([2, 3, height, width]);
                let out = decoder.forward(&encoder.forward(&images, Mode::Train.into()), Mode::Train);
                assert_eq!(out.size(), images.size(), "{spec:?}");
                (out - images).square().mean(None).backward();
                for (name, variable) in crate::trained(&own) {
                    assert!(variable.grad().defined(), "{spec:?}: {name}");
                }
            }
        }
    }

    fn spec_of(width: i64, size: [i64; 2]) -> DecoderSpec {
        DecoderSpec { width, size, channels: 3, channels_last: true }
    }

    #[test]
    fn blocks_of_maps_alike_have_names_and_weights_of_their_own() {
        let (store, own) = (nn::VarStore::new(Device::Cpu), nn::VarStore::new(Device::Cpu));
        let nin = NinSpec { blocks: 5, width: 12, channels: 3, channels_last: true, bn_splits: 1 };
        let encoder = EncoderSpec::Nin(nin).build(&store, Init::new(0));
        Decoder::mirroring(&*encoder, spec_of(12, [32; 2]), &own, Init::new(1));
        let variables = own.variables();
        assert!(variables.keys().all(|name| !name.contains("__")), "{:?}", variables.keys());
        let weight = |stage: i64| &variables[&format!("block{stage}.conv1.weight")];
        assert_ne!(weight(3), weight(4));
    }

    #[test]
    fn maps_are_the_encoders_in_reverse() {
        let (store, own) = (nn::VarStore::new(Device::Cpu), nn::VarStore::new(Device::Cpu));
        let encoder = specs()[0].build(&store, Init::new(0));
        let decoder = Decoder::mirroring(&*encoder, spec_of(64, [32; 2]), &own, Init::new(1));
        assert_eq!(decoder.deepest, [64, 4, 4]);
        let sizes: Vec<_> = decoder.steps.iter().map(|(size, _)| *size).collect();
        assert_eq!(sizes, [[8, 8], [16, 16], [32, 32]]);
    }
}
