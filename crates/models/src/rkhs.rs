//! What makes the cells of a feature map comparable with a representation (Bachman, Hjelm and Buchwalter 2019, arXiv 1906.00910,
//! section 3.2: the functions phi).

use crate::Mode;
use crate::batch_norm::BatchNorm;
use crate::layers::{Conv2d, Like};
use kontrast_torch_ext::StateDict;
use tch::{Kind, Tensor, nn};

/// How far the entries of the shortcut are from those of the identity at first, at most.
const NEAR: f32 = 0.01;

/// 1x1, ReLU and a 1x1 convolution that is 0 at first, beside a 1x1 shortcut that begins near the identity; then batch norm.
#[derive(Debug)]
pub struct RkhsBlock {
    conv1: Conv2d,
    conv2: Conv2d,
    shortcut: Conv2d,
    bn: BatchNorm,
    variables: StateDict,
}

impl RkhsBlock {
    /// Makes the variables in `store`, which holds nothing else: of cells of `inputs` values, `outputs` each.
    pub fn new(store: &nn::VarStore, [inputs, outputs]: [i64; 2], like: Like) -> Self {
        let path = store.root();
        let (conv1, conv2, shortcut) = (&path / "conv1", &path / "conv2", &path / "shortcut");
        let options = (Kind::Float, tch::Device::Cpu);
        let zeros = Tensor::zeros([outputs, outputs, 1, 1], options);
        let near = like.init.uniform(&shortcut.path("weight"), &[outputs, inputs], NEAR);
        let diagonal = Tensor::eye_m(outputs, inputs, options);
        let near = near * (-&diagonal + 1.0) + diagonal;
        Self {
            conv1: Conv2d::plain(&conv1, [outputs, inputs, 1], 1, like),
            conv2: Conv2d::with(&conv2, &zeros, 1, like),
            shortcut: Conv2d::with(&shortcut, &near.view([outputs, inputs, 1, 1]), 1, like)
                .with_bias(&shortcut, like),
            bn: BatchNorm::new(&(&path / "bn"), outputs, like.bn_splits),
            variables: crate::state(store),
        }
    }

    /// # Shapes
    /// - `map`: `[n, inputs, h, w]`
    /// - returns `[n, outputs, h, w]`
    pub fn forward(&self, map: &Tensor, mode: Mode) -> Tensor {
        let residual = self.conv2.forward(&self.conv1.forward(map).relu_());
        self.bn.forward(&(residual + self.shortcut.forward(map)), mode)
    }

    /// All variables and running statistics, sharing memory with the block.
    pub fn state(&self) -> StateDict {
        self.variables.clone()
    }
}
