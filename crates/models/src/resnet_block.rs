//! The two residual blocks of He et al. 2016 (arXiv 1512.03385, figures 2 and 5), torchvision's variant: the stride
//! of a bottleneck sits in its 3x3 convolution.

use crate::Mode;
use crate::layers::{Conv2d, Like};
use crate::norm::{Norm, NormLayer};
use tch::{Tensor, nn};

/// Channels, stride and norm of one block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockShape {
    pub(crate) inputs: i64,
    pub(crate) planes: i64,
    pub(crate) stride: i64,
    pub(crate) bottleneck: bool,
    pub(crate) norm: Norm,
}

impl BlockShape {
    pub(crate) fn outputs(self) -> i64 {
        if self.bottleneck { self.planes * 4 } else { self.planes }
    }
}

/// Two 3x3 convolutions, or 1x1, 3x3, 1x1, beside a shortcut.
#[derive(Debug)]
pub(crate) struct Block {
    steps: Vec<(Conv2d, NormLayer)>,
    downsample: Option<(Conv2d, NormLayer)>,
}

impl Block {
    pub(crate) fn new(path: &nn::Path<'_>, shape: BlockShape, like: Like) -> Self {
        let BlockShape { inputs, planes, stride, bottleneck, norm } = shape;
        let outputs = shape.outputs();
        // Outputs, inputs, kernel side; stride; padding.
        let layers = if bottleneck {
            vec![([planes, inputs, 1], 1, 0), ([planes, planes, 3], stride, 1), ([outputs, planes, 1], 1, 0)]
        } else {
            vec![([planes, inputs, 3], stride, 1), ([planes, planes, 3], 1, 1)]
        };
        let step = |(i, (kernel, stride, padding)): (usize, ([i64; 3], i64, i64))| {
            let convolution = Conv2d::new(&(path / format!("conv{}", i + 1)), kernel, stride, padding, like);
            (convolution, NormLayer::new(&(path / format!("bn{}", i + 1)), kernel[0], norm, like))
        };
        let steps = layers.into_iter().enumerate().map(step).collect();
        let downsample = (stride != 1 || inputs != outputs).then(|| {
            let path = path / "downsample";
            let convolution = Conv2d::new(&(&path / 0), [outputs, inputs, 1], stride, 0, like);
            (convolution, NormLayer::new(&(&path / 1), outputs, norm, like))
        });
        Self { steps, downsample }
    }

    pub(crate) fn forward(&self, x: &Tensor, mode: Mode) -> Tensor {
        let apply = |(convolution, norm): &(Conv2d, NormLayer), x: &Tensor| {
            norm.forward(&convolution.forward(x), mode)
        };
        let (last, first) = self.steps.split_last().expect("a block has convolutions");
        let mut y = x.shallow_clone();
        for step in first {
            y = apply(step, &y).relu_();
        }
        let mut y = apply(last, &y);
        let shortcut = self.downsample.as_ref().map_or_else(|| x.shallow_clone(), |step| apply(step, x));
        y.g_add_(&shortcut).relu_()
    }

    pub(crate) fn handle(&self) -> Self {
        let handle = |(convolution, norm): &(Conv2d, NormLayer)| (convolution.handle(), norm.handle());
        Self {
            steps: self.steps.iter().map(handle).collect(),
            downsample: self.downsample.as_ref().map(handle),
        }
    }
}
