//! VICReg: variance, invariance, covariance (Bardes et al. 2021, arXiv 2105.04906, eq. 1 to 6 and algorithm 1).

use crate::surrogate::surrogate;
use crate::unit::{same_shape, widened};
use tch::Tensor;

/// Added to a variance before its root (algorithm 1).
const EPSILON: f64 = 1e-4;

/// The standard deviation below which a dimension is pushed apart (section 4.1).
const TARGET: f64 = 1.0;

/// What the three terms are multiplied by. The default is the paper's: 25, 25, 1 (section 4.2).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VicregWeights {
    /// Of the mean squared difference between the views: the paper's lambda.
    pub invariance: f64,
    /// Of the shortfall of each dimension's standard deviation: mu.
    pub variance: f64,
    /// Of the squared covariances between dimensions: nu.
    pub covariance: f64,
}

impl Default for VicregWeights {
    fn default() -> Self {
        Self { invariance: 25.0, variance: 25.0, covariance: 1.0 }
    }
}

/// The three terms, weighted and added up.
///
/// As in algorithm 1: the squared difference is a mean over n and d, variances divide by n - 1, and the variance term
/// is the mean of both views', while the covariance term is their sum.
///
/// # Shapes
/// - `z1`, `z2`: `[n, d]`, n at least 2, the two views of the same n images in the same order, any float kind
/// - returns a scalar, fp32 (fp64 for fp64 input)
pub fn vicreg(z1: &Tensor, z2: &Tensor, weights: VicregWeights) -> Tensor {
    same_shape(z1, z2);
    let n = z1.size()[0];
    assert!(n >= 2, "statistics of a batch need two images at least, found {n}");
    let (z1, z2) = (widened(z1), widened(z2));
    let invariance = (&z1 - &z2).square().mean(None);
    let (z1, z2) = (centred(&z1), centred(&z2));
    invariance * weights.invariance
        + (variance(&z1) + variance(&z2)) * (weights.variance / 2.0)
        + (covariance(&z1) + covariance(&z2)) * weights.covariance
}

fn centred(z: &Tensor) -> Tensor {
    z - z.mean_dim([0i64].as_slice(), true, None)
}

/// The mean over the dimensions of how far the standard deviation is below its target.
fn variance(centred: &Tensor) -> Tensor {
    let degrees = (centred.size()[0] - 1) as f64;
    let squares = centred.square().sum_dim_intlist([0i64].as_slice(), false, None);
    let std = (squares / degrees + EPSILON).sqrt();
    (std.neg() + TARGET).relu().mean(None)
}

/// The squared covariances of all pairs of different dimensions, over d.
fn covariance(centred: &Tensor) -> Tensor {
    let (degrees, d) = ((centred.size()[0] - 1) as f64, centred.size()[1] as f64);
    let (value, gradient) = tch::no_grad(|| {
        let covariance = centred.tr().matmul(centred) / degrees;
        let _ = covariance.diagonal(0, 0, 1).fill_(0.0);
        let value = covariance.norm().square() / d;
        (value, centred.matmul(&covariance) * (4.0 / (degrees * d)))
    });
    surrogate(&value, &[(centred, gradient)])
}
