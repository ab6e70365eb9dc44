//! The multi-class N-pair loss (Sohn 2016, "Improved deep metric learning with multi-class N-pair loss objective",
//! section 3.2), in memory linear in the batch.

use crate::pairs::Pairs;
use crate::softmax::cross_entropy;
use crate::unit::{same_shape, widened};
use tch::Tensor;

/// ln(1 + sum of exp(a.p' - a.p)) over the other images' positives p', with a penalty on long embeddings.
///
/// Rows stay as long as they are: what the softmax divides by in other losses is learned here, and `l2` bounds it.
///
/// # Shapes
/// - `anchor`, `positive`: `[n, d]`, two views of the same n images in the same order, any float kind
/// - `l2`: times the mean over the 2n rows of their squared length
/// - returns a scalar, fp32 (fp64 for fp64 input): the mean over the n anchors
pub fn n_pair(anchor: &Tensor, positive: &Tensor, l2: f64) -> Tensor {
    same_shape(anchor, positive);
    let (anchor, positive) = (widened(anchor), widened(positive));
    let n = anchor.size()[0] as f64;
    let sum = Pairs { rows: &anchor, columns: &positive, temperature: 1.0 }.sum(|tile| {
        let own = tile.column(0);
        cross_entropy(tile.products, &own)
    });
    let squares = anchor.square().sum(anchor.kind()) + positive.square().sum(positive.kind());
    sum / n + squares * (l2 / (2.0 * n))
}

/// The uniform value of `n_pair`, the penalty left out: ln n.
pub fn n_pair_uniform(n: usize) -> f64 {
    (n as f64).ln()
}
