//! Barlow Twins (Zbontar et al. 2021, arXiv 2103.03230, eq. 1 and algorithm 1).

use crate::surrogate::surrogate;
use crate::unit::{same_shape, widened};
use tch::Tensor;

/// Added to a variance before its root, as in the batch norm of the authors' program.
const EPSILON: f64 = 1e-5;

/// How far the cross-correlation of the two views' dimensions is from the identity.
///
/// Each dimension is brought to mean 0 and variance 1 over the batch (the variance divided by n). The sum over the
/// diagonal of (c - 1)^2, plus `lambda` (the paper's 5e-3) times the sum of the squares beside it.
///
/// # Shapes
/// - `z1`, `z2`: `[n, d]`, n at least 2, the two views of the same n images in the same order, any float kind
/// - returns a scalar, fp32 (fp64 for fp64 input): a sum over the d x d entries
pub fn barlow_twins(z1: &Tensor, z2: &Tensor, lambda: f64) -> Tensor {
    same_shape(z1, z2);
    let n = z1.size()[0];
    assert!(n >= 2, "statistics of a batch need two images at least, found {n}");
    let (z1, z2) = (standardised(z1), standardised(z2));
    let (value, for_z1, for_z2) = tch::no_grad(|| {
        let mut correlation = z1.tr().matmul(&z2) / n as f64;
        let excess: Tensor = correlation.diagonal(0, 0, 1) - 1.0;
        let _ = correlation.diagonal(0, 0, 1).fill_(0.0);
        let value = excess.square().sum(None) + correlation.norm().square() * lambda;
        // From here on the derivative with respect to each product: 2 (c - 1) / n or 2 lambda c / n.
        let slopes = correlation.g_mul_scalar_(2.0 * lambda / n as f64);
        slopes.diagonal(0, 0, 1).copy_(&(excess * (2.0 / n as f64)));
        (value, z2.matmul(&slopes.tr()), z1.matmul(&slopes))
    });
    surrogate(&value, &[(&z1, for_z1), (&z2, for_z2)])
}

fn standardised(z: &Tensor) -> Tensor {
    let none = None::<&Tensor>;
    widened(z).batch_norm(none, none, none, none, true, 0.0, EPSILON, false)
}
