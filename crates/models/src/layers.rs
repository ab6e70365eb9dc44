//! Convolution and linear layer, with PyTorch's names, defaults and initial values.

use crate::Init;
use kontrast_torch_ext::channels_last;
use tch::{Tensor, nn};

/// A convolution without bias, as in every ResNet.
#[derive(Debug)]
pub(crate) struct Conv2d {
    weight: Tensor,
    stride: i64,
    padding: i64,
}

impl Conv2d {
    /// `shape`: out channels, in channels, kernel side.
    pub(crate) fn new(path: &nn::Path<'_>, shape: [i64; 3], stride: i64, padding: i64, like: Like) -> Self {
        let [outputs, inputs, side] = shape;
        let value = like.init.convolution(&path.path("weight"), [outputs, inputs, side, side]);
        let value = if like.channels_last { channels_last(&value) } else { value };
        let weight = path.add("weight", value.to_device(path.device()), true);
        Self { weight, stride, padding }
    }

    pub(crate) fn forward(&self, x: &Tensor) -> Tensor {
        x.conv2d(&self.weight, None::<&Tensor>, self.stride, self.padding, 1, 1)
    }

    pub(crate) fn share(&self) -> Self {
        Self { weight: self.weight.shallow_clone(), ..*self }
    }
}

/// How layers are made: their initial values, their memory format, and how batch norm shares a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Like {
    pub(crate) init: Init,
    pub(crate) channels_last: bool,
    pub(crate) virtual_devices: i64,
}

/// A linear layer.
#[derive(Debug)]
pub(crate) struct Linear {
    weight: Tensor,
    bias: Option<Tensor>,
}

impl Linear {
    pub(crate) fn new(path: &nn::Path<'_>, inputs: i64, outputs: i64, with_bias: bool, init: Init) -> Self {
        let draw = |name: &str, shape: &[i64]| {
            let value = init.linear(&path.path(name), shape, inputs);
            path.add(name, value.to_device(path.device()), true)
        };
        Self { weight: draw("weight", &[outputs, inputs]), bias: with_bias.then(|| draw("bias", &[outputs])) }
    }

    pub(crate) fn forward(&self, x: &Tensor) -> Tensor {
        x.linear(&self.weight, self.bias.as_ref())
    }
}
