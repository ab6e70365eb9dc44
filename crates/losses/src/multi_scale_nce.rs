//! AMDIM's loss (Bachman, Hjelm and Buchwalter 2019, arXiv 1906.00910, equations 2 to 5): a vector of an image against the cells
//! of feature maps, its own right one by one, those of other images wrong together.

use crate::groups::{Alike, Groups, LEFT_OUT, mean_ln_cells};
use crate::pairs::{Pairs, Terms, Tile, total};
use crate::softmax::softmax;
use crate::unit::{positive, widened};
use tch::{Kind, Tensor};

/// How scores are kept in bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoreBounds {
    /// A score s becomes `clip` tanh(s / `clip`); 20 in the paper.
    pub clip: f64,
    /// Weight of the mean square of all scores before that; 0.05 in the paper.
    pub regulariser: f64,
}

/// The mean over images i and cells l of -ln( e^{s_il} / (e^{s_il} + sum over the cells of other images of e^s) ), and
/// `bounds.regulariser` times the mean square of all scores. A score is a product over the square root of d, clipped.
///
/// # Shapes
/// - `source`: `[n, d]`, any float kind
/// - `cells`: `[n, l, d]`: row i of both is of the same image; an image's own cells are never wrong
/// - returns a scalar, fp32 (fp64 for fp64 input)
pub fn multi_scale_nce(source: &Tensor, cells: &Tensor, bounds: ScoreBounds) -> Tensor {
    evaluated(source, cells, None, bounds)
}

/// `multi_scale_nce` where images come in groups: cells of others of an image's group are left out.
///
/// # Shapes
/// As `multi_scale_nce`; `groups` is `[n]`, i64.
pub fn multi_scale_nce_ignoring(
    source: &Tensor,
    cells: &Tensor,
    groups: &Tensor,
    bounds: ScoreBounds,
) -> Tensor {
    evaluated(source, cells, Some(&Groups::ignoring(groups, source.size()[0], 1)), bounds)
}

/// The uniform value of `multi_scale_nce`, without the regulariser: ln(1 + (n - 1) l) for n images with l cells each.
pub fn multi_scale_nce_uniform(n: usize, l: usize) -> f64 {
    ((n.saturating_sub(1) * l) as f64).ln_1p()
}

/// The uniform value of `multi_scale_nce_ignoring`: the mean of ln(1 + (n - g) l) over images, of whose group there are g.
pub fn multi_scale_nce_uniform_ignoring(groups: &[i64], l: usize) -> f64 {
    mean_ln_cells(groups, l)
}

fn evaluated(source: &Tensor, cells: &Tensor, alike: Option<&Alike>, bounds: ScoreBounds) -> Tensor {
    positive("clip", bounds.clip);
    let (n, l, d) = cells.size3().expect("cells are [n, l, d]");
    assert_eq!(source.size(), [n, d], "a source for each image, as wide as its cells");
    let (source, cells) = (widened(source), widened(cells).reshape([n * l, d]));
    let pairs = Pairs { rows: &source, columns: &cells, temperature: (d as f64).sqrt() };
    // What all squares are multiplied by, before the sum is divided by the cells of all images.
    let square = bounds.regulariser / n as f64;
    let sum = pairs.sum(|tile| {
        let wrong = alike.map(|alike| alike.mask(&tile));
        terms(tile, [n, l], wrong.as_ref(), (bounds.clip, square))
    });
    sum / (n * l) as f64
}

/// `alike` says which images are of each row's group, `[rows, n]`, its own among them; without it there is no other.
fn terms(tile: Tile, [n, l]: [i64; 2], alike: Option<&Tensor>, (clip, square): (f64, f64)) -> Terms {
    let own = tile.numbers();
    let mut scores = tile.products;
    let rows = scores.size()[0];
    let squares = total(&scores.square());
    let bent = (&scores / clip).tanh_();
    let clipped = (&bent * clip).view([rows, n, l]);
    // The cells of a row's own image, `[rows, 1, l]`.
    let place = own.view([rows, 1, 1]).expand([-1, 1, l], false);
    let right = clipped.gather(1, &place, false);
    let left_out = match alike {
        Some(alike) => clipped.masked_fill(&alike.unsqueeze(2), LEFT_OUT),
        None => clipped.scatter_value(1, &place, LEFT_OUT),
    };
    let (of_wrong, weights) = softmax(left_out.view([rows, n * l]));
    let against = of_wrong.view([rows, 1, 1]) - &right;
    let pushed = against.sigmoid();
    let mut slopes = weights * pushed.sum_dim_intlist([1i64, 2].as_slice(), false, None).unsqueeze(1);
    let _ = slopes.view([rows, n, l]).scatter_add_(1, &place, &-&pushed);
    let slopes = slopes.g_mul_(&(-bent.square() + 1.0)).g_add_(&scores.g_mul_scalar_(2.0 * square));
    Terms { sum: against.softplus().sum(Kind::Double) + squares * square, slopes }
}
