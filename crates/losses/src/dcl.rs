//! Decoupled contrastive learning (Yeh et al. 2021, arXiv 2110.06848, eq. 6): NT-Xent whose positive is no
//! candidate, in memory linear in the batch.

use crate::groups::{Alike, Groups, LEFT_OUT};
use crate::pairs::{Pairs, Terms};
use crate::softmax::softmax;
use crate::temperature::Temperature;
use crate::unit::{both_views, positive};
use tch::{Kind, Tensor};

/// For each of the 2n embeddings, the logarithm of the sum over its 2n - 2 negatives, less its positive.
///
/// Rows are brought to unit length here. It has no lower bound at zero.
///
/// # Shapes
/// - `z1`, `z2`: `[n, d]`, n at least 2, the two views of the same n images in the same order, any float kind
/// - returns a scalar, fp32 (fp64 for fp64 input): the mean over all 2n rows
pub fn dcl<'t>(z1: &Tensor, z2: &Tensor, temperature: impl Into<Temperature<'t>>) -> Tensor {
    let z = both_views(z1, z2);
    weighted(&z, &evenly(&z), None, temperature.into())
}

/// `dcl` where images come in groups, and those of one group are no negatives of each other. A row without negatives has no
/// term.
///
/// # Shapes
/// As `dcl`; `groups` is `[n]`, i64.
pub fn dcl_ignoring<'t>(
    z1: &Tensor,
    z2: &Tensor,
    groups: &Tensor,
    temperature: impl Into<Temperature<'t>>,
) -> Tensor {
    let z = both_views(z1, z2);
    let groups = Groups::ignoring(groups, z1.size()[0], 2);
    weighted(&z, &evenly(&z), Some(&groups), temperature.into())
}

/// `dcl` with the positive of image `i` weighted by 2 - n softmax(z1.z2 / sigma)_i, so that pairs which agree already
/// pull less (the paper's negative von Mises-Fisher weighting; its sigma is 0.5). No gradient flows
/// through the weights.
///
/// # Shapes
/// As `dcl`.
pub fn dclw<'t>(z1: &Tensor, z2: &Tensor, temperature: impl Into<Temperature<'t>>, sigma: f64) -> Tensor {
    let z = both_views(z1, z2);
    weighted(&z, &by_agreement(&z, sigma), None, temperature.into())
}

/// `dclw` as `dcl_ignoring`.
///
/// # Shapes
/// As `dcl_ignoring`.
pub fn dclw_ignoring<'t>(
    z1: &Tensor,
    z2: &Tensor,
    groups: &Tensor,
    temperature: impl Into<Temperature<'t>>,
    sigma: f64,
) -> Tensor {
    let z = both_views(z1, z2);
    let groups = Groups::ignoring(groups, z1.size()[0], 2);
    weighted(&z, &by_agreement(&z, sigma), Some(&groups), temperature.into())
}

/// The weights of `dcl`, `[2n]`.
fn evenly(z: &Tensor) -> Tensor {
    Tensor::ones([z.size()[0]], (z.kind(), z.device()))
}

/// The weights of `dclw`, `[2n]`.
fn by_agreement(z: &Tensor, sigma: f64) -> Tensor {
    positive("sigma", sigma);
    tch::no_grad(|| {
        let n = z.size()[0] / 2;
        let similarity = z.narrow(0, 0, n) * z.narrow(0, n, n);
        let agreement = (similarity.sum_dim_intlist([1i64].as_slice(), false, None) / sigma).softmax(0, None);
        (agreement * -(n as f64) + 2.0).repeat([2i64])
    })
}

/// The uniform value of `dcl`: ln(2n - 2), less a positive that agrees as little as the rest.
pub fn dcl_uniform(n: usize) -> f64 {
    ((2 * n).saturating_sub(2) as f64).ln()
}

/// # Shapes
/// - `z`: `[2n, d]`, unit rows, first views before second views
/// - `weights`: `[2n]`, those of the positives
fn weighted(z: &Tensor, weights: &Tensor, groups: Option<&Alike>, temperature: Temperature<'_>) -> Tensor {
    let total = z.size()[0];
    assert!(total >= 4, "negatives come from other images: two at least, found {}", total / 2);
    let (rows, temperature) = temperature.scaled(z);
    let sum = Pairs { rows: &rows, columns: z, temperature }.sum(|mut tile| {
        let (own, positive, weights) = (tile.column(0), tile.column(total / 2), tile.of(weights));
        let of_positives = tile.products.gather(1, &positive, false) * &weights;
        let has_negatives = groups.map(|groups| {
            let alike = groups.mask(&tile);
            let _ = tile.products.masked_fill_(&alike, LEFT_OUT);
            alike.logical_not().any_dim(1, true)
        });
        let _ = tile.products.scatter_value_(1, &own, f64::NEG_INFINITY);
        let _ = tile.products.scatter_value_(1, &positive, f64::NEG_INFINITY);
        let (of_negatives, mut slopes) = softmax(tile.products);
        let _ = slopes.scatter_(1, &positive, &-weights);
        if let Some(has) = has_negatives {
            let sum = ((of_negatives - of_positives) * &has).sum(Kind::Double);
            return Terms { sum, slopes: slopes * has };
        }
        Terms { sum: (of_negatives - of_positives).sum(Kind::Double), slopes }
    });
    sum / total as f64
}
