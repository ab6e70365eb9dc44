//! The contrastive loss with a margin (Hadsell, Chopra and LeCun 2006, "Dimensionality reduction by learning an
//! invariant mapping", eq. 4), in memory linear in the batch.

use crate::labels::{checked, class_sizes, masks};
use crate::pairs::{Pairs, Terms, total};
use crate::similarity::{distances, lifted, per_square};
use crate::unit::{same_shape, widened};
use tch::{Kind, Tensor};

/// Half the squared distance of similar pairs, and half the squared shortfall from the margin of dissimilar ones.
///
/// Distances are Euclidean, of the rows as they are. Similar are the two views of an image; dissimilar is a first
/// view and another image's second view. The paper sums over its pairs; here each kind has its mean, so that the n
/// similar pairs weigh as much as the n (n - 1) others.
///
/// # Shapes
/// - `z1`, `z2`: `[n, d]`, the two views of the same n images in the same order, any float kind
/// - returns a scalar, fp32 (fp64 for fp64 input)
pub fn margin_contrastive(z1: &Tensor, z2: &Tensor, margin: f64) -> Tensor {
    same_shape(z1, z2);
    let n = z1.size()[0] as f64;
    let (rows, columns) = lifted(z1, z2);
    let dissimilar = Pairs { rows: &rows, columns: &columns, temperature: 1.0 }.sum(|tile| {
        let itself = tile.column(0);
        let distances = distances(tile.products);
        let mut short = shortfall(&distances, margin);
        let _ = short.scatter_value_(1, &itself, 0.0);
        Terms { sum: half_squares(&short), slopes: per_square(-short, &distances) }
    });
    let similar = (widened(z1) - widened(z2)).square().sum(rows.kind());
    similar / (2.0 * n) + dissimilar / (n * (n - 1.0)).max(1.0)
}

/// `margin_contrastive` of all pairs of a batch, similar where labels agree.
///
/// # Shapes
/// - `z`: `[n, d]`, any float kind
/// - `labels`: `[n]`, i64
/// - returns a scalar, fp32 (fp64 for fp64 input): the mean over similar pairs plus the mean over dissimilar ones; a
///   kind without pairs adds nothing
pub fn contrastive_labelled(z: &Tensor, labels: &Tensor, margin: f64) -> Tensor {
    let n = z.size()[0];
    let labels = checked(labels, n);
    let sizes = class_sizes(&labels);
    let count = |pairs: Tensor| pairs.sum(Kind::Int64).double_value(&[]).max(1.0);
    let (similar, dissimilar) = (count(&sizes - 1), count(n - &sizes));
    let (rows, columns) = lifted(z, z);
    Pairs { rows: &rows, columns: &columns, temperature: 1.0 }.sum(|tile| {
        let (alike, differ) = masks(&tile, &labels);
        let distances = distances(tile.products);
        let short = shortfall(&distances, margin) * &differ;
        let apart = (&distances * &alike) / similar.sqrt();
        let sum = half_squares(&short) / dissimilar + half_squares(&apart);
        let slopes =
            per_square(short / -dissimilar, &distances) + alike.to_kind(distances.kind()) * (0.5 / similar);
        Terms { sum, slopes }
    })
}

/// How much nearer than the margin, 0 where farther.
fn shortfall(distances: &Tensor, margin: f64) -> Tensor {
    (distances.neg() + margin).clamp_min_(0.0)
}

fn half_squares(values: &Tensor) -> Tensor {
    total(&values.square()) / 2.0
}
