//! Rows of length one, with a gradient that stays finite for short rows.

use tch::{Kind, Tensor};

/// Each row divided by its Euclidean length, in fp32 at least (bf16 in, fp32 out).
///
/// # Shapes
/// - `z`: `[n, d]`
/// - returns `[n, d]`, unit rows; a row shorter than 1e-12 is divided by 1e-12, as PyTorch's `normalize` does
pub fn unit(z: &Tensor) -> Tensor {
    assert_eq!(z.dim(), 2, "embeddings are [n, d], found {:?}", z.size());
    let z = widened(z);
    let length = z.norm_scalaropt_dim(2, [-1i64], true);
    let floor = length.clamp_min(1e-12);
    z / floor
}

/// fp32, unless the tensor is wider already.
pub(crate) fn widened(z: &Tensor) -> Tensor {
    if z.kind() == Kind::Double { z.shallow_clone() } else { z.to_kind(Kind::Float) }
}

/// `[2n, d]`: the unit rows of the first views, then those of the second.
pub(crate) fn both_views(z1: &Tensor, z2: &Tensor) -> Tensor {
    same_shape(z1, z2);
    unit(&Tensor::cat(&[widened(z1), widened(z2)], 0))
}

/// What numbers are divided by.
pub(crate) fn positive(name: &str, value: f64) {
    assert!(value > 0.0, "the {name} is above zero, found {value}");
}

/// Two views of the same images.
pub(crate) fn same_shape(z1: &Tensor, z2: &Tensor) {
    assert_eq!(z1.size(), z2.size(), "both views have the same shape");
}
