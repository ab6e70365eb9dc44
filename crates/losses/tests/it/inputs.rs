//! Embeddings and labels for tests, a pure function of their arguments: no test touches libtorch's generator.

use kontrast_losses::unit;
use tch::{Device, Kind, Tensor};

/// A copy that asks for a gradient.
pub fn leaf(z: &Tensor) -> Tensor {
    z.copy().set_requires_grad(true)
}

/// Rows of a keyed stream, between -1 and 1.
pub fn random(n: i64, d: i64, key: f64) -> Tensor {
    let ramp = Tensor::arange(n * d, (Kind::Double, Device::Cpu)) + 1.0 + key;
    ((ramp * 12.9898).sin() * 43758.5453).fmod(1.0).reshape([n, d]).to_kind(Kind::Float)
}

/// Two views of n images: the second is the first with noise on it.
pub fn views(n: i64, d: i64, key: f64) -> (Tensor, Tensor) {
    let z1 = random(n, d, key);
    let z2 = &z1 + random(n, d, key + 0.37) * 0.8;
    (z1, z2)
}

/// Rows spread evenly over the sphere.
pub fn on_the_sphere(n: i64, d: i64, key: f64) -> Tensor {
    // Box and Muller: two even numbers are two normal ones, and normal rows have no preferred direction.
    let (a, b) = (random(n, d, key).abs().clamp_min(1e-7), random(n, d, key + 0.71));
    unit(&((a.log() * -2.0).sqrt() * (b * std::f64::consts::PI).cos()))
}

/// Labels in turn, and a label of its own for the last row.
pub fn labels(n: i64, classes: i64) -> Tensor {
    let labels = Tensor::arange(n, (Kind::Int64, Device::Cpu)).remainder(classes);
    let _ = labels.narrow(0, n - 1, 1).fill_(classes);
    labels
}
