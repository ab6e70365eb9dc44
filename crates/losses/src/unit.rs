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
