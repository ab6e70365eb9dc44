//! Rotation, translation and shear, read from the source through the inverse map; outside is black.
//!
//! The numbers and the order of the operations on them are those of the CPU renderer, and so of torchvision: ties
//! between two pixels fall the same way.

use crate::moves::positions;
use crate::task::Numbers;
use kontrast_augment::Op;
use tch::{Kind, Tensor};

/// How many quarters a rotation is, where it moves whole pixels only.
pub(crate) fn quarters(degrees: f32, (width, height): (usize, usize)) -> Option<u8> {
    let quarters = degrees.rem_euclid(360.0) / 90.0;
    let whole = quarters == 0.0 || quarters == 2.0 || (width == height && quarters.fract() == 0.0);
    whole.then_some(quarters as u8 % 4)
}

/// The inverse map of a picture of `size`: two rows of three, each over half of its side.
pub(crate) fn theta(op: &Op, size: (usize, usize)) -> [f32; 6] {
    let sides = [size.0 as f32, size.1 as f32];
    let [across, down] = match *op {
        Op::Rotate { degrees, .. } => {
            let (sine, cosine) = f64::from(degrees.rem_euclid(360.0)).to_radians().sin_cos();
            [[cosine, -sine, 0.0], [sine, cosine, 0.0]]
        }
        Op::Translate { x, y, .. } => [[1.0, 0.0, -f64::from(x)], [0.0, 1.0, -f64::from(y)]],
        Op::Shear { x, y, .. } => {
            let (x, y) = (f64::from(x), f64::from(y));
            // What keeps the upper left corner in its place, measured from the middle.
            let (left, top) = (-(size.0 as f64) / 2.0, -(size.1 as f64) / 2.0);
            [[1.0 + x * y, x, -x * top - x * y * left], [y, 1.0, -y * left]]
        }
        _ => unreachable!("{op} is no affine map"),
    };
    let [a, b, c] = across.map(|value| value as f32 / (0.5 * sides[0]));
    let [d, e, f] = down.map(|value| value as f32 / (0.5 * sides[1]));
    [a, b, c, d, e, f]
}

/// Draws the pictures anew, each pixel from where its map sends it.
///
/// # Shapes
/// - `x`: `[n, 3, h, w]`, contiguous
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
