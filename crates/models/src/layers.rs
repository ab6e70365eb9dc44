//! The three layers that everything here is made of, with PyTorch's names, defaults and initial values.

use crate::{Init, Mode};
use kontrast_torch_ext::channels_last;
use tch::{Tensor, nn};

/// A handle on the same tensor.
fn shared(tensor: &Tensor) -> Tensor {
    tensor.shallow_clone()
}

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
        Self { weight: shared(&self.weight), ..*self }
    }
}

/// How layers are made: their initial values and their memory format.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Like {
    pub(crate) init: Init,
    pub(crate) channels_last: bool,
}

/// Batch norm over the second dimension; scale 1 and shift 0 at first, momentum 0.1, eps 1e-5.
#[derive(Debug)]
pub(crate) struct BatchNorm {
    weight: Tensor,
    bias: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
}

impl BatchNorm {
    pub(crate) fn new(path: &nn::Path<'_>, width: i64) -> Self {
        Self {
            weight: path.ones("weight", &[width]),
            bias: path.zeros("bias", &[width]),
            running_mean: path.zeros_no_train("running_mean", &[width]),
            running_var: path.ones_no_train("running_var", &[width]),
        }
    }

    pub(crate) fn forward(&self, x: &Tensor, mode: Mode) -> Tensor {
        // A momentum of 0 leaves the running statistics bit for bit as they are.
        let momentum = if mode == Mode::Train { 0.1 } else { 0.0 };
        x.batch_norm(
            Some(&self.weight),
            Some(&self.bias),
            Some(&self.running_mean),
            Some(&self.running_var),
            mode != Mode::Eval,
            momentum,
            1e-5,
            true,
        )
    }

    pub(crate) fn share(&self) -> Self {
        Self {
            weight: shared(&self.weight),
            bias: shared(&self.bias),
            running_mean: shared(&self.running_mean),
            running_var: shared(&self.running_var),
        }
    }
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
