//! NT-Xent, the contrastive loss of SimCLR (Chen et al. 2020, arXiv 2002.05709, eq. 1), in memory linear in the
//! batch.

use crate::groups::{Alike, Groups};
use crate::pairs::Pairs;
use crate::softmax::cross_entropy;
use crate::temperature::Temperature;
use crate::unit::{both_views, widened};
use tch::Tensor;

/// Normalised temperature-scaled cross entropy over the 2n - 1 candidates of each of the 2n embeddings.
///
/// The exact loss of the whole batch; only its evaluation is tiled. Rows are brought to unit length here.
///
/// # Shapes
/// - `z1`, `z2`: `[n, d]`, the two views of the same n images in the same order, any float kind
/// - returns a scalar, fp32 (fp64 for fp64 input): the mean over all 2n rows
pub fn nt_xent<'t>(z1: &Tensor, z2: &Tensor, temperature: impl Into<Temperature<'t>>) -> Tensor {
    let z = both_views(z1, z2);
    nt_xent_rows(&z, &z, 0, temperature)
}

/// `nt_xent` where images come in groups.
///
/// # Shapes
/// As `nt_xent`; `groups.of` is `[n]`.
pub fn nt_xent_grouped<'t>(
    z1: &Tensor,
    z2: &Tensor,
    groups: Groups<'_>,
    temperature: impl Into<Temperature<'t>>,
) -> Tensor {
    let z = both_views(z1, z2);
    nt_xent_rows_grouped(&z, &z, 0, groups, temperature)
}

/// The uniform value of `nt_xent`: ln(2n - 1), all candidates alike.
pub fn nt_xent_uniform(n: usize) -> f64 {
    ((2 * n).saturating_sub(1) as f64).ln()
}

/// The terms of NT-Xent that belong to some rows of a larger batch, so that several processes, or parts of one, can
/// each compute their part: the mean over all parts (weighted by rows) is the loss of the whole.
///
/// # Shapes
/// - `rows`: `[m, d]`, unit rows: `all[offset .. offset + m]`, or what a predictor makes of them
/// - `all`: `[2n, d]`, unit rows, first views before second views; row `i` has its positive at `i + n` modulo `2n`
/// - returns a scalar, fp32 (fp64 for fp64 input): the mean over the m rows; its gradient reaches `rows` and `all`
pub fn nt_xent_rows<'t>(
    rows: &Tensor,
    all: &Tensor,
    offset: i64,
    temperature: impl Into<Temperature<'t>>,
) -> Tensor {
    of_rows((rows, all), offset, None, temperature.into())
}

/// `nt_xent_rows` where images come in groups.
///
/// # Shapes
/// As `nt_xent_rows`; `groups.of` is `[n]`, of all images.
pub fn nt_xent_rows_grouped<'t>(
    rows: &Tensor,
    all: &Tensor,
    offset: i64,
    groups: Groups<'_>,
    temperature: impl Into<Temperature<'t>>,
) -> Tensor {
    let alike = groups.of_views(all.size()[0] / 2, 2).rows(offset, rows.size()[0]);
    of_rows((rows, all), offset, Some(&alike), temperature.into())
}

fn of_rows(
    (rows, all): (&Tensor, &Tensor),
    offset: i64,
    groups: Option<&Alike>,
    temperature: Temperature<'_>,
) -> Tensor {
    let (rows, all) = (&widened(rows), &widened(all));
    let (m, total) = (rows.size()[0], all.size()[0]);
    assert!(total >= 2 && total % 2 == 0, "pairs of views, so an even number of rows, found {total}");
    assert!(offset >= 0 && offset + m <= total, "rows {offset}..{} of {total}", offset + m);
    let (rows, temperature) = temperature.scaled(rows);
    let sum = Pairs { rows: &rows, columns: all, temperature }.sum(|mut tile| {
        let (itself, positive) = (tile.column(offset), tile.column(offset + total / 2));
        if let Some(groups) = groups {
            return groups.cross_entropy(tile, &positive, Some(&itself));
        }
        // A row is no candidate of its own.
        let _ = tile.products.scatter_value_(1, &itself, f64::NEG_INFINITY);
        cross_entropy(tile.products, &positive)
    });
    sum / m as f64
}
