//! Negative cosine similarity (SimSiam, Chen and He 2021, arXiv 2011.10566, eq. 1; BYOL's loss, arXiv 2006.07733,
//! eq. 2, is 2 plus twice it).

use crate::surrogate::surrogate;
use crate::unit::{same_shape, widened};
use tch::Tensor;

/// Minus the mean cosine of row and row: -1 where all agree.
///
/// The gradient reaches both; a method that stops it at the target detaches `z`.
///
/// # Shapes
/// - `p`, `z`: `[n, d]`, prediction and target, any float kind
/// - returns a scalar, fp32 (fp64 for fp64 input): the mean over the n rows
pub fn negative_cosine(p: &Tensor, z: &Tensor) -> Tensor {
    same_shape(p, z);
    let n = p.size()[0] as f64;
    let (p, z) = (widened(p), widened(z));
    let (value, for_p, for_z) = tch::no_grad(|| {
        let length = |of: &Tensor| of.norm_scalaropt_dim(2, [1i64], true).clamp_min(1e-12);
        let (of_p, of_z) = (length(&p), length(&z));
        let cosine = (&p * &z).sum_dim_intlist([1i64].as_slice(), true, None) / &of_p / &of_z;
        // The derivative of the cosine by p is (z / |z| - cosine p / |p|) / |p|, and likewise by z.
        let across = (&of_p * &of_z * -n).reciprocal();
        let gradient = |by: &Tensor, length: Tensor, other: &Tensor| {
            (by * (&cosine / length.square() / n)).addcmul_(other, &across)
        };
        (cosine.mean(None).neg(), gradient(&p, of_p, &z), gradient(&z, of_z, &p))
    });
    surrogate(&value, &[(&p, for_p), (&z, for_z)])
}
