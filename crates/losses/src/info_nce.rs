//! InfoNCE (van den Oord et al. 2018, arXiv 1807.03748, eq. 4): against a queue, as in MoCo, or against the keys of
//! the batch, as in MoCo v3 and NNCLR. In memory linear in queries and keys.

use crate::groups::{Alike, Groups};
use crate::pairs::{Pairs, Terms};
use crate::softmax::{cross_entropy, softmax};
use crate::surrogate::surrogate;
use crate::temperature::Temperature;
use crate::unit::{same_shape, unit};
use tch::{Kind, Tensor};

/// Cross entropy of each query over its own key and the negatives (MoCo, He et al. 2020, arXiv 1911.05722, eq. 1).
///
/// Rows are brought to unit length here. The gradient reaches whichever inputs ask for it.
///
/// # Shapes
/// - `query`, `key`: `[n, d]`, two views of the same n images in the same order, any float kind
/// - `negatives`: `[k, d]`, k at least 1
/// - returns a scalar, fp32 (fp64 for fp64 input): the mean over the n queries
pub fn info_nce<'t>(
    query: &Tensor,
    key: &Tensor,
    negatives: &Tensor,
    temperature: impl Into<Temperature<'t>>,
) -> Tensor {
    against((query, key, negatives), None, temperature.into())
}

/// `info_nce` where images come in groups: what a queue holds of a query's own group is ignored, or a right answer as its key
/// is.
///
/// # Shapes
/// As `info_nce`; `groups.of` is `[n]`, of the queries, and `of_negatives` `[k]`, i64, those of the queue
pub fn info_nce_grouped<'t>(
    query: &Tensor,
    key: &Tensor,
    negatives: &Tensor,
    (groups, of_negatives): (Groups<'_>, &Tensor),
    temperature: impl Into<Temperature<'t>>,
) -> Tensor {
    against((query, key, negatives), Some(&groups.against(of_negatives)), temperature.into())
}

fn against(
    (query, key, negatives): (&Tensor, &Tensor, &Tensor),
    groups: Option<&Alike>,
    temperature: Temperature<'_>,
) -> Tensor {
    same_shape(query, key);
    let (k, d) = negatives.size2().expect("negatives are [k, d]");
    assert!(
        k > 0 && d == query.size()[1],
        "negatives are [k, {}], k at least 1, found [{k}, {d}]",
        query.size()[1]
    );
    let (query, key) = (unit(query), unit(key));
    let negatives = unit(negatives).to_kind(query.kind());
    let (query, temperature) = temperature.scaled(&query);
    let positive = (&query * key).sum_dim_intlist([1i64].as_slice(), false, None) / temperature;
    let for_positive = positive.zeros_like();
    let sum = Pairs { rows: &query, columns: &negatives, temperature }.sum(|mut tile| {
        let others = groups.and_then(|groups| groups.in_queue(&mut tile));
        let (own, mut for_own) = (tile.of(&positive), tile.of(&for_positive));
        let (of_negatives, mut slopes) = softmax(tile.products);
        // The softmax over the negatives alone, times the probability that they have together.
        let fraction = (&of_negatives - &own).sigmoid();
        let slopes = slopes.g_mul_(&fraction);
        let sum = (of_negatives - &own).softplus().sum(Kind::Double);
        let Some((of_others, weights)) = others else {
            for_own.copy_(&-&fraction);
            return Terms { sum, slopes };
        };
        // The own key has what the others leave of the weight of the right answers.
        let left = -weights.sum_dim_intlist([1i64].as_slice(), true, None) + 1.0;
        for_own.copy_(&(-&fraction + 1.0 - &left));
        let sum = sum + (&own - of_others - own * left).sum(Kind::Double);
        Terms { sum, slopes: slopes - weights }
    });
    // Of value 0, since the sum has it all, but its gradient is that of the positives.
    let of_positives = surrogate(&sum.detach().zeros_like(), &[(&positive, for_positive)]);
    (sum + of_positives) / query.size()[0] as f64
}

/// The uniform value of `info_nce` against `k` negatives: ln(k + 1).
pub fn info_nce_uniform(k: usize) -> f64 {
    (k as f64).ln_1p()
}

/// Cross entropy of each query over all keys of the batch, its own being the right one (MoCo v3, Chen et al. 2021,
/// arXiv 2104.02057, algorithm 1, without its factor of twice the temperature; NNCLR, arXiv 2104.14548, eq. 2).
///
/// Rows are brought to unit length here.
///
/// # Shapes
/// - `query`, `keys`: `[n, d]`, row `i` of both from the same image, any float kind
/// - returns a scalar, fp32 (fp64 for fp64 input): the mean over the n queries
pub fn info_nce_batch<'t>(query: &Tensor, keys: &Tensor, temperature: impl Into<Temperature<'t>>) -> Tensor {
    same_shape(query, keys);
    info_nce_batch_rows(query, keys, 0, temperature)
}

/// `info_nce_batch` where images come in groups.
///
/// # Shapes
/// As `info_nce_batch`; `groups.of` is `[n]`.
pub fn info_nce_batch_grouped<'t>(
    query: &Tensor,
    keys: &Tensor,
    groups: Groups<'_>,
    temperature: impl Into<Temperature<'t>>,
) -> Tensor {
    same_shape(query, keys);
    batch_rows((query, keys), 0, Some(&groups.of_views(keys.size()[0], 1)), temperature.into())
}

/// The terms of `info_nce_batch` that belong to the queries of one process, against the keys of all.
///
/// # Shapes
/// - `query`: `[m, d]`, whose keys are `keys[offset .. offset + m]`
/// - `keys`: `[n, d]`
/// - returns a scalar, fp32 (fp64 for fp64 input): the mean over the m queries
pub fn info_nce_batch_rows<'t>(
    query: &Tensor,
    keys: &Tensor,
    offset: i64,
    temperature: impl Into<Temperature<'t>>,
) -> Tensor {
    batch_rows((query, keys), offset, None, temperature.into())
}

fn batch_rows(
    (query, keys): (&Tensor, &Tensor),
    offset: i64,
    groups: Option<&Alike>,
    temperature: Temperature<'_>,
) -> Tensor {
    let (query, keys) = (unit(query), unit(keys));
    let (m, n) = (query.size()[0], keys.size()[0]);
    assert!(offset >= 0 && offset + m <= n, "queries {offset}..{} of {n}", offset + m);
    let (query, temperature) = temperature.scaled(&query);
    let sum = Pairs { rows: &query, columns: &keys, temperature }.sum(|tile| {
        let own = tile.column(offset);
        if let Some(groups) = groups {
            return groups.cross_entropy(tile, &own, None);
        }
        cross_entropy(tile.products, &own)
    });
    sum / m as f64
}

/// The uniform value of `info_nce_batch` for `n` keys: ln n.
pub fn info_nce_batch_uniform(n: usize) -> f64 {
    (n as f64).ln()
}
