//! The softmax of a tile's rows, which contrastive losses have in common.

use crate::pairs::Terms;
use tch::{Kind, Tensor};

/// The logarithm of each row's sum of exponentials, and the softmax, which takes the place of the logits.
///
/// # Shapes
/// - `logits`: `[n, m]`; minus infinity where a column is no candidate
/// - returns `[n, 1]` and `[n, m]`
pub(crate) fn softmax(mut logits: Tensor) -> (Tensor, Tensor) {
    let highest = logits.amax([1i64], true);
    let mut weights = logits.g_sub_(&highest).exp_();
    let sums = weights.sum_dim_intlist([1i64].as_slice(), true, None);
    let weights = weights.g_div_(&sums);
    (sums.log() + highest, weights)
}

/// The cross entropy of each row whose right answer is column `target`, summed over the rows.
///
/// # Shapes
/// - `logits`: `[n, m]`, overwritten
/// - `target`: `[n, 1]`, i64
pub(crate) fn cross_entropy(logits: Tensor, target: &Tensor) -> Terms {
    let of_targets = logits.gather(1, target, false);
    let (normaliser, mut slopes) = softmax(logits);
    let sum = (normaliser - &of_targets).sum(Kind::Double);
    let _ = slopes.scatter_add_(1, target, &-of_targets.ones_like());
    Terms { sum, slopes }
}
