//! Negative cosine similarity (SimSiam, Chen and He 2021, arXiv 2011.10566, eq. 1; BYOL's loss, arXiv 2006.07733,
//! eq. 2, is 2 plus twice it).

use crate::unit::{same_shape, unit};
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
    let product = unit(p) * unit(z);
    product.sum(product.kind()) / -n
}
