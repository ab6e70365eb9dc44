//! The layers of AMDIM's encoder (Bachman, Hjelm and Buchwalter 2019, arXiv 1906.00910, section 3.4 and appendix A): residual
//! units without padding and without batch norm.

use crate::layers::{Conv2d, Like};
use tch::{Tensor, nn};

/// Channels, kernel and number of the units of one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockShape {
    pub(crate) outputs: i64,
    /// Side of the first unit's kernel; those of the others are 1.
    pub(crate) kernel: i64,
    /// Of the first unit.
    pub(crate) stride: i64,
    pub(crate) units: i64,
}

/// Units one after another, of which the first alone looks at more than a pixel.
#[derive(Debug)]
pub(crate) struct Block(Vec<Unit>);

impl Block {
    pub(crate) fn new(path: &nn::Path<'_>, inputs: i64, shape: BlockShape, like: Like) -> Self {
        let BlockShape { outputs, kernel, stride, units } = shape;
        let unit = |index: i64| {
            let path = path / index;
            if index == 0 {
                Unit::new(&path, [outputs, inputs, kernel], stride, like)
            } else {
                Unit::new(&path, [outputs, outputs, 1], 1, like)
            }
        };
        Self((0..units).map(unit).collect())
    }

    pub(crate) fn forward(&self, x: &Tensor) -> Tensor {
        self.0.iter().fold(x.shallow_clone(), |x, unit| unit.forward(&x))
    }

    pub(crate) fn handle(&self) -> Self {
        Self(self.0.iter().map(Unit::handle).collect())
    }
}

/// A convolution, ReLU and a 1x1 convolution that is 0 at first, beside the mean of what the first one sees; channels that the
/// map does not have yet are 0 in it.
#[derive(Debug)]
struct Unit {
    conv1: Conv2d,
    conv2: Conv2d,
    kernel: i64,
    stride: i64,
    /// Channels more than the unit reads.
    more: i64,
}

impl Unit {
    /// `shape`: out channels, in channels, kernel side.
    fn new(path: &nn::Path<'_>, shape: [i64; 3], stride: i64, like: Like) -> Self {
        let [outputs, inputs, kernel] = shape;
        assert!(outputs >= inputs, "{outputs} channels of {inputs}: a unit loses none");
        let zeros = Tensor::zeros([outputs, outputs, 1, 1], (tch::Kind::Float, tch::Device::Cpu));
        Self {
            conv1: Conv2d::plain(&(path / "conv1"), shape, stride, like),
            conv2: Conv2d::with(&(path / "conv2"), &zeros, 1, like),
            kernel,
            stride,
            more: outputs - inputs,
        }
    }

    fn forward(&self, x: &Tensor) -> Tensor {
        let y = self.conv2.forward(&self.conv1.forward(x).relu_());
        let mut shortcut = x.shallow_clone();
        if self.kernel > 1 {
            let (side, stride) = ([self.kernel; 2], [self.stride; 2]);
            shortcut = shortcut.avg_pool2d(side, stride, 0, false, true, None);
        }
        if self.more > 0 {
            shortcut = shortcut.constant_pad_nd([0, 0, 0, 0, 0, self.more]);
        }
        y + shortcut
    }

    fn handle(&self) -> Self {
        Self { conv1: self.conv1.handle(), conv2: self.conv2.handle(), ..*self }
    }
}
