//! Images that show the same thing, such as frames of one video: what they are to each other where a loss compares all
//! images of a batch.

use crate::labels::checked;
use crate::pairs::Tile;
use crate::softmax::softmax;
use crate::{pairs::Terms, softmax::cross_entropy};
use std::collections::HashMap;
use std::hash::Hash;
use tch::{Kind, Tensor};

/// The logit of a candidate that is left out: finite, so that a row of which all are left out has no NaN.
pub(crate) const LEFT_OUT: f64 = -1e30;

/// The group of each image, and what the other images of its group are to it.
#[derive(Clone, Copy, Debug)]
pub struct Groups<'a> {
    /// `[n]`, i64: images with the same number show the same thing.
    pub of: &'a Tensor,
    /// What the others are.
    pub others: Others,
}

/// What an image's group is to it, but for its own other view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// No candidates: neither attracted nor repelled.
    Ignored,
    /// Right answers, as its own other view is: the cross entropy is averaged over all of them (as `L_out` of SupCon,
    /// Khosla et al. 2020, arXiv 2004.11362, eq. 2).
    Positive,
}

/// Whose group each row and each column of a tile is of.
pub(crate) struct Alike {
    rows: Tensor,
    columns: Tensor,
    others: Others,
}

impl Groups<'_> {
    /// Of some rows against the images of other columns.
    pub(crate) fn against(self, columns: &Tensor) -> Alike {
        Alike { rows: self.of.shallow_clone(), columns: columns.shallow_clone(), others: self.others }
    }

    /// Of `[n]` groups of images of which there are so many views, and which are no negatives of each other.
    pub(crate) fn ignoring(of: &Tensor, n: i64, views: i64) -> Alike {
        Groups { of, others: Others::Ignored }.of_views(n, views)
    }

    /// Of views: the groups stand as often as there are views of each image.
    pub(crate) fn of_views(self, n: i64, views: i64) -> Alike {
        let of = checked(self.of, n).repeat([views]);
        Alike { rows: of.shallow_clone(), columns: of, others: self.others }
    }
}

impl Alike {
    /// Those of some of the rows.
    pub(crate) fn rows(self, offset: i64, length: i64) -> Self {
        Self { rows: self.rows.narrow(0, offset, length), ..self }
    }

    /// Which columns are of the row's group, `[rows of the tile, m]`.
    pub(crate) fn mask(&self, tile: &Tile) -> Tensor {
        tile.of(&self.rows).eq_tensor(&self.columns)
    }

    /// The cross entropy of a tile's rows. `positive` is the column of a row's own other view, `itself` that of the row, which
    /// is no candidate.
    pub(crate) fn cross_entropy(&self, mut tile: Tile, positive: &Tensor, itself: Option<&Tensor>) -> Terms {
        let mut alike = self.mask(&tile);
        match self.others {
            Others::Ignored => {
                let _ = alike.scatter_value_(1, positive, 0i64);
                let mut logits = tile.products.masked_fill_(&alike, LEFT_OUT);
                if let Some(itself) = itself {
                    let _ = logits.scatter_value_(1, itself, f64::NEG_INFINITY);
                }
                cross_entropy(logits, positive)
            }
            Others::Positive => {
                if let Some(itself) = itself {
                    let _ = alike.scatter_value_(1, itself, 0i64);
                }
                let (of_right, fraction) = averaged(&tile.products, &alike, 0);
                if let Some(itself) = itself {
                    let _ = tile.products.scatter_value_(1, itself, f64::NEG_INFINITY);
                }
                let (normaliser, slopes) = softmax(tile.products);
                Terms { sum: (normaliser - of_right).sum(Kind::Double), slopes: slopes - fraction }
            }
        }
    }

    /// What the candidates of a queue are to a tile's rows: how many right answers there are besides the row's own, `[rows, 1]`,
    /// the sum of their products, and which columns they are. Where others are ignored there are none, and `products` lose them.
    pub(crate) fn in_queue(&self, tile: &mut Tile) -> Option<(Tensor, Tensor)> {
        let alike = self.mask(tile);
        match self.others {
            Others::Ignored => {
                let _ = tile.products.masked_fill_(&alike, LEFT_OUT);
                None
            }
            Others::Positive => Some(averaged(&tile.products, &alike, 1)),
        }
    }
}

/// The mean of the products where `right`, of so many more than those, `[n, 1]`; and the weight of each in it, `[n, m]`.
fn averaged(products: &Tensor, right: &Tensor, more: i64) -> (Tensor, Tensor) {
    let right = right.to_kind(products.kind());
    let count = right.sum_dim_intlist([1i64].as_slice(), true, None) + more;
    let fraction = right / count;
    ((products * &fraction).sum_dim_intlist([1i64].as_slice(), true, None), fraction)
}

/// How many columns are not alike, `[rows, 1]`, at least 1.
pub(crate) fn left(alike: &Tensor, kind: Kind) -> Tensor {
    let of_group = alike.sum_dim_intlist([1i64].as_slice(), true, Kind::Int64);
    (-of_group + alike.size()[1]).clamp_min(1).to_kind(kind)
}

/// How many images of the batch are of each image's group, itself counted.
pub(crate) fn sizes<G: Copy + Eq + Hash>(groups: &[G]) -> impl Iterator<Item = usize> {
    let mut counts = HashMap::new();
    for group in groups {
        *counts.entry(*group).or_insert(0) += 1;
    }
    groups.iter().map(move |group| counts[group])
}

/// The mean of ln(1 + cells) over images, of which all images of other groups have `cells` each.
pub(crate) fn mean_ln_cells(groups: &[i64], cells: usize) -> f64 {
    let of = |size: usize| (((groups.len() - size) * cells) as f64).ln_1p();
    sizes(groups).map(of).sum::<f64>() / groups.len() as f64
}

/// The mean of ln(candidates) over images, which have `all` of them but for those of their own group: `each` for every other
/// image of the group.
fn mean_ln(groups: &[i64], all: usize, each: usize) -> f64 {
    let of = |size: usize| all.saturating_sub(each * (size - 1)).max(1) as f64;
    sizes(groups).map(|size| of(size).ln()).sum::<f64>() / groups.len() as f64
}

/// The uniform value of `nt_xent_grouped` where others are ignored: the mean of ln(2n + 1 - 2g) over images, of whose group
/// there are g in the batch.
pub fn nt_xent_uniform_ignoring(groups: &[i64]) -> f64 {
    mean_ln(groups, 2 * groups.len() - 1, 2)
}

/// The uniform value of `dcl_ignoring`, whose positive is no candidate.
pub fn dcl_uniform_ignoring(groups: &[i64]) -> f64 {
    mean_ln(groups, 2 * groups.len() - 2, 2)
}

/// The uniform value of `info_nce_batch_grouped` where others are ignored: the mean of ln(n + 1 - g).
pub fn info_nce_batch_uniform_ignoring(groups: &[i64]) -> f64 {
    mean_ln(groups, groups.len(), 1)
}

/// The uniform value of `info_nce_grouped` where others are ignored: the mean of ln(1 + k - g), of whose group there are g in a
/// queue of k.
pub fn info_nce_uniform_ignoring(groups: &[i64], queue: &[i64]) -> f64 {
    let mut counts: HashMap<i64, usize> = HashMap::new();
    for group in queue {
        *counts.entry(*group).or_default() += 1;
    }
    let left = |group: &i64| queue.len() - counts.get(group).copied().unwrap_or_default();
    groups.iter().map(|group| (left(group) as f64).ln_1p()).sum::<f64>() / groups.len() as f64
}
