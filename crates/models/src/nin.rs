//! The network in network that RotNet trains on CIFAR-10 (Gidaris, Singh and Komodakis 2018, arXiv 1803.07728, section
//! 3.1; Lin et al. 2013, arXiv 1312.4400) without the classifier.

use crate::encoder::parameters;
use crate::layers::{Like, fp32_at_least};
use crate::nin_block::NinBlock;
use crate::{Encoder, EncoderSpec, Init, Mode, Pass};
use kontrast_torch_ext::{Parameter, StateDict};
use serde::{Deserialize, Serialize};
use tch::{Tensor, nn};

/// Everything that decides the shape of a network in network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NinSpec {
    /// Blocks of three convolutions: 3, 4 or 5 in the paper.
    pub blocks: i64,
    /// Channels of the blocks after the first: 192 in the paper. The first has 1, 5/6 and 1/2 of it.
    pub width: i64,
    /// Channels of an image: 3 in the paper.
    pub channels: i64,
    /// Whether weights have channels-last strides: the same numbers, quicker under bf16.
    pub channels_last: bool,
    /// Splits of a batch, of consecutive images, that batch norm sees one at a time.
    pub bn_splits: i64,
}

/// Blocks of three convolutions, the first two with 5x5 kernels and a pooling after each that halves the sides, up to the
/// global average pool.
#[derive(Debug)]
pub struct Nin {
    spec: NinSpec,
    blocks: Vec<NinBlock>,
    variables: StateDict,
    device: tch::Device,
}

impl Nin {
    /// Makes the variables in `store`, which holds nothing else: He et al.'s normal draws by fan-out, as in the paper's
    /// published code.
    ///
    /// # Panics
    /// Where there is no block, or six does not divide the width.
    pub fn new(store: &nn::VarStore, spec: NinSpec, init: Init) -> Self {
        let NinSpec { blocks, width, .. } = spec;
        assert!(blocks >= 1 && width >= 6 && width % 6 == 0, "{blocks} blocks of {width} channels");
        let like = Like { init, channels_last: spec.channels_last, bn_splits: spec.bn_splits };
        let path = store.root();
        let block = |number: i64| {
            let path = &path / format!("block{number}");
            match number {
                1 => NinBlock::of(&path, spec.channels, [width, width * 5 / 6, width / 2], 5, like),
                2 => NinBlock::of(&path, width / 2, [width; 3], 5, like),
                _ => NinBlock::of(&path, width, [width; 3], 3, like),
            }
        };
        let blocks = (1..=blocks).map(block).collect();
        Self { spec, blocks, variables: crate::state(store), device: store.device() }
    }

    /// Feature maps after a block, from 0, and its pooling.
    fn stage(&self, which: usize, x: &Tensor, mode: Mode) -> Tensor {
        let x = self.blocks[which].forward(x, mode);
        // Overlapping windows of 3, a step of 2.
        match which {
            0 => x.max_pool2d(3, 2, 1, 1, false),
            1 => x.avg_pool2d(3, 2, 1, false, true, None),
            _ => x,
        }
    }
}

impl Encoder for Nin {
    fn forward(&self, images: &Tensor, Pass { mode, .. }: Pass<'_>) -> Tensor {
        let x = (0..self.blocks.len()).fold(images.shallow_clone(), |x, which| self.stage(which, &x, mode));
        // Averaged in fp32 also under autocast: a representation rounded to bf16 loses neighbours.
        fp32_at_least(&x).adaptive_avg_pool2d([1, 1]).flatten(1, -1)
    }

    fn stages(&self, images: &Tensor, Pass { mode, .. }: Pass<'_>) -> Vec<Tensor> {
        let mut x = images.shallow_clone();
        let stage = |which| {
            x = self.stage(which, &x, mode);
            x.shallow_clone()
        };
        (0..self.blocks.len()).map(stage).collect()
    }

    fn width(&self) -> i64 {
        if self.blocks.len() == 1 { self.spec.width / 2 } else { self.spec.width }
    }

    fn spec(&self) -> Option<EncoderSpec> {
        Some(EncoderSpec::Nin(self.spec))
    }

    fn variables(&self) -> StateDict {
        self.variables.clone()
    }

    /// One a block, the first at depth 0.
    fn parameters(&self) -> Vec<Parameter> {
        parameters(&self.variables, (1..=self.blocks.len()).map(|number| format!("block{number}")))
    }

    fn handle(&self) -> Box<dyn Encoder> {
        Box::new(Self {
            spec: self.spec,
            blocks: self.blocks.iter().map(NinBlock::handle).collect(),
            variables: self.variables.clone(),
            device: self.device,
        })
    }
}
