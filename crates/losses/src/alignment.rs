//! Alignment on the sphere (Wang and Isola 2020, arXiv 2005.10242, eq. 2).

use crate::unit::{same_shape, unit};
use tch::Tensor;

/// Mean of |x - y|^alpha over the pairs of views, of unit rows: 0 where both views of every image agree.
///
/// Rows are brought to unit length here. The paper's alpha is 2.
///
/// # Shapes
/// - `z1`, `z2`: `[n, d]`, the two views of the same n images in the same order, any float kind
/// - returns a scalar, fp32 (fp64 for fp64 input)
pub fn alignment(z1: &Tensor, z2: &Tensor, alpha: f64) -> Tensor {
    same_shape(z1, z2);
    let distance = (unit(z1) - unit(z2)).norm_scalaropt_dim(2, [1i64], false);
    distance.pow_tensor_scalar(alpha).mean(None)
}
