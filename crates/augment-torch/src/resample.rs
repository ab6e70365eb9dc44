//! Carries out a batch of frames: two matrix products, with weights that are made on the device.

use crate::frame::Axis;
use tch::{Kind, Tensor};

/// What one step of a byte is between 0 and 1.
const BYTE: f64 = 1.0 / 255.0;
/// Farther away than any pixel of an image.
const NOWHERE: f64 = 1e6;

/// The pictures that these frames make of images.
///
/// # Shapes
/// - `images`: bytes, `[n, h, w, 3]`
/// - `frames`: `[n, Frame::NUMBERS]`
/// - returns `[n, 3, height, width]` of `size` (width, height), from 0 to 1
pub(crate) fn framed(images: &Tensor, frames: &Tensor, size: (i64, i64)) -> Tensor {
    let (n, h, w, _) = images.size4().expect("images of four dimensions");
    let mut x = images.to_kind(Kind::Float);
    let _ = x.g_mul_scalar_(BYTE);
    let (columns, rows) =
        (weights(&axis(frames, 0), w, size.0), weights(&axis(frames, Axis::NUMBERS as i64), h, size.1));
    // Each product takes the axis that lies outermost and leaves it innermost: the channels, which begin as the
    // innermost axis, end as the outermost.
    let x = x.view([n, h, w * 3]).transpose(1, 2).bmm(&rows);
    let x = x.view([n, w, 3 * size.1]).transpose(1, 2).bmm(&columns);
    x.view([n, 3, size.1, size.0])
}

/// Images as they are, as planes from 0 to 1.
///
/// # Shapes
/// - `images`: bytes, `[n, h, w, 3]`
/// - returns `[n, 3, h, w]`
pub(crate) fn planes(images: &Tensor) -> Tensor {
    let mut x = images.permute([0, 3, 1, 2]).contiguous().to_kind(Kind::Float);
    x.g_mul_scalar_(BYTE)
}

/// The numbers of one axis, each `[n, 1, 1]`.
fn axis(frames: &Tensor, first: i64) -> Vec<Tensor> {
    (first..first + Axis::NUMBERS as i64).map(|number| frames.select(1, number).view([-1, 1, 1])).collect()
}

/// How much each input weighs in each output: a triangle about its place, normalised over the box, as torch's
/// `interpolate` has it.
///
/// # Shapes
/// - returns `[n, input, output]`
fn weights(axis: &[Tensor], input: i64, output: i64) -> Tensor {
    let [slope, shift, inverse, first, end, low, high] = axis else { unreachable!("numbers of an axis") };
    let device = slope.device();
    let at = |len| Tensor::arange(len, (Kind::Float, device));
    let (inputs, outputs) = (at(input).view([1, -1, 1]), at(output).view([1, 1, -1]));
    let middles = (&inputs + 0.5) * inverse + outside(&inputs, first, end);
    let places = &outputs * slope + shift - outside(&outputs, low, high);
    let mut x = middles - places;
    // The triangle is 1 - min(|distance|, 1); its negative, divided by the negative sum, is the weight.
    let mut x = x.abs_().clamp_max_(1.0).g_sub_scalar_(1.0);
    let total = x.sum_dim_intlist(&[1_i64][..], true, Kind::Float).clamp_max(-1e-6);
    x.g_div_(&total)
}

/// A large number where a position is outside `low..high`, else 0.
fn outside(positions: &Tensor, low: &Tensor, high: &Tensor) -> Tensor {
    positions.lt_tensor(low).logical_or(&positions.ge_tensor(high)).to_kind(Kind::Float) * NOWHERE
}
