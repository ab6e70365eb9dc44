//! The supervised contrastive loss (Khosla et al. 2020, arXiv 2004.11362, eq. 2, `L_out`), in memory linear in the
//! batch.

use crate::labels::{checked, class_sizes, masks};
use crate::pairs::{Pairs, Terms};
use crate::softmax::softmax;
use crate::temperature::Temperature;
use crate::unit::unit;
use tch::{Kind, Tensor};

/// Cross entropy of each embedding over all others, averaged over those that share its label.
///
/// Rows are brought to unit length here. The equation stands as printed: without the factor of temperature over base
/// temperature that the authors' program multiplies by. With two views and no label twice it is NT-Xent.
///
/// # Shapes
/// - `z`: `[views, n, d]`, any float kind
/// - `labels`: `[n]`, i64
/// - returns a scalar, fp32 (fp64 for fp64 input): the mean over the embeddings that share their label with another
///   (with two views, all of them); 0 where none does
pub fn sup_con<'t>(z: &Tensor, labels: &Tensor, temperature: impl Into<Temperature<'t>>) -> Tensor {
    assert_eq!(z.dim(), 3, "embeddings are [views, n, d], found {:?}", z.size());
    let (views, n) = (z.size()[0], z.size()[1]);
    let labels = checked(labels, n).repeat([views]);
    let z = unit(&z.flatten(0, 1));
    let positives = class_sizes(&labels) - 1;
    let paired = positives.gt(0).sum(Kind::Int64).clamp_min(1).to_kind(z.kind());
    let (rows, temperature) = temperature.into().scaled(&z);
    let sum = Pairs { rows: &rows, columns: &z, temperature }.sum(|mut tile| {
        let (alike, _) = masks(&tile, &labels);
        let count = tile.of(&positives);
        let fraction = alike.to_kind(z.kind()) / count.clamp_min(1);
        let of_positives = (&tile.products * &fraction).sum_dim_intlist([1i64].as_slice(), true, None);
        let _ = tile.products.scatter_value_(1, &tile.column(0), f64::NEG_INFINITY);
        let (of_all, softmax) = softmax(tile.products);
        let paired = count.gt(0);
        let sum = ((of_all - of_positives) * &paired).sum(Kind::Double);
        Terms { sum, slopes: softmax * paired - fraction }
    });
    sum / paired
}

/// The uniform value of `sup_con` for `views` views of `n` images: ln(views n - 1).
pub fn sup_con_uniform(views: usize, n: usize) -> f64 {
    ((views * n).saturating_sub(1) as f64).ln()
}
