//! NT-Xent, the contrastive loss of SimCLR (Chen et al. 2020, arXiv 2002.05709, eq. 1), in memory linear in the
//! batch.

use crate::surrogate::surrogate;
use crate::unit::{unit, widened};
use tch::{Kind, Tensor};

/// Elements of a tile of logits: 32 MB in fp32, small beside the embeddings of a large batch.
const TILE: i64 = 1 << 23;

/// Normalised temperature-scaled cross entropy over the 2n - 1 candidates of each of the 2n embeddings.
///
/// The exact loss of the whole batch; only its evaluation is tiled. Rows are brought to unit length here.
///
/// # Shapes
/// - `z1`, `z2`: `[n, d]`, the two views of the same n images in the same order, any float kind
/// - returns a scalar, fp32 (fp64 for fp64 input): the mean over all 2n rows
pub fn nt_xent(z1: &Tensor, z2: &Tensor, temperature: f64) -> Tensor {
    assert_eq!(z1.size(), z2.size(), "both views have the same shape");
    let z = unit(&Tensor::cat(&[widened(z1), widened(z2)], 0));
    nt_xent_rows(&z, &z, 0, temperature)
}

/// What `nt_xent` is worth when embeddings say nothing: ln(2n - 1), all candidates alike.
pub fn nt_xent_chance(n: usize) -> f64 {
    ((2 * n).saturating_sub(1) as f64).ln()
}

/// The terms of NT-Xent that belong to some rows of a larger batch, so that several processes, or parts of one, can
/// each compute their share: the mean over all shares (weighted by rows) is the loss of the whole.
///
/// # Shapes
/// - `rows`: `[m, d]`, unit rows: `all[offset .. offset + m]`
/// - `all`: `[2n, d]`, unit rows, first views before second views; row `i` has its positive at `i + n` modulo `2n`
/// - returns a scalar, fp32 (fp64 for fp64 input): the mean over the m rows; its gradient reaches `rows` and `all`
pub fn nt_xent_rows(rows: &Tensor, all: &Tensor, offset: i64, temperature: f64) -> Tensor {
    let (rows, all) = (&widened(rows), &widened(all));
    let (m, total) = (rows.size()[0], all.size()[0]);
    assert!(total >= 2 && total % 2 == 0, "pairs of views, so an even number of rows, found {total}");
    assert!(offset >= 0 && offset + m <= total, "rows {offset}..{} of {total}", offset + m);
    assert!(temperature > 0.0, "the temperature is above zero, found {temperature}");
    let wants_gradient = rows.requires_grad() || all.requires_grad();
    let (value, for_rows, for_all) =
        tch::no_grad(|| Tiles::new(rows, all, offset, temperature, wants_gradient).run());
    surrogate(&value, &[(rows, for_rows), (all, for_all)])
}

/// One evaluation: the running sum of the loss and the two gradients, filled tile by tile.
struct Tiles<'a> {
    rows: &'a Tensor,
    all: &'a Tensor,
    offset: i64,
    temperature: f64,
    wants_gradient: bool,
    loss: Tensor,
    for_rows: Tensor,
    for_all: Tensor,
}

impl<'a> Tiles<'a> {
    fn new(rows: &'a Tensor, all: &'a Tensor, offset: i64, temperature: f64, wants_gradient: bool) -> Self {
        Self {
            rows,
            all,
            offset,
            temperature,
            wants_gradient,
            loss: Tensor::zeros([], (Kind::Double, all.device())),
            for_rows: rows.zeros_like(),
            for_all: all.zeros_like(),
        }
    }

    fn run(mut self) -> (Tensor, Tensor, Tensor) {
        let (m, total) = (self.rows.size()[0], self.all.size()[0]);
        let height = (TILE / total).max(1);
        // Where the positives of consecutive rows wrap around, a tile ends: so they are one slice of `all`.
        let wrap = (total / 2 - self.offset).clamp(0, m);
        for (mut start, end) in [(0, wrap), (wrap, m)] {
            while start < end {
                let length = height.min(end - start);
                self.tile(start, length);
                start += length;
            }
        }
        let kind = self.all.kind();
        (self.loss.to_kind(kind) / m as f64, self.for_rows, self.for_all)
    }

    fn tile(&mut self, start: i64, length: i64) {
        let (m, total) = (self.rows.size()[0], self.all.size()[0]);
        let rows = self.rows.narrow(0, start, length);
        let at = self.offset + start;
        let partner = (at + total / 2) % total;
        let positives = self.all.narrow(0, partner, length);

        let mut logits = (&rows / self.temperature).matmul(&self.all.tr());
        // A row is no candidate of its own.
        let _ = logits.narrow(1, at, length).diagonal(0, 0, 1).fill_(f64::NEG_INFINITY);
        let of_positives = logits.narrow(1, partner, length).diagonal(0, 0, 1).copy();
        let highest = logits.amax([1i64], true);
        let mut weights = logits.g_sub_(&highest).exp_();
        let sums = weights.sum_dim_intlist([1i64].as_slice(), true, None);
        let terms = sums.log() + highest - of_positives.unsqueeze(1);
        self.loss += terms.sum(Kind::Double);
        if !self.wants_gradient {
            return;
        }
        let scale = 1.0 / (self.temperature * m as f64);
        let weights = weights.g_div_(&(sums / scale));
        self.for_rows.narrow(0, start, length).copy_(&(weights.matmul(self.all) - &positives * scale));
        self.for_all += weights.tr().matmul(&rows);
        let mut at_positives = self.for_all.narrow(0, partner, length);
        at_positives -= rows * scale;
    }
}
