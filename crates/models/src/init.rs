//! Initial weights from a stream keyed by seed and variable name, so that they depend on nothing else: not on the
//! order of construction, not on threads, not on libtorch's global generator.

use kontrast_rng::KeyedRng;
use rand::RngExt;
use rand_distr::{Normal, Uniform};
use tch::Tensor;

/// Source of initial values.
#[derive(Clone, Copy, Debug)]
pub struct Init {
    seed: u64,
    /// Tells parts of one network apart whose variables bear the same names.
    part: u64,
}

impl Init {
    /// All values follow from `seed` and the variable's name.
    pub fn new(seed: u64) -> Self {
        Self { seed, part: 0 }
    }

    /// Values of another part of the network: a projector and a predictor both have a `layers.0.weight`.
    #[must_use]
    pub fn part(self, name: &str) -> Self {
        Self { part: fnv1a(name), ..self }
    }

    /// Rows in random directions, each of unit length.
    ///
    /// # Shapes
    /// - returns `shape`, `[n, d]`
    pub fn directions(self, name: &str, shape: [i64; 2]) -> Tensor {
        let rows = self.draw(name, &shape, Normal::new(0.0, 1.0).expect("a positive std"));
        let length = rows.norm_scalaropt_dim(2, [-1i64], true).clamp_min(1e-12);
        rows / length
    }

    /// He et al.'s normal draws for a convolution followed by a ReLU, by fan-out, as torchvision's ResNet has them:
    /// standard deviation sqrt(2 / (out * kh * kw)).
    pub(crate) fn convolution(self, name: &str, shape: [i64; 4]) -> Tensor {
        let fan_out = (shape[0] * shape[2] * shape[3]) as f32;
        let normal = Normal::new(0.0, (2.0 / fan_out).sqrt()).expect("a positive std");
        self.draw(name, &shape, normal)
    }

    /// Normal draws of this standard deviation; those beyond two of it are drawn again, as timm does.
    ///
    /// # Shapes
    /// - returns `shape`, fp32
    pub fn truncated_normal(self, name: &str, shape: &[i64], std: f64) -> Tensor {
        let normal = Normal::new(0.0f32, 1.0).expect("a positive std");
        let stream = KeyedRng::of_words([self.seed, fnv1a(name), self.part, 0]);
        let n = shape.iter().product::<i64>() as usize;
        let kept = stream.sample_iter(normal).filter(|value| value.abs() <= 2.0);
        let drawn: Vec<f32> = kept.take(n).map(|value| value * std as f32).collect();
        Tensor::from_slice(&drawn).reshape(shape)
    }

    /// Normal draws of this standard deviation.
    ///
    /// # Shapes
    /// - returns `shape`, fp32
    pub fn normal(self, name: &str, shape: &[i64], std: f64) -> Tensor {
        self.draw(name, shape, Normal::new(0.0, std as f32).expect("a positive std"))
    }

    /// PyTorch's default for a linear layer, weight and bias alike: uniform within 1 / sqrt(fan_in).
    pub(crate) fn linear(self, name: &str, shape: &[i64], fan_in: i64) -> Tensor {
        self.uniform(name, shape, 1.0 / (fan_in as f32).sqrt())
    }

    /// Uniform draws within `bound` of 0.
    pub(crate) fn uniform(self, name: &str, shape: &[i64], bound: f32) -> Tensor {
        self.draw(name, shape, Uniform::new_inclusive(-bound, bound).expect("a positive bound"))
    }

    fn draw(self, name: &str, shape: &[i64], values: impl rand_distr::Distribution<f32>) -> Tensor {
        let stream = KeyedRng::of_words([self.seed, fnv1a(name), self.part, 0]);
        let n = shape.iter().product::<i64>() as usize;
        let drawn: Vec<f32> = stream.sample_iter(values).take(n).collect();
        Tensor::from_slice(&drawn).reshape(shape)
    }
}

/// The 64-bit FNV-1a hash, which stays the same over releases and platforms.
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
