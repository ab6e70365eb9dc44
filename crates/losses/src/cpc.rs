//! CPC's loss (van den Oord et al. 2018, arXiv 1807.03748, equation 4; Henaff et al. 2019, arXiv 1905.09272, section 3 and
//! appendix A.2): what a cell of a grid predicts, against all cells of the batch.

use crate::groups::{LEFT_OUT, sizes};
use crate::labels::checked;
use crate::pairs::{Pairs, Tile};
use crate::softmax::cross_entropy;
use crate::unit::{positive, widened};
use tch::{Device, Kind, Tensor};

/// Cross entropy of each prediction over the cells of all images, the cell so many rows below its own in the same column of
/// the same image being the right one. How many rows is what the predictions lack of the targets'.
///
/// # Shapes
/// - `predictions`: `[n, rows - k, columns, d]`, k from 1 to `rows - 1`, of the cells of the first rows, any float kind
/// - `targets`: `[n, rows, columns, d]`
/// - `scale`: what products are multiplied by, above 0; 0.1 in the paper
/// - returns a scalar, fp32 (fp64 for fp64 input): the mean over all predictions
pub fn cpc(predictions: &Tensor, targets: &Tensor, scale: f64) -> Tensor {
    evaluated(predictions, targets, None, scale)
}

/// `cpc` where images come in groups: the cells of others of an image's group are left out, its own are not.
///
/// # Shapes
/// As `cpc`; `groups` is `[n]`, i64.
pub fn cpc_ignoring(predictions: &Tensor, targets: &Tensor, groups: &Tensor, scale: f64) -> Tensor {
    evaluated(predictions, targets, Some(groups), scale)
}

/// The uniform value of `cpc`: ln(n cells) for n images with so many cells each.
pub fn cpc_uniform(n: usize, cells: usize) -> f64 {
    ((n * cells) as f64).ln()
}

/// The uniform value of `cpc_ignoring`: the mean of ln((n + 1 - g) cells) over images, of whose group there are g.
pub fn cpc_uniform_ignoring(groups: &[i64], cells: usize) -> f64 {
    let n = groups.len();
    let of = |size: usize| (((n + 1 - size) * cells) as f64).ln();
    sizes(groups).map(of).sum::<f64>() / n as f64
}

fn evaluated(predictions: &Tensor, targets: &Tensor, groups: Option<&Tensor>, scale: f64) -> Tensor {
    positive("scale", scale);
    let (n, rows, columns, d) = targets.size4().expect("targets are [n, rows, columns, d]");
    let (of, predicting, across, width) =
        predictions.size4().expect("predictions are [n, rows - k, columns, d]");
    let fits = (of, across, width) == (n, columns, d) && (1..rows).contains(&predicting);
    assert!(fits, "predictions for {:?} targets, found {:?}", targets.size(), predictions.size());
    let grid = Grid { n, each: predicting * columns, all: rows * columns };
    let device = targets.device();
    let right = grid.right(device);
    let alike = groups.map(|groups| grid.others(&checked(groups, n).to_device(device)));
    let (predictions, targets) = (widened(predictions).reshape([-1, d]), widened(targets).reshape([-1, d]));
    let pairs = Pairs { rows: &predictions, columns: &targets, temperature: scale.recip() };
    let sum = pairs.sum(|tile| {
        let own = tile.of(&right);
        let alike = alike.as_ref().map(|alike| alike.mask(&tile));
        let Tile { mut products, .. } = tile;
        if let Some(alike) = alike {
            products = products.masked_fill_(&alike, LEFT_OUT);
        }
        cross_entropy(products, &own)
    });
    sum / predictions.size()[0] as f64
}

/// The cells of a batch in a row: those that predict, and all.
struct Grid {
    n: i64,
    /// Cells of an image that predict: they come first.
    each: i64,
    /// All cells of an image.
    all: i64,
}

impl Grid {
    /// The place of each prediction's right answer among all cells, `[n * each]`: its own, so many rows on.
    fn right(&self, device: Device) -> Tensor {
        let ahead = self.all - self.each;
        let images = Tensor::arange(self.n, (Kind::Int64, device)).unsqueeze(1) * self.all;
        (images + Tensor::arange_start(ahead, self.all, (Kind::Int64, device))).flatten(0, -1)
    }

    /// Of which image and of which group predictions and cells are.
    fn others(&self, groups: &Tensor) -> Others {
        let images = Tensor::arange(self.n, (Kind::Int64, groups.device()));
        let by_cell = |of: &Tensor, cells: i64| of.repeat_interleave_self_int(cells, 0, None);
        Others {
            rows: [groups, &images].map(|of| by_cell(of, self.each)),
            columns: [groups, &images].map(|of| by_cell(of, self.all)),
        }
    }
}

/// Groups, then images, of all predictions and of all cells.
struct Others {
    rows: [Tensor; 2],
    columns: [Tensor; 2],
}

impl Others {
    /// Which cells are of the prediction's group and of another image, `[rows of the tile, cells]`.
    fn mask(&self, tile: &Tile) -> Tensor {
        let [group, image] = [0, 1].map(|which| tile.of(&self.rows[which]).eq_tensor(&self.columns[which]));
        group.logical_and(&image.logical_not())
    }
}
