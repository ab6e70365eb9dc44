//! Values that the golden cases of PyTorch are made of: no random numbers, so that both sides have the same.

use tch::{Device, Kind, Tensor};

/// The rule by which `generate.py` fills the tensor of this number, in fp64. From `weights` dimensions on a tensor is a
/// layer's weights, about 0 and the smaller the more inputs a layer has; others lie about 1.
pub fn fill(place: usize, shape: &[i64], weights: usize) -> Tensor {
    let i = Tensor::arange(shape.iter().product::<i64>(), (Kind::Double, Device::Cpu)).reshape(shape);
    let wave = (&i * 0.7391 + place as f64 * 1.37 + (&i * 0.0113).sin()).sin();
    if shape.len() < weights {
        return wave * 0.3 + 1.0;
    }
    wave * (4.0 / shape[1..].iter().product::<i64>() as f64).sqrt()
}
