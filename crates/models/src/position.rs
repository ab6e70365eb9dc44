//! Position embeddings: learned ones, which are interpolated for other grids, or sines and cosines.

use tch::{Device, Kind, Tensor};

/// Learned embeddings of one grid for another: antialiased bicubic interpolation, as in timm.
///
/// # Shapes
/// - `learned`: `[1, rows * columns, width]`
/// - returns the same of grid `to`
pub(crate) fn interpolated(learned: &Tensor, from: (i64, i64), to: (i64, i64)) -> Tensor {
    if from == to {
        return learned.shallow_clone();
    }
    let width = learned.size()[2];
    let map = learned.view([1, from.0, from.1, width]).permute([0, 3, 1, 2]);
    let map = map.internal_upsample_bicubic2d_aa([to.0, to.1], false, None, None);
    map.permute([0, 2, 3, 1]).reshape([1, to.0 * to.1, width])
}

/// Sines and cosines of row and column (Chen, Xie and He 2021, arXiv 2104.02057, section 5 and its published code):
/// quarters of the width are sin and cos of the row, then of the column, at frequencies from 1 down to nearly 1 / 10,000.
///
/// # Shapes
/// - returns `[1, rows * columns, width]`, fp32
///
/// # Panics
/// Where four does not divide the width.
pub(crate) fn sines((rows, columns): (i64, i64), width: i64, device: Device) -> Tensor {
    assert!(width % 4 == 0, "{width} values: sines of two dimensions need a multiple of four");
    let options = (Kind::Double, device);
    let quarter = width / 4;
    let rates = (Tensor::arange(quarter, options) / quarter as f64 * -(1e4f64.ln())).exp();
    let (row, column) = (Tensor::arange(rows, options), Tensor::arange(columns, options));
    let (row, column) = (row.outer(&rates).unsqueeze(1), column.outer(&rates).unsqueeze(0));
    let all = |x: Tensor| x.expand([rows, columns, quarter], false);
    let parts = [all(row.sin()), all(row.cos()), all(column.sin()), all(column.cos())];
    Tensor::cat(&parts, 2).view([1, rows * columns, width]).to_kind(Kind::Float)
}
