//! Uniformity on the sphere (Wang and Isola 2020, arXiv 2005.10242, eq. 3), in memory linear in the batch.

use crate::pairs::{Pairs, Terms, total};
use crate::unit::unit;
use tch::Tensor;

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
        let sum = total(&kernel);
        Terms { sum, slopes: kernel }
    });
    (sum / (n * (n - 1.0))).log()
}
