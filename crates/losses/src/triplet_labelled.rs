//! Triplet margin losses of labelled batches (FaceNet, Schroff et al. 2015, arXiv 1503.03832; batch-hard and
//! batch-all, Hermans et al. 2017, arXiv 1703.07737), in memory linear in the batch.

use crate::labels::{checked, class_sizes, masks};
use crate::mining::Mining;
use crate::pairs::{Pairs, Terms, total};
use crate::similarity::Similarity;
use tch::{Kind, Tensor};

/// max(0, s(a, n) - s(a, p) + margin) over triplets of an anchor, one that shares its label, and one that does not.
///
/// With `Similarity::Dot` rows are brought to unit length here; with `Similarity::Euclidean` distances are neither
/// squared (as FaceNet's are) nor of unit rows.
/// - `Mining::None`: all triplets.
/// - `Mining::SemiHard`: for each pair of anchor and positive, the nearest negative that is farther than the
///   positive; a pair without one adds nothing.
/// - `Mining::BatchHard`: for each anchor, its farthest positive and its nearest negative.
///
/// # Shapes
/// - `z`: `[n, d]`, any float kind
/// - `labels`: `[n]`, i64
/// - returns a scalar, fp32 (fp64 for fp64 input): the mean over all triplets, over all pairs of anchor and positive,
///   or over the anchors that have both; 0 where there are none
pub fn triplet_labelled(
    z: &Tensor,
    labels: &Tensor,
    margin: f64,
    similarity: Similarity,
    mining: Mining,
) -> Tensor {
    let n = z.size()[0];
    let labels = checked(labels, n);
    let (rows, columns) = similarity.prepared(z, z);
    let sum = Pairs { rows: &rows, columns: &columns, temperature: 1.0 }.sum(|tile| {
        let (alike, differ) = masks(&tile, &labels);
        let itself = tile.column(0);
        let mut scores = similarity.scores(tile.products);
        let _ = scores.scatter_value_(1, &itself, 0.0);
        let candidates = Candidates { scores: &scores, alike, differ, margin };
        let Terms { sum, slopes } = match mining {
            Mining::None => candidates.all(),
            Mining::SemiHard => candidates.semi_hard(),
            Mining::BatchHard => candidates.hardest(),
        };
        Terms { sum, slopes: similarity.slopes(slopes, &scores) }
    });
    sum / counted(&class_sizes(&labels), mining).clamp_min(1).to_kind(rows.kind())
}

/// How many terms the mean is over.
fn counted(class_sizes: &Tensor, mining: Mining) -> Tensor {
    let n = class_sizes.size()[0];
    let (positives, negatives): (Tensor, Tensor) = (class_sizes - 1, n - class_sizes);
    let counts = match mining {
        Mining::None => positives * negatives,
        Mining::SemiHard => positives,
        Mining::BatchHard => positives.gt(0).logical_and(&negatives.gt(0)),
    };
    counts.sum(Kind::Int64)
}

/// The anchors of a tile and all that they are compared with.
struct Candidates<'a> {
    scores: &'a Tensor,
    alike: Tensor,
    differ: Tensor,
    margin: f64,
}

impl Candidates<'_> {
    /// Every triplet, without visiting it: in sorted rows, the negatives that violate a positive's margin, and the
    /// positives whose margin a negative violates, are found by bisection and counted.
    fn all(&self) -> Terms {
        let n = self.scores.size()[1];
        let kind = self.scores.kind();
        let (negatives, _) = self.negatives().sort(1, false);
        let (positives, _) = self.positives().sort(1, false);
        let below = bisect(&negatives, &(self.scores - self.margin), "right");
        let pushed = ((n - below) * &self.alike).to_kind(kind);
        let pulled = (bisect(&positives, &(self.scores + self.margin), "left") * &self.differ).to_kind(kind);
        let active = total(&pushed);
        let slopes = pulled - pushed;
        Terms { sum: total(&(&slopes * self.scores)) + active * self.margin, slopes }
    }

    fn semi_hard(&self) -> Terms {
        let (negatives, columns) = self.negatives().sort(1, false);
        let place: Tensor = bisect(&negatives, self.scores, "left") - 1;
        let place = place.clamp_min(0);
        // Where no negative is farther, the place holds minus infinity or a nearer negative.
        let mined = negatives.gather(1, &place, false);
        let some = mined.lt_tensor(self.scores).logical_and(&self.alike);
        let terms = (mined - self.scores + self.margin).clamp_min(0.0) * &some;
        let active = terms.gt(0.0).to_kind(terms.kind());
        let mut slopes = -&active;
        let _ = slopes.scatter_add_(1, &columns.gather(1, &place, false), &active);
        Terms { sum: total(&terms), slopes }
    }

    fn hardest(&self) -> Terms {
        let (negative, at_negative) = self.negatives().max_dim(1, true);
        let (positive, at_positive) = self.positives().min_dim(1, true);
        // Without either one the difference is minus infinity.
        let terms = (negative - positive + self.margin).clamp_min(0.0);
        let active = terms.gt(0.0).to_kind(terms.kind());
        let mut slopes = self.scores.zeros_like();
        let _ = slopes.scatter_add_(1, &at_negative, &active);
        let _ = slopes.scatter_add_(1, &at_positive, &-active);
        Terms { sum: terms.sum(Kind::Double), slopes }
    }

    /// Scores, minus infinity where a column is no negative.
    fn negatives(&self) -> Tensor {
        self.scores.masked_fill(&self.differ.logical_not(), f64::NEG_INFINITY)
    }

    /// Scores, infinity where a column is no positive.
    fn positives(&self) -> Tensor {
        self.scores.masked_fill(&self.alike.logical_not(), f64::INFINITY)
    }
}

/// How many entries of each sorted row are below (`left`), or not above (`right`), each value.
fn bisect(sorted: &Tensor, values: &Tensor, side: &str) -> Tensor {
    values.searchsorted(sorted, false, side == "right", side, None::<Tensor>)
}
