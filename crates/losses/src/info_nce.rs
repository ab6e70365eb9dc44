//! InfoNCE (van den Oord et al. 2018, arXiv 1807.03748, eq. 4): against a queue, as in MoCo, or against the keys of
//! the batch, as in MoCo v3 and NNCLR. In memory linear in queries and keys.

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
    same_shape(query, key);
    let (k, d) = negatives.size2().expect("negatives are [k, d]");
    assert!(
        k > 0 && d == query.size()[1],
        "negatives are [k, {}], k at least 1, found [{k}, {d}]",
        query.size()[1]
    );
    let (query, key) = (unit(query), unit(key));
    let negatives = unit(negatives).to_kind(query.kind());
    let (query, temperature) = temperature.into().scaled(&query);
    let positive = (&query * key).sum_dim_intlist([1i64].as_slice(), false, None) / temperature;
    let for_positive = positive.zeros_like();
    let sum = Pairs { rows: &query, columns: &negatives, temperature }.sum(|tile| {
        let (own, mut for_own) = (tile.of(&positive), tile.of(&for_positive));
        let (of_negatives, mut slopes) = softmax(tile.products);
        // The softmax over the negatives alone, times the probability that they have together.
        let fraction = (&of_negatives - &own).sigmoid();
        for_own.copy_(&-&fraction);
        let slopes = slopes.g_mul_(&fraction);
        Terms { sum: (of_negatives - own).softplus().sum(Kind::Double), slopes }
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
    let (query, keys) = (unit(query), unit(keys));
    let (m, n) = (query.size()[0], keys.size()[0]);
    assert!(offset >= 0 && offset + m <= n, "queries {offset}..{} of {n}", offset + m);
    let (query, temperature) = temperature.into().scaled(&query);
    let sum = Pairs { rows: &query, columns: &keys, temperature }.sum(|tile| {
        let own = tile.column(offset);
        cross_entropy(tile.products, &own)
    });
    sum / m as f64
}

/// The uniform value of `info_nce_batch` for `n` keys: ln n.
pub fn info_nce_batch_uniform(n: usize) -> f64 {
    (n as f64).ln()
}
