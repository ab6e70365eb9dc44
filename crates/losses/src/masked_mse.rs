//! The loss of MAE (He et al. 2021, arXiv 2111.06377, section 3): mean squared error over the values of hidden patches alone, of
//! pixels as they are or normalised patch by patch.

use crate::unit::widened;
use tch::Tensor;

/// Added to the variance of a patch, as in the published code (github.com/facebookresearch/mae, `models_mae.py`).
const EPSILON: f64 = 1e-6;

/// The mean, over hidden patches and their values, of the squared difference.
///
/// # Shapes
/// - `predictions`, `targets`: `[n, l, m]`: l patches of m values, any float kind
/// - `hidden`: `[n, l]`: 1 where a patch is hidden and counts, 0 elsewhere
/// - returns a scalar, fp32 (fp64 for fp64 predictions); no number where nothing is hidden
pub fn masked_mse(predictions: &Tensor, targets: &Tensor, hidden: &Tensor) -> Tensor {
    assert_eq!(predictions.size(), targets.size(), "a prediction for each value");
    assert_eq!(hidden.size(), predictions.size()[..2], "hidden or not, for each patch");
    let predictions = widened(predictions);
    let kind = predictions.kind();
    let errors = (predictions - targets.to_kind(kind)).square();
    let errors = errors.mean_dim([2i64].as_slice(), false, kind);
    let hidden = hidden.to_kind(kind);
    (errors * &hidden).sum(kind) / hidden.sum(kind)
}

/// Patches brought to mean 0 and variance 1, each by itself: less its mean, over the root of its unbiased variance plus 1e-6.
///
/// # Shapes
/// - `patches`: `[..., m]`, m of 2 or more, any float kind
/// - returns the same, fp32 at least
pub fn normalised_patches(patches: &Tensor) -> Tensor {
    let patches = widened(patches);
    let (mean, std) = patch_statistics(&patches);
    (patches - mean) / std
}

/// Means of patches, and the roots of their variances plus 1e-6: what [`normalised_patches`] subtracts and divides by.
///
/// # Shapes
/// - `patches`: `[..., m]`
/// - returns two of `[..., 1]`, fp32 at least
pub fn patch_statistics(patches: &Tensor) -> (Tensor, Tensor) {
    let patches = widened(patches);
    let mean = patches.mean_dim([-1i64].as_slice(), true, patches.kind());
    let variance = patches.var_dim([-1i64].as_slice(), true, true);
    (mean, (variance + EPSILON).sqrt())
}
