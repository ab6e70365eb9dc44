//! NT-Logistic (Chen et al. 2020, arXiv 2002.05709, table 2): every pair its own yes-or-no question, in memory linear
//! in the batch.

use crate::groups::{Alike, Groups, left};
use crate::mining::Mining;
use crate::pairs::{Pairs, Terms};
use crate::unit::both_views;
use tch::{Kind, Tensor};

/// -ln sigmoid(u.v+ / t) - ln sigmoid(-u.v- / t), for each of the 2n embeddings u.
///
/// Negatives are the 2n - 2 embeddings of other images. Their mean is taken, so that positive and negatives weigh
/// alike; where `mining` leaves one of them, it is that one's term.
///
/// # Shapes
/// - `z1`, `z2`: `[n, d]`, n at least 2, the two views of the same n images in the same order, any float kind
/// - returns a scalar, fp32 (fp64 for fp64 input): the mean over all 2n rows
pub fn nt_logistic(z1: &Tensor, z2: &Tensor, temperature: f64, mining: Mining) -> Tensor {
    questions((z1, z2), temperature, mining, None)
}

/// `nt_logistic` where images come in groups, and those of one group are no negatives of each other.
///
/// # Shapes
/// As `nt_logistic`; `groups` is `[n]`, i64.
pub fn nt_logistic_ignoring(
    z1: &Tensor,
    z2: &Tensor,
    groups: &Tensor,
    temperature: f64,
    mining: Mining,
) -> Tensor {
    let groups = Groups::ignoring(groups, z1.size()[0], 2);
    questions((z1, z2), temperature, mining, Some(&groups))
}

fn questions(
    (z1, z2): (&Tensor, &Tensor),
    temperature: f64,
    mining: Mining,
    groups: Option<&Alike>,
) -> Tensor {
    let z = both_views(z1, z2);
    let total = z.size()[0];
    assert!(total >= 4, "negatives come from other images: two at least, found {}", total / 2);
    let sum = Pairs { rows: &z, columns: &z, temperature }.sum(|mut tile| {
        let (own, positive) = (tile.column(0), tile.column(total / 2));
        let of_positives = tile.products.gather(1, &positive, false);
        let alike = groups.map(|groups| groups.mask(&tile));
        let _ = tile.products.scatter_value_(1, &own, f64::NEG_INFINITY);
        let _ = tile.products.scatter_value_(1, &positive, f64::NEG_INFINITY);
        let mut logits = tile.products;
        let others = alike.map(|alike| {
            let _ = logits.masked_fill_(&alike, f64::NEG_INFINITY);
            left(&alike, z.kind())
        });
        let mean = |terms: Tensor| match &others {
            Some(others) => terms / others,
            None => terms / (total - 2) as f64,
        };
        let (terms, mut slopes) = match mining.mined(&logits, &of_positives) {
            None => (mean(logits.softplus()), mean(logits.sigmoid())),
            Some(mined) => {
                let slopes = logits.zeros_like().scatter_(1, &mined.column, &mined.score.sigmoid());
                (mined.score.softplus(), slopes)
            }
        };
        let terms = terms.sum_dim_intlist([1i64].as_slice(), true, None) + (-&of_positives).softplus();
        let _ = slopes.scatter_(1, &positive, &-(-of_positives).sigmoid());
        Terms { sum: terms.sum(Kind::Double), slopes }
    });
    sum / total as f64
}

/// What `nt_logistic` is when all embeddings are at right angles: 2 ln 2.
pub fn nt_logistic_uniform() -> f64 {
    2.0 * std::f64::consts::LN_2
}
