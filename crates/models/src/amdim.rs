//! AMDIM's encoder (Bachman, Hjelm and Buchwalter 2019, arXiv 1906.00910, section 3.4 and appendix A): a residual network without
//! padding, so that a cell of a map has seen its own part of the image alone.

use crate::amdim_block::{Block, BlockShape};
use crate::batch_norm::BatchNorm;
use crate::encoder::parameters;
use crate::layers::{Conv2d, Like, fp32_at_least};
use crate::{Encoder, EncoderSpec, Init, Pass};
use kontrast_torch_ext::{Parameter, StateDict};
use serde::{Deserialize, Serialize};
use tch::{Tensor, nn};

/// Blocks, each of which gives a feature map.
const BLOCKS: usize = 6;

/// Everything that decides the shape of AMDIM's encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmdimSpec {
    /// Pixels on a side of the images: 32, 64 or 128.
    pub size: i64,
    /// Channels of the first layer, `ndf` in the paper's code.
    pub width: i64,
    /// Values of a representation, and of a cell that is compared with it.
    pub rkhs: i64,
    /// Units of a block; the last has one, and at 32 pixels the first too.
    pub depth: i64,
    /// Channels of an image: 3 in the paper.
    pub channels: i64,
    /// Whether weights have channels-last strides: the same numbers, quicker under bf16.
    pub channels_last: bool,
    /// Splits of a batch, of consecutive images, that batch norm sees one at a time.
    pub bn_splits: i64,
}

impl AmdimSpec {
    /// The feature map of 7x7 cells among [`Encoder::stages`], for images of the encoder's size.
    pub const MAP_7: usize = 2;
    /// That of 5x5 cells.
    pub const MAP_5: usize = 3;
    /// That of one cell, the representation.
    pub const MAP_1: usize = 5;

    /// Channels of the maps of 7x7 and of 5x5 cells; a representation has as many values at least.
    pub fn local_channels(self) -> i64 {
        self.width * if self.size == 32 { 4 } else { 8 }
    }

    /// Convolutions before the blocks: the side of the kernel, the stride, and the pixels of reflection around the map.
    pub fn stem(self) -> &'static [(i64, i64, i64)] {
        if self.size == 128 { &[(5, 2, 2), (3, 1, 0)] } else { &[(3, 1, 0)] }
    }

    /// Output channels, kernel and stride of each block's first unit, and its number of units.
    pub fn blocks(self) -> [(i64, i64, i64, i64); BLOCKS] {
        let Self { width, rkhs, depth, .. } = self;
        let local = self.local_channels();
        let (first, second) = if self.size == 32 {
            ((width, 1, 1, 1), (2 * width, 4, 2, depth))
        } else {
            ((2 * width, 4, 2, depth), (4 * width, 4, 2, depth))
        };
        [first, second, (local, 2, 2, depth), (local, 3, 1, depth), (local, 3, 1, depth), (rkhs, 3, 1, 1)]
    }
}

/// A residual network without padding whose last map is one cell.
#[derive(Debug)]
pub struct Amdim {
    spec: AmdimSpec,
    stem: Vec<Conv2d>,
    blocks: Vec<Block>,
    /// Of the last map.
    bn: BatchNorm,
    variables: StateDict,
}

impl Amdim {
    /// Makes the variables in `store`, which holds nothing else: PyTorch's initial values, and 0 for the last convolution of each
    /// unit.
    ///
    /// # Panics
    /// Where the size is none of the three, or a representation has fewer values than the maps have channels.
    pub fn new(store: &nn::VarStore, spec: AmdimSpec, init: Init) -> Self {
        assert!([32, 64, 128].contains(&spec.size), "images of 32, 64 or 128 pixels, found {}", spec.size);
        let like = Like { init, channels_last: spec.channels_last, bn_splits: spec.bn_splits };
        let path = store.root();
        let mut inputs = spec.channels;
        let mut stem = Vec::new();
        for (index, &(side, stride, _)) in spec.stem().iter().enumerate() {
            let path = &path / format!("conv{}", index + 1);
            stem.push(Conv2d::plain(&path, [spec.width, inputs, side], stride, like).with_bias(&path, like));
            inputs = spec.width;
        }
        let mut blocks = Vec::new();
        for (index, (outputs, kernel, stride, units)) in spec.blocks().into_iter().enumerate() {
            let shape = BlockShape { outputs, kernel, stride, units };
            blocks.push(Block::new(&(&path / format!("block{}", index + 1)), inputs, shape, like));
            inputs = outputs;
        }
        let bn = BatchNorm::new(&(&path / "bn"), spec.rkhs, spec.bn_splits);
        Self { spec, stem, blocks, bn, variables: crate::state(store) }
    }
}

impl Encoder for Amdim {
    fn forward(&self, images: &Tensor, pass: Pass<'_>) -> Tensor {
        let last = self.stages(images, pass).pop().expect("six blocks");
        // Of larger images the last map has several cells.
        fp32_at_least(&last).adaptive_avg_pool2d([1, 1]).flatten(1, -1)
    }

    fn stages(&self, images: &Tensor, Pass { mode, .. }: Pass<'_>) -> Vec<Tensor> {
        let mut x = images.shallow_clone();
        for (layer, &(_, _, border)) in self.stem.iter().zip(self.spec.stem()) {
            if border > 0 {
                x = x.reflection_pad2d([border; 4]);
            }
            x = layer.forward(&x).relu_();
        }
        let stage = |block: &Block| {
            x = block.forward(&x);
            x.shallow_clone()
        };
        let mut maps: Vec<_> = self.blocks.iter().map(stage).collect();
        maps[AmdimSpec::MAP_1] = self.bn.forward(&maps[AmdimSpec::MAP_1], mode);
        maps
    }

    fn width(&self) -> i64 {
        let AmdimSpec { rkhs, .. } = self.spec;
        rkhs
    }

    fn spec(&self) -> Option<EncoderSpec> {
        Some(EncoderSpec::Amdim(self.spec))
    }

    fn variables(&self) -> StateDict {
        self.variables.clone()
    }

    /// The stem at depth 0, then one a block; batch norm lies beside the last.
    fn parameters(&self) -> Vec<Parameter> {
        let blocks = (1..=BLOCKS).map(|number| format!("block{number}"));
        let found = parameters(&self.variables, std::iter::once("conv1".to_owned()).chain(blocks));
        let beside = |own: Parameter| {
            if own.name.starts_with("bn.") { Parameter { depth: BLOCKS, ..own } } else { own }
        };
        found.into_iter().map(beside).collect()
    }

    fn handle(&self) -> Box<dyn Encoder> {
        Box::new(Self {
            spec: self.spec,
            stem: self.stem.iter().map(Conv2d::handle).collect(),
            blocks: self.blocks.iter().map(Block::handle).collect(),
            bn: self.bn.handle(),
            variables: self.variables.clone(),
        })
    }
}
