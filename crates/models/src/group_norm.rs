//! Group norm with one group (Wu and He 2018, arXiv 1803.08494): layer norm over all channels and pixels of an image.

use tch::{Tensor, nn};

/// Brings all values of an image's map to mean 0 and variance 1, then scales and shifts each channel. What it makes of an image
/// does not depend on the others of the batch.
#[derive(Debug)]
pub struct GroupNorm {
    weight: Tensor,
    bias: Tensor,
}

impl GroupNorm {
    /// Added to the variance: PyTorch's default.
    pub const EPSILON: f64 = 1e-5;

    /// Of `width` channels; scale 1 and shift 0 at first. The variables are named `weight` and `bias`.
    pub fn new(path: &nn::Path<'_>, width: i64) -> Self {
        Self { weight: path.ones("weight", &[width]), bias: path.zeros("bias", &[width]) }
    }

    /// Of `x`, `[n, width, ...]`.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        x.group_norm(1, Some(&self.weight), Some(&self.bias), Self::EPSILON, true)
    }

    /// Another handle on the same variables.
    #[must_use]
    pub fn handle(&self) -> Self {
        Self { weight: self.weight.shallow_clone(), bias: self.bias.shallow_clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kontrast_testkit::assert_close;
    use tch::{Device, Kind};

    fn images() -> Tensor {
        let ramp = Tensor::arange(5 * 3 * 4 * 4, (Kind::Float, Device::Cpu));
        (ramp.square() * 0.618_034).sin().reshape([5, 3, 4, 4]) * 3.0 + 1.0
    }

    #[test]
    fn an_image_has_mean_0_and_variance_1_whatever_else_is_in_the_batch() {
        let store = nn::VarStore::new(Device::Cpu);
        let norm = GroupNorm::new(&store.root(), 3);
        let all = norm.forward(&images());
        let rows = all.flatten(1, -1);
        let mean = rows.mean_dim(1, false, None).abs().max().double_value(&[]);
        assert!(mean < 1e-6, "{mean}");
        let variance = rows.square().mean_dim(1, false, None);
        assert_close(&variance, &variance.ones_like(), 1e-4);
        assert_close(&norm.forward(&images().narrow(0, 2, 1)), &all.narrow(0, 2, 1), 1e-6);
    }

    #[test]
    fn each_channel_is_scaled_and_shifted_by_its_own_numbers() {
        let store = nn::VarStore::new(Device::Cpu);
        let norm = GroupNorm::new(&store.root(), 3);
        let before = norm.forward(&images());
        let (scale, shift) = (Tensor::from_slice(&[2f32, 0.0, -1.0]), Tensor::from_slice(&[0f32, 5.0, 1.0]));
        tch::no_grad(|| {
            norm.weight.shallow_clone().copy_(&scale);
            norm.bias.shallow_clone().copy_(&shift);
        });
        let expected = before * scale.view([3, 1, 1]) + shift.view([3, 1, 1]);
        assert_close(&norm.handle().forward(&images()), &expected, 1e-6);
    }
}
