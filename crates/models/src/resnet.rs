//! ResNet-18, 34, 50, 101 and 152 (He et al. 2016, arXiv 1512.03385) without the classifier, with torchvision's names.

use crate::encoder::parameters;
use crate::layers::{Conv2d, Like, fp32_at_least};
use crate::norm::{Norm, NormLayer};
use crate::resnet_block::{Block, BlockShape};
use crate::{Encoder, EncoderSpec, Init, Mode, Pass};
use kontrast_torch_ext::{Parameter, StateDict};
use serde::{Deserialize, Serialize};
use tch::{Tensor, nn};

/// Which ResNet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Depth {
    /// Basic blocks, 2 2 2 2.
    ResNet18,
    /// Basic blocks, 3 4 6 3.
    ResNet34,
    /// Bottlenecks, 3 4 6 3.
    ResNet50,
    /// Bottlenecks, 3 4 23 3.
    ResNet101,
    /// Bottlenecks, 3 8 36 3.
    ResNet152,
}

/// What comes before the first stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stem {
    /// 3x3, stride 1, padding 1, no max-pool: SimCLR's change for CIFAR (arXiv 2002.05709, appendix B.9).
    Cifar,
    /// 7x7, stride 2, then a 3x3 max-pool of stride 2.
    Imagenet,
}

/// Everything that decides a ResNet's shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResNetSpec {
    /// Blocks per stage and their kind.
    pub depth: Depth,
    /// First layers.
    pub stem: Stem,
    /// Channels of the first stage; 64 in the paper, twice that in SimCLR's "2x".
    pub width: i64,
    /// Channels of an image: 3 in the paper.
    pub channels: i64,
    /// Whether weights have channels-last strides: the same numbers, quicker under bf16.
    pub channels_last: bool,
    /// Splits of a batch, of consecutive images, that batch norm sees one at a time.
    pub bn_splits: i64,
    /// What stands after each convolution; batch norm in the paper.
    #[serde(default, skip_serializing_if = "Norm::is_batch")]
    pub norm: Norm,
}

impl ResNetSpec {
    /// Blocks of each stage, and whether they are bottlenecks.
    pub fn blocks(self) -> ([usize; 4], bool) {
        match self.depth {
            Depth::ResNet18 => ([2, 2, 2, 2], false),
            Depth::ResNet34 => ([3, 4, 6, 3], false),
            Depth::ResNet50 => ([3, 4, 6, 3], true),
            Depth::ResNet101 => ([3, 4, 23, 3], true),
            Depth::ResNet152 => ([3, 8, 36, 3], true),
        }
    }
}

/// A residual network up to its global average pool.
#[derive(Debug)]
pub struct ResNet {
    spec: ResNetSpec,
    conv1: Conv2d,
    bn1: NormLayer,
    layers: Vec<Vec<Block>>,
    variables: StateDict,
    device: tch::Device,
}

impl ResNet {
    /// Makes the variables in `store`, which holds nothing else, with PyTorch's initialisation.
    pub fn new(store: &nn::VarStore, spec: ResNetSpec, init: Init) -> Self {
        let path = store.root();
        let like = Like { init, channels_last: spec.channels_last, bn_splits: spec.bn_splits };
        let (side, stride, padding) = if spec.stem == Stem::Cifar { (3, 1, 1) } else { (7, 2, 3) };
        let conv1 = Conv2d::new(&(&path / "conv1"), [spec.width, spec.channels, side], stride, padding, like);
        let bn1 = NormLayer::new(&(&path / "bn1"), spec.width, spec.norm, like);
        let (counts, bottleneck) = spec.blocks();
        let mut inputs = spec.width;
        let mut layers = Vec::new();
        for (stage, count) in counts.into_iter().enumerate() {
            let planes = spec.width << stage;
            let path = &path / format!("layer{}", stage + 1);
            let mut blocks = Vec::new();
            for index in 0..count {
                let stride = if stage > 0 && index == 0 { 2 } else { 1 };
                let shape = BlockShape { inputs, planes, stride, bottleneck, norm: spec.norm };
                blocks.push(Block::new(&(&path / index), shape, like));
                inputs = shape.outputs();
            }
            layers.push(blocks);
        }
        Self { spec, conv1, bn1, layers, variables: crate::state(store), device: store.device() }
    }

    /// Another handle on the same variables.
    pub(crate) fn another(&self) -> Self {
        Self {
            spec: self.spec,
            conv1: self.conv1.handle(),
            bn1: self.bn1.handle(),
            layers: self.layers.iter().map(|blocks| blocks.iter().map(Block::handle).collect()).collect(),
            variables: self.variables.clone(),
            device: self.device,
        }
    }

    fn stem(&self, images: &Tensor, mode: Mode) -> Tensor {
        let x = self.bn1.forward(&self.conv1.forward(images), mode).relu_();
        match self.spec.stem {
            Stem::Cifar => x,
            Stem::Imagenet => x.max_pool2d(3, 2, 1, 1, false),
        }
    }
}

impl Encoder for ResNet {
    fn forward(&self, images: &Tensor, Pass { mode, .. }: Pass<'_>) -> Tensor {
        let mut x = self.stem(images, mode);
        for block in self.layers.iter().flatten() {
            x = block.forward(&x, mode);
        }
        // Averaged in fp32 also under autocast: a representation rounded to bf16 loses neighbours.
        fp32_at_least(&x).adaptive_avg_pool2d([1, 1]).flatten(1, -1)
    }

    fn stages(&self, images: &Tensor, Pass { mode, .. }: Pass<'_>) -> Vec<Tensor> {
        let mut x = self.stem(images, mode);
        let stage = |blocks: &Vec<Block>| {
            x = blocks.iter().fold(x.shallow_clone(), |x, block| block.forward(&x, mode));
            x.shallow_clone()
        };
        self.layers.iter().map(stage).collect()
    }

    fn width(&self) -> i64 {
        let (_, bottleneck) = self.spec.blocks();
        self.spec.width * if bottleneck { 32 } else { 8 }
    }

    fn spec(&self) -> Option<EncoderSpec> {
        Some(EncoderSpec::ResNet(self.spec))
    }

    fn variables(&self) -> StateDict {
        self.variables.clone()
    }

    /// The stem at depth 0, then one a residual block in order.
    fn parameters(&self) -> Vec<Parameter> {
        let stages = self.layers.iter().enumerate();
        let blocks = stages.flat_map(|(stage, blocks)| {
            (0..blocks.len()).map(move |block| format!("layer{}.{block}", stage + 1))
        });
        parameters(&self.variables, std::iter::once("conv1".to_owned()).chain(blocks))
    }

    fn handle(&self) -> Box<dyn Encoder> {
        Box::new(self.another())
    }
}
