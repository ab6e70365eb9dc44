//! What an encoder will take, counted from its shape before any of it is made.

use crate::{AmdimSpec, EncoderSpec, NinSpec, Norm, PositionEmbedding, ResNetSpec, Stem, VitSpec};

/// Sizes of an encoder under training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Estimate {
    /// Weights that are trained.
    pub parameters: u64,
    /// Values that a step keeps of each image for the backward pass: the maps that convolutions read and write. A lower
    /// bound: batch norm and the shortcuts keep more.
    pub activations: u64,
}

impl EncoderSpec {
    /// What the encoder takes for images of `size`, in pixels on either side.
    pub fn estimate(self, size: (usize, usize)) -> Estimate {
        let walk = Walk {
            channels: self.channels().unsigned_abs(),
            size: [size.0 as u64, size.1 as u64],
            normed: true,
            total: Estimate::default(),
        };
        match self {
            Self::ResNet(spec) => resnet(spec, walk),
            Self::Nin(spec) => nin(spec, walk),
            Self::Vit(spec) => vit(spec, &walk),
            Self::Amdim(spec) => amdim(spec, walk),
            Self::Patchwise(spec) => {
                let side = spec.patch.unsigned_abs() as usize;
                let of_patch = Self::ResNet(spec.network).estimate((side, side));
                let cells = [size.0, size.1].map(|side| spec.cells(side as i64).unsigned_abs());
                let activations = of_patch.activations.saturating_mul(cells[0].saturating_mul(cells[1]));
                Estimate { activations, ..of_patch }
            }
            Self::Split(spec) => {
                let [first, rest] = spec.halves().map(|half| Self::ResNet(half).estimate(size));
                Estimate {
                    parameters: first.parameters.saturating_add(rest.parameters),
                    activations: first.activations.saturating_add(rest.activations),
                }
            }
        }
    }
}

/// Walks through the layers with the channels and the size of the map.
struct Walk {
    channels: u64,
    size: [u64; 2],
    /// Whether a norm with scale and shift stands after a convolution.
    normed: bool,
    total: Estimate,
}

impl Walk {
    /// A convolution without bias and its norm. It keeps the map that it reads and the one that it writes.
    fn convolution(&mut self, outputs: u64, kernel: u64, stride: u64) {
        self.keep_map();
        self.weights(outputs, kernel);
        self.size = self.size.map(|side| side.div_ceil(stride));
        self.channels = outputs;
        self.keep_map();
    }

    fn weights(&mut self, outputs: u64, kernel: u64) {
        self.kernels(outputs, kernel, 1);
        let of_norm = if self.normed { outputs.saturating_mul(2) } else { 0 };
        self.total.parameters = self.total.parameters.saturating_add(of_norm);
    }

    /// So many convolutions without bias.
    fn kernels(&mut self, outputs: u64, kernel: u64, times: u64) {
        let of_kernel = outputs.saturating_mul(self.channels).saturating_mul(kernel * kernel);
        self.total.parameters = self.total.parameters.saturating_add(of_kernel.saturating_mul(times));
    }

    /// A convolution without padding or batch norm, which keeps the map that it reads.
    fn unpadded(&mut self, outputs: u64, kernel: u64, stride: u64, border: u64) {
        self.keep_map();
        self.kernels(outputs, kernel, 1);
        self.size = self.size.map(|side| (side + border).saturating_sub(kernel) / stride + 1);
        self.channels = outputs;
    }

    /// So many units of AMDIM's encoder, one after another; all but the first of a block keep channels and size.
    fn unit(&mut self, outputs: u64, kernel: u64, stride: u64, times: u64) {
        if times == 0 {
            return;
        }
        let before = self.total.activations;
        self.kernels(outputs, kernel, times);
        self.keep_map();
        self.size = self.size.map(|side| side.saturating_sub(kernel) / stride + 1);
        self.channels = outputs;
        self.kernels(outputs, 1, times);
        self.keep_map();
        let of_one = self.total.activations.saturating_sub(before);
        self.total.activations = before.saturating_add(of_one.saturating_mul(times));
    }

    fn keep_map(&mut self) {
        let values = self.channels.saturating_mul(self.size[0].saturating_mul(self.size[1]));
        self.total.activations = self.total.activations.saturating_add(values);
    }

    /// A pooling that halves the sides.
    fn pool(&mut self) {
        self.size = self.size.map(|side| side.div_ceil(2));
    }
}

fn resnet(spec: ResNetSpec, mut walk: Walk) -> Estimate {
    let (counts, bottleneck) = spec.blocks();
    let width = spec.width.unsigned_abs();
    walk.normed = spec.norm != Norm::None;
    match spec.stem {
        Stem::Cifar => walk.convolution(width, 3, 1),
        Stem::Imagenet => {
            walk.convolution(width, 7, 2);
            walk.pool();
        }
    }
    for (stage, count) in counts.into_iter().enumerate() {
        let planes = width << stage;
        let outputs = if bottleneck { planes * 4 } else { planes };
        for block in 0..count {
            let stride = if stage > 0 && block == 0 { 2 } else { 1 };
            if stride != 1 || walk.channels != outputs {
                // The shortcut reads the map that the first convolution reads, which is counted there.
                walk.weights(outputs, 1);
            }
            if bottleneck {
                walk.convolution(planes, 1, 1);
                walk.convolution(planes, 3, stride);
                walk.convolution(outputs, 1, 1);
            } else {
                walk.convolution(planes, 3, stride);
                walk.convolution(planes, 3, 1);
            }
        }
    }
    walk.total
}

/// A block keeps of each token what its two norms, three products and GELU read, but no attention weights: the fused kernel computes them again.
fn vit(spec: VitSpec, walk: &Walk) -> Estimate {
    let [width, depth, patch] = [spec.width, spec.depth, spec.patch.max(1)].map(i64::unsigned_abs);
    let patches = |size: [u64; 2]| (size[0] / patch).saturating_mul(size[1] / patch);
    let square = width.saturating_mul(width);
    // Weights and biases of qkv, proj, fc1 and fc2, and two norms.
    let block = square.saturating_mul(12).saturating_add(width * 13);
    let of_patch = walk.channels.saturating_mul(patch).saturating_mul(patch).saturating_add(1);
    let projection = if spec.frozen_projection { 0 } else { width.saturating_mul(of_patch) };
    let learned = spec.position == PositionEmbedding::Learned;
    let places = patches([spec.side.unsigned_abs(); 2]).saturating_add(1);
    let positions = if learned { width.saturating_mul(places) } else { 0 };
    let parameters =
        [projection, positions, 3 * width].into_iter().fold(depth.saturating_mul(block), u64::saturating_add);
    // x twice, two norms, queries, keys and values, their mixture, and the hidden layer before and after GELU.
    let of_token = width.saturating_mul(depth).saturating_mul(2 + 2 + 3 + 1 + 8);
    Estimate { parameters, activations: patches(walk.size).saturating_add(1).saturating_mul(of_token) }
}

fn nin(spec: NinSpec, mut walk: Walk) -> Estimate {
    let width = spec.width.unsigned_abs();
    for block in 1..=spec.blocks {
        let widths = if block == 1 { [width, width * 5 / 6, width / 2] } else { [width; 3] };
        let kernel = if block <= 2 { 5 } else { 3 };
        walk.convolution(widths[0], kernel, 1);
        walk.convolution(widths[1], 1, 1);
        walk.convolution(widths[2], 1, 1);
        if block <= 2 {
            walk.pool();
        }
    }
    walk.total
}

/// Maps shrink, since nothing is padded; a unit keeps what each of its two convolutions reads, and what it writes is read by the
/// next.
fn amdim(spec: AmdimSpec, mut walk: Walk) -> Estimate {
    let width = spec.width.unsigned_abs();
    for &(side, stride, border) in spec.stem() {
        let [side, stride, border] = [side, stride, border].map(i64::unsigned_abs);
        walk.unpadded(width, side, stride, 2 * border);
        walk.total.parameters = walk.total.parameters.saturating_add(width);
    }
    for (outputs, kernel, stride, units) in spec.blocks() {
        let [outputs, kernel, stride] = [outputs, kernel, stride].map(i64::unsigned_abs);
        walk.unit(outputs, kernel, stride, 1);
        walk.unit(outputs, 1, 1, units.unsigned_abs() - 1);
    }
    walk.keep_map();
    walk.total.parameters = walk.total.parameters.saturating_add(2 * spec.rkhs.unsigned_abs());
    walk.total
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Depth, Init, trained};
    use tch::{Device, nn};

    fn parameters(spec: EncoderSpec) -> u64 {
        let store = nn::VarStore::new(Device::Cpu);
        let _encoder = spec.build(&store, Init::new(0));
        trained(&store).iter().map(|(_, variable)| variable.numel() as u64).sum()
    }

    fn resnet_of(depth: Depth, stem: Stem, width: i64) -> EncoderSpec {
        EncoderSpec::ResNet(ResNetSpec {
            depth,
            stem,
            width,
            channels: 3,
            channels_last: false,
            bn_splits: 1,
            norm: Norm::Batch,
        })
    }

    fn nin_of(blocks: i64, width: i64) -> EncoderSpec {
        EncoderSpec::Nin(NinSpec { blocks, width, channels: 3, channels_last: false, bn_splits: 1 })
    }

    fn amdim_of(size: i64) -> EncoderSpec {
        EncoderSpec::Amdim(AmdimSpec {
            size,
            width: 4,
            rkhs: 48,
            depth: 3,
            channels: 3,
            channels_last: false,
            bn_splits: 1,
        })
    }

    #[test]
    fn amdims_activations_are_what_two_convolutions_a_unit_read() {
        // 32 px: 3 x 32^2 and 30^2 x 4 twice, then the maps of 14, 7, 5, 3 and 1 cells a side.
        let expected: u64 = [
            3 * 32 * 32,
            2 * 4 * 900,
            4 * 900 + 8 * 196 + 4 * 8 * 196,
            8 * 196 + 16 * 49 + 4 * 16 * 49,
            16 * 49 + 16 * 25 + 4 * 16 * 25,
            16 * 25 + 16 * 9 + 4 * 16 * 9,
            16 * 9 + 48 + 48,
        ]
        .iter()
        .sum();
        assert_eq!(amdim_of(32).estimate((32, 32)).activations, expected);
    }

    #[test]
    fn field_the_parameters_are_those_of_the_networks() {
        for depth in [Depth::ResNet18, Depth::ResNet34, Depth::ResNet50, Depth::ResNet101, Depth::ResNet152] {
            for stem in [Stem::Cifar, Stem::Imagenet] {
                let spec = resnet_of(depth, stem, 8);
                assert_eq!(spec.estimate((32, 32)).parameters, parameters(spec), "{spec:?}");
            }
        }
        for norm in [Norm::Group, Norm::None] {
            let EncoderSpec::ResNet(own) = resnet_of(Depth::ResNet50, Stem::Cifar, 8) else { unreachable!() };
            let spec = EncoderSpec::ResNet(ResNetSpec { norm, ..own });
            assert_eq!(spec.estimate((32, 32)).parameters, parameters(spec), "{spec:?}");
        }
        for blocks in 1..=5 {
            let spec = nin_of(blocks, 12);
            assert_eq!(spec.estimate((32, 32)).parameters, parameters(spec), "{spec:?}");
        }
        for size in [32, 64, 128] {
            let spec = amdim_of(size);
            assert_eq!(spec.estimate((32, 32)).parameters, parameters(spec), "{spec:?}");
        }
        let gray = ResNetSpec {
            depth: Depth::ResNet18,
            stem: Stem::Cifar,
            width: 8,
            channels: 1,
            channels_last: false,
            bn_splits: 1,
            norm: Norm::Batch,
        };
        assert_eq!(
            EncoderSpec::ResNet(gray).estimate((32, 32)).parameters,
            parameters(EncoderSpec::ResNet(gray))
        );
        // ResNet-50 of the paper, without its classifier of 2,049,000 weights, has 23.5 million.
        let of = |depth| resnet_of(depth, Stem::Imagenet, 64).estimate((224, 224)).parameters;
        let found = [Depth::ResNet50, Depth::ResNet101, Depth::ResNet152].map(of);
        assert_eq!(found, [23_508_032, 42_500_160, 58_143_808]);
    }

    #[test]
    fn field_networks_that_no_machine_holds_are_counted() {
        let wide = resnet_of(Depth::ResNet18, Stem::Cifar, 100_000).estimate((32, 32));
        assert!(wide.parameters > 10_u64.pow(12), "{wide:?}");
        let absurd = resnet_of(Depth::ResNet50, Stem::Cifar, i64::from(u32::MAX)).estimate((4096, 4096));
        assert_eq!(absurd.parameters, u64::MAX, "it does not wrap around");
        assert!(nin_of(5, 600_000).estimate((32, 32)).parameters > 10_u64.pow(13));
    }

    #[test]
    fn activations_grow_with_the_area_of_the_image() {
        for spec in [resnet_of(Depth::ResNet18, Stem::Cifar, 16), nin_of(4, 96)] {
            let [small, large] = [32, 64].map(|side| spec.estimate((side, side)).activations);
            assert_eq!(large, 4 * small, "{spec:?}");
            assert_eq!(spec.estimate((32, 64)).activations, 2 * small, "{spec:?}");
        }
    }
}
