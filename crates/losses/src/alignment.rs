//! Alignment and uniformity on the sphere (Wang and Isola 2020, arXiv 2005.10242, eq. 2 and 3), in memory linear in
//! the batch.

use crate::pairs::{Pairs, Terms};
use crate::unit::{same_shape, unit};
use tch::{Kind, Tensor};

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

/// Logarithm of the mean over all pairs of different rows of exp(-t |x - y|^2), of unit rows: 0 where all are one
/// point.
///
/// Rows are brought to unit length here. The paper's t is 2; above 20 the exponentials of opposite points leave fp32.
///
/// # Shapes
/// - `z`: `[n, d]`, n at least 2, any float kind
/// - returns a scalar, fp32 (fp64 for fp64 input)
pub fn uniformity(z: &Tensor, t: f64) -> Tensor {
    let z = unit(z);
    let n = z.size()[0] as f64;
    assert!(n >= 2.0, "a pair needs two rows, found {n}");
    // |x - y|^2 = 2 - 2 x.y for unit rows.
    let sum = Pairs { rows: &z, columns: &z, temperature: 0.5 / t }.sum(|mut tile| {
        let itself = tile.column(0);
        let mut kernel = tile.products.g_sub_scalar_(2.0 * t).clamp_max_(0.0).exp_();
        let _ = kernel.scatter_value_(1, &itself, 0.0);
        let sum = kernel.sum_dim_intlist([1i64].as_slice(), false, None).sum(Kind::Double);
        Terms { sum, slopes: kernel }
    });
    (sum / (n * (n - 1.0))).log()
}
