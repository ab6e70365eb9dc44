//! Triplet margin losses of pairs of views (Weinberger and Saul 2009; for unit vectors SimCLR, Chen et al. 2020,
//! arXiv 2002.05709, table 2), in memory linear in the batch.

use crate::groups::{Alike, Groups, left};
use crate::mining::Mining;
use crate::pairs::{Pairs, Terms, total};
use crate::similarity::Similarity;
use crate::unit::same_shape;
use tch::Tensor;

/// max(0, s(anchor, negative) - s(anchor, positive) + margin), where s is the similarity.
///
/// With `Similarity::Dot` rows are brought to unit length here; with `Similarity::Euclidean` distances are not
/// squared. Negatives of an anchor are the anchors and positives of all other images, 2n - 2 of them; for SimCLR's
/// loss, in which every view is an anchor, take the mean of both orders.
///
/// # Shapes
/// - `anchor`, `positive`: `[n, d]`, n at least 2, two views of the same n images in the same order, any float kind
/// - returns a scalar, fp32 (fp64 for fp64 input): the mean over all n (2n - 2) triplets, or over the n anchors where
///   `mining` leaves one triplet of each
pub fn triplet_margin(
    anchor: &Tensor,
    positive: &Tensor,
    margin: f64,
    similarity: Similarity,
    mining: Mining,
) -> Tensor {
    triplets((anchor, positive), margin, similarity, mining, None)
}

/// `triplet_margin` where images come in groups, and those of one group are no negatives of each other: the mean over the
/// anchors, each over the negatives that it has.
///
/// # Shapes
/// As `triplet_margin`; `groups` is `[n]`, i64.
pub fn triplet_margin_ignoring(
    (anchor, positive): (&Tensor, &Tensor),
    groups: &Tensor,
    margin: f64,
    similarity: Similarity,
    mining: Mining,
) -> Tensor {
    let n = anchor.size()[0];
    // Columns are the positives, then the anchors.
    let groups = Groups::ignoring(groups, n, 2).rows(0, n);
    triplets((anchor, positive), margin, similarity, mining, Some(&groups))
}

fn triplets(
    (anchor, positive): (&Tensor, &Tensor),
    margin: f64,
    similarity: Similarity,
    mining: Mining,
    groups: Option<&Alike>,
) -> Tensor {
    same_shape(anchor, positive);
    let n = anchor.size()[0];
    assert!(n >= 2, "negatives come from other images: two at least, found {n}");
    let (rows, columns) = similarity.prepared(anchor, &Tensor::cat(&[positive, anchor], 0));
    let sum = Pairs { rows: &rows, columns: &columns, temperature: 1.0 }.sum(|tile| {
        let (own, itself) = (tile.column(0), tile.column(n));
        let alike = groups.map(|groups| groups.mask(&tile));
        let mut scores = similarity.scores(tile.products);
        let of_positives = scores.gather(1, &own, false);
        let mut negatives = scores.copy();
        let _ = negatives.scatter_value_(1, &own, f64::NEG_INFINITY);
        let _ = negatives.scatter_value_(1, &itself, f64::NEG_INFINITY);
        let others = alike.map(|alike| {
            let _ = negatives.masked_fill_(&alike, f64::NEG_INFINITY);
            left(&alike, negatives.kind())
        });
        let mean = |terms: Tensor| match &others {
            Some(others) => terms / others,
            None => terms / (2 * n - 2) as f64,
        };
        let hinge = |score: &Tensor| (score - &of_positives + margin).clamp_min(0.0);
        let (terms, mut slopes) = match mining.mined(&negatives, &of_positives) {
            None => {
                let terms = hinge(&negatives);
                let active = terms.gt(0.0).to_kind(terms.kind());
                (mean(terms), mean(active))
            }
            Some(mined) => {
                let terms = hinge(&mined.score);
                let active = terms.gt(0.0).to_kind(terms.kind());
                (terms, negatives.zeros_like().scatter_(1, &mined.column, &active))
            }
        };
        let pull = slopes.sum_dim_intlist([1i64].as_slice(), true, None);
        let _ = slopes.scatter_(1, &own, &-pull);
        // Its score of itself may be rounded to anything near zero.
        let _ = scores.scatter_value_(1, &itself, 0.0);
        let sum = total(&terms);
        Terms { sum, slopes: similarity.slopes(slopes, &scores) }
    });
    sum / n as f64
}
