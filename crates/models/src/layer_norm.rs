//! Layer norm (Ba, Kiros and Hinton 2016, arXiv 1607.06450), with PyTorch's names.

use crate::layers::fp32_at_least;
use tch::{Tensor, nn};

/// Brings the last dimension to mean 0 and variance 1, then scales and shifts it.
#[derive(Debug)]
pub struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
    epsilon: f64,
}

impl LayerNorm {
    /// Added to the variance, as timm's and DINO's transformers have it.
    pub const EPSILON: f64 = 1e-6;

    /// Over `width` values, without change at first. The variables are named `weight` and `bias`.
    pub fn new(path: &nn::Path<'_>, width: i64) -> Self {
        Self::with_epsilon(path, width, Self::EPSILON)
    }

    /// As [`LayerNorm::new`], with another number added to the variance.
    pub fn with_epsilon(path: &nn::Path<'_>, width: i64, epsilon: f64) -> Self {
        Self { weight: path.ones("weight", &[width]), bias: path.zeros("bias", &[width]), epsilon }
    }

    /// Of `x`, `[..., width]`, in fp32 at least: under autocast, sums in bf16 would lose values.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        fp32_at_least(x).layer_norm(
            [self.weight.size()[0]],
            Some(&self.weight),
            Some(&self.bias),
            self.epsilon,
            true,
        )
    }

    /// Another handle on the same variables.
    #[must_use]
    pub fn handle(&self) -> Self {
        Self { weight: self.weight.shallow_clone(), bias: self.bias.shallow_clone(), ..*self }
    }
}
