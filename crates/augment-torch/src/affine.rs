//! Rotation, translation and shear, read from the source through the inverse map; outside is black.
//!
//! The numbers and the order of the operations on them are those of the CPU renderer, and so of torchvision: ties
//! between two pixels fall the same way.

use crate::moves::positions;
use crate::numbers::Numbers;
use tch::{Kind, Tensor};

/// Draws the pictures anew, each pixel from where its map sends it.
///
/// # Shapes
/// - `x`: `[n, c, h, w]`, contiguous
pub(crate) fn apply(x: &mut Tensor, bilinear: bool, numbers: &Numbers) {
    let (_, _, h, w) = x.size4().expect("pictures of four dimensions");
    let (columns, rows) = (place(numbers, 0, w, (w, h)), place(numbers, 3, h, (w, h)));
    let out = if bilinear {
        let (left, above) = (columns.floor(), rows.floor());
        let (right, below) = (&columns - &left, &rows - &above);
        let (not_right, not_below): (Tensor, Tensor) = (1.0 - &right, 1.0 - &below);
        at(x, &left, &above) * &not_right * &not_below
            + at(x, &(&left + 1.0), &above) * &right * &not_below
            + at(x, &left, &(&above + 1.0)) * &not_right * &below
            + at(x, &(left + 1.0), &(above + 1.0)) * right * below
    } else {
        at(x, &columns.round(), &rows.round())
    };
    x.copy_(&out);
}

/// Where pixels come from along one axis of `side` pixels, their middles at whole numbers: `[n, 1, h, w]`.
fn place(numbers: &Numbers, first: i64, side: i64, (w, h): (i64, i64)) -> Tensor {
    let device = numbers.floats.device();
    let centred = |len: i64, dim| positions(len, dim, device) + (1.0 - len as f64) * 0.5;
    let normalised = centred(w, 3) * numbers.column(first) + centred(h, 2) * numbers.column(first + 1);
    ((normalised + numbers.column(first + 2) + 1.0) * side as f64 - 1.0) / 2.0
}

/// The pixels at these places, whole numbers `[n, 1, h, w]`; black outside.
fn at(x: &Tensor, columns: &Tensor, rows: &Tensor) -> Tensor {
    let (n, c, h, w) = x.size4().expect("pictures of four dimensions");
    let inside = |at: &Tensor, len: i64| at.ge(0.0).logical_and(&at.lt(len));
    let mask = inside(columns, w).logical_and(&inside(rows, h)).to_kind(Kind::Float);
    let index = |at: &Tensor, len: i64| at.clamp(0.0, (len - 1) as f64).to_kind(Kind::Int64);
    let pixel = (index(rows, h) * w + index(columns, w)).view([n, 1, h * w]).expand([n, c, h * w], true);
    x.view([n, c, h * w]).gather(2, &pixel, false).view([n, c, h, w]) * mask
}
