//! Cross entropy between scores and a given distribution, which SwAV and DINO have in common.

use crate::softmax::softmax;
use crate::surrogate::surrogate;
use crate::unit::positive;
use tch::{Kind, Tensor};

/// Minus the sum over rows and entries of `targets` times the log-softmax of `scores / temperature`.
///
/// # Shapes
/// - `scores`, `targets`: `[n, k]`; no gradient reaches `targets`, whose rows may have any sum
pub(crate) fn soft_cross_entropy(scores: &Tensor, targets: &Tensor, temperature: f64) -> Tensor {
    assert_eq!(scores.size(), targets.size(), "a target for each score");
    positive("temperature", temperature);
    let (value, gradient) = tch::no_grad(|| {
        let logits = scores / temperature;
        let sums = targets.sum_dim_intlist([1i64].as_slice(), true, None);
        let of_targets = logits.reshape(-1).dot(&targets.reshape(-1));
        let (of_all, mut softmax) = softmax(logits);
        let value = (of_all * &sums).sum(Kind::Double) - of_targets;
        let gradient = softmax.g_mul_(&sums).g_sub_(targets).g_div_scalar_(temperature);
        (value.to_kind(scores.kind()), gradient)
    });
    surrogate(&value, &[(scores, gradient)])
}
