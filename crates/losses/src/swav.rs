//! Swapped prediction of cluster codes (SwAV, Caron et al. 2020, arXiv 2006.09882, eq. 2, section 3.1, appendix A).

use crate::soft_targets::soft_cross_entropy;
use crate::unit::widened;
use tch::Tensor;

/// The least sum of a prototype's weights that is divided by, so that one which no embedding comes near stays finite.
const LEAST: f64 = 1e-30;

/// Codes of equal fractions for all prototypes: exp(scores / epsilon), brought alternately to equal sums of the
/// prototypes and of the embeddings (Sinkhorn-Knopp).
///
/// Embeddings come last: each row sums to 1, and columns to n / k as nearly as the iterations went. Without gradient.
///
/// # Shapes
/// - `scores`: `[n, k]`, products of unit embeddings and unit prototypes, any float kind
/// - `epsilon`: the paper's is 0.05; `iterations`: the paper's are 3
/// - returns `[n, k]`, fp32 (fp64 for fp64 input)
pub fn sinkhorn(scores: &Tensor, epsilon: f64, iterations: usize) -> Tensor {
    assert!(epsilon > 0.0 && iterations > 0, "epsilon {epsilon} and {iterations} iterations are above zero");
    tch::no_grad(|| {
        let logits = widened(scores) / epsilon;
        let highest = logits.amax([1i64], true);
        // Codes are kernel times a factor a row times a factor a column, and only the factors move. The largest
        // entry of each row of the kernel is 1, whatever epsilon; what was taken off is the first factor.
        let kernel = (logits - &highest).exp_();
        let mut of_rows = (&highest - highest.max()).exp();
        let mut of_columns = Tensor::new();
        for _ in 0..iterations {
            of_columns = kernel.tr().matmul(&of_rows).clamp_min(LEAST).reciprocal();
            of_rows = kernel.matmul(&of_columns).clamp_min(LEAST).reciprocal();
        }
        let mut codes = kernel;
        let mut codes = codes.g_mul_(&of_columns.tr());
        let sums = codes.sum_dim_intlist([1i64].as_slice(), true, None);
        codes.g_div_(&sums)
    })
}

/// How well the scores of one view predict the codes of another: minus the sum of codes times log-softmax.
///
/// # Shapes
/// - `scores`: `[n, k]`, any float kind
/// - `codes`: `[n, k]`, of another view of the same images in the same order; no gradient reaches them
/// - returns a scalar, fp32 (fp64 for fp64 input): the mean over the n rows
pub fn swapped_prediction(scores: &Tensor, codes: &Tensor, temperature: f64) -> Tensor {
    let scores = widened(scores);
    let n = scores.size()[0] as f64;
    soft_cross_entropy(&scores, &codes.detach().to_kind(scores.kind()), temperature) / n
}

/// The uniform value of `swapped_prediction` for `k` prototypes: ln k.
pub fn swapped_prediction_uniform(k: usize) -> f64 {
    (k as f64).ln()
}
