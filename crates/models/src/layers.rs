//! Convolution and linear layer, with PyTorch's names, defaults and initial values.

use crate::Init;
use kontrast_torch_ext::channels_last;
use tch::{Device, Kind, Tensor, nn};

/// A convolution; in every ResNet without bias.
#[derive(Debug)]
pub struct Conv2d {
    weight: Tensor,
    bias: Option<Tensor>,
    stride: i64,
    padding: i64,
}

impl Conv2d {
    /// `shape`: out channels, in channels, kernel side.
    pub fn new(path: &nn::Path<'_>, shape: [i64; 3], stride: i64, padding: i64, like: Like) -> Self {
        let [outputs, inputs, side] = shape;
        let value = like.init.convolution(&path.path("weight"), [outputs, inputs, side, side]);
        Self { padding, ..Self::with(path, &value, stride, like) }
    }

    /// Without padding, with PyTorch's initial values.
    pub(crate) fn plain(
        path: &nn::Path<'_>,
        [outputs, inputs, side]: [i64; 3],
        stride: i64,
        like: Like,
    ) -> Self {
        let shape = [outputs, inputs, side, side];
        let value = like.init.linear(&path.path("weight"), &shape, inputs * side * side);
        Self::with(path, &value, stride, like)
    }

    /// Without padding, with this weight at first, `[out channels, in channels, h, w]`.
    pub(crate) fn with(path: &nn::Path<'_>, value: &Tensor, stride: i64, like: Like) -> Self {
        let value = if like.channels_last { channels_last(value) } else { value.shallow_clone() };
        let weight = path.add("weight", value.to_device(path.device()), true);
        Self { weight, bias: None, stride, padding: 0 }
    }

    /// The same with a bias, which has PyTorch's initial values.
    pub(crate) fn with_bias(self, path: &nn::Path<'_>, like: Like) -> Self {
        let size = self.weight.size();
        let value = like.init.linear(&path.path("bias"), &size[..1], size[1..].iter().product());
        Self { bias: Some(path.add("bias", value.to_device(path.device()), true)), ..self }
    }

    /// Of maps, `[n, in channels, h, w]`.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let bias = self.bias.as_ref();
        // A kernel of one pixel that skips pixels: on a CPU with AVX-512, libtorch 2.11's gradient by the input writes
        // past its memory where the channels are no multiple of 16. Skipping first gives the same values.
        let lone = self.weight.size()[2] == 1 && self.padding == 0;
        if lone && self.stride > 1 && x.device() == Device::Cpu {
            let kept = x.slice(2, None, None, self.stride).slice(3, None, None, self.stride);
            return kept.conv2d(&self.weight, bias, 1, 0, 1, 1);
        }
        x.conv2d(&self.weight, bias, self.stride, self.padding, 1, 1)
    }

    /// Another handle on the same variables.
    #[must_use]
    pub fn handle(&self) -> Self {
        Self {
            weight: self.weight.shallow_clone(),
            bias: self.bias.as_ref().map(Tensor::shallow_clone),
            ..*self
        }
    }
}

/// How layers are made: their initial values, their memory format, and how batch norm splits a batch.
#[derive(Clone, Copy, Debug)]
pub struct Like {
    /// Initial values.
    pub init: Init,
    /// Whether weights have channels-last strides.
    pub channels_last: bool,
    /// Splits of a batch, of consecutive rows, that batch norm sees one at a time.
    pub bn_splits: i64,
}

/// A linear layer.
#[derive(Debug)]
pub struct Linear {
    weight: Tensor,
    bias: Option<Tensor>,
}

impl Linear {
    /// With PyTorch's initial values; the variables are named `weight` and `bias`.
    pub fn new(path: &nn::Path<'_>, inputs: i64, outputs: i64, with_bias: bool, init: Init) -> Self {
        let draw = |name: &str, shape: &[i64]| {
            let value = init.linear(&path.path(name), shape, inputs);
            path.add(name, value.to_device(path.device()), true)
        };
        Self { weight: draw("weight", &[outputs, inputs]), bias: with_bias.then(|| draw("bias", &[outputs])) }
    }

    /// With a bias, with truncated normal draws of standard deviation 0.02 and a bias of 0, as in timm's transformers.
    pub fn truncated_normal(path: &nn::Path<'_>, inputs: i64, outputs: i64, init: Init) -> Self {
        let value = init.truncated_normal(&path.path("weight"), &[outputs, inputs], 0.02);
        let weight = path.add("weight", value.to_device(path.device()), true);
        Self { weight, bias: Some(path.zeros("bias", &[outputs])) }
    }

    /// With a bias of 0, and normal draws of this standard deviation.
    pub fn normal(path: &nn::Path<'_>, inputs: i64, outputs: i64, std: f64, init: Init) -> Self {
        let value = init.normal(&path.path("weight"), &[outputs, inputs], std);
        let weight = path.add("weight", value.to_device(path.device()), true);
        Self { weight, bias: Some(path.zeros("bias", &[outputs])) }
    }

    /// Of rows, `[..., inputs]`.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        x.linear(&self.weight, self.bias.as_ref())
    }

    /// Another handle on the same variables.
    #[must_use]
    pub fn handle(&self) -> Self {
        Self { weight: self.weight.shallow_clone(), bias: self.bias.as_ref().map(Tensor::shallow_clone) }
    }
}

/// The same in fp32 where it is bf16, as products under autocast are; wider kinds stay.
pub(crate) fn fp32_at_least(x: &Tensor) -> Tensor {
    if x.kind() == Kind::BFloat16 { x.to_kind(Kind::Float) } else { x.shallow_clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(size: [i64; 4]) -> Tensor {
        Tensor::arange(size.iter().product::<i64>(), (Kind::Float, Device::Cpu)).sin().view(size)
    }

    #[test]
    fn skipping_pixels_first_is_the_same_convolution() {
        let store = nn::VarStore::new(Device::Cpu);
        let like = Like { init: Init::new(0), channels_last: true, bn_splits: 1 };
        let conv = Conv2d::new(&store.root(), [16, 8, 1], 2, 0, like);
        for side in [7, 8] {
            let x = ramp([2, 8, side, side]).set_requires_grad(true);
            // Twice as precise, libtorch takes other code.
            let other = x.detach().to_kind(Kind::Double).set_requires_grad(true);
            let weight = conv.weight.detach().to_kind(Kind::Double).contiguous();
            let found = conv.forward(&x);
            let expected = other.conv2d(&weight, None::<&Tensor>, 2, 0, 1, 1);
            assert_eq!(found.size(), expected.size());
            assert!((&found - &expected).abs().max().double_value(&[]) < 1e-6);
            found.square().sum(Kind::Float).backward();
            expected.square().sum(Kind::Float).backward();
            assert!((x.grad() - other.grad()).abs().max().double_value(&[]) < 1e-5);
        }
    }

    #[test]
    fn few_channels_and_large_maps_leave_memory_as_it_is() {
        let store = nn::VarStore::new(Device::Cpu);
        let like = Like { init: Init::new(0), channels_last: true, bn_splits: 1 };
        let conv = Conv2d::new(&store.root(), [16, 8, 1], 2, 0, like);
        // With the stride inside the convolution the process dies here, at the latest when it frees its memory.
        for _ in 0..6 {
            let x = channels_last(&ramp([16, 8, 128, 128])).set_requires_grad(true);
            conv.forward(&x).square().sum(Kind::Float).backward();
            assert!(x.grad().abs().max().double_value(&[]).is_finite());
        }
    }
}
