//! What looks at the pixels around: blur, sharpness, edges.

use crate::numbers::Numbers;
use crate::resample::Taps;
use tch::{Device, Kind, Tensor};

/// How many sigmas from its middle a Gaussian is below 1e-5 of it: farther weights are left out.
const REACH: f32 = 4.8;

/// How far a blur reaches, for views that share a launch: rounded up to a multiple of four, within the kernel.
pub(crate) fn radius(sigma: f32, kernel: usize) -> usize {
    ((REACH * sigma).ceil() as usize).next_multiple_of(4).min(kernel / 2)
}

/// Blurs with a Gaussian, reflected at the border. The number is sigma.
pub(crate) fn blur(x: &mut Tensor, radius: usize, numbers: &Numbers) {
    let (n, c, h, w) = x.size4().expect("pictures of four dimensions");
    let (radius, device) = (radius as i64, x.device());
    let distance = Tensor::arange_start(-radius, radius + 1, (Kind::Float, device));
    let mut weight = (distance / numbers.floats.view([n, 1, 1, 1])).square_().g_mul_scalar_(-0.5).exp_();
    let total = weight.sum_dim_intlist(&[3_i64][..], true, Kind::Float);
    let weight = weight.g_div_(&total);
    let taps = |len: i64| {
        let weight = weight.expand([n, c, len, 2 * radius + 1], true).reshape([c * n, len, -1]);
        Taps { index: reflected(len, radius, c * n, device), weight }
    };
    let blurred = taps(h).sum(&x.view([c * n * h, w])).transpose(1, 2).contiguous();
    let blurred = taps(w).sum(&blurred.view([c * n * w, h])).transpose(1, 2);
    x.copy_(&blurred.reshape([n, c, h, w]));
}

/// The rows about each row of planes of `len` rows, brought back by reflection at the first and the last one; rows of all
/// planes are counted through.
///
/// # Shapes
/// - returns `[planes, len, 2 radius + 1]`
fn reflected(len: i64, radius: i64, planes: i64, device: Device) -> Tensor {
    let whole = (Kind::Int64, device);
    let rows = Tensor::arange(len, whole).view([-1, 1]) + Tensor::arange_start(-radius, radius + 1, whole);
    let last = len - 1;
    // A line repeats after going there and back; one pixel repeats at once.
    let turned = rows.remainder((2 * last).max(1));
    let there: Tensor = last - (turned - last).abs_();
    there.clamp_min(0) + Tensor::arange(planes, whole).view([-1, 1, 1]) * len
}

/// Away from the mean of the eight pixels around (weight 1 each) and the pixel itself (5); the outermost pixels stay.
/// The number is the factor.
pub(crate) fn sharpness(x: &mut Tensor, numbers: &Numbers) {
    let (_, _, h, w) = x.size4().expect("pictures of four dimensions");
    if h <= 2 || w <= 2 {
        return;
    }
    let mut middle = x.narrow(2, 1, h - 2).narrow(3, 1, w - 2);
    // The nine pixels' mean, and 4 more of the one in the middle: 13 in all.
    let mut change = x.avg_pool2d([3, 3], [1, 1], [0, 0], false, true, None);
    let change = change.g_sub_(&middle).g_mul_scalar_(9.0 / 13.0).g_mul_(&(1.0 - numbers.column(0)));
    let _ = middle.g_add_(&change);
    let _ = x.clamp_(0.0, 1.0);
}

/// How steep each channel is: the length of the gradient, border pixels repeated.
pub(crate) fn sobel(x: &mut Tensor) {
    let (_, _, h, w) = x.size4().expect("pictures of four dimensions");
    let padded = x.replication_pad2d([1, 1, 1, 1]);
    let smooth = |x: &Tensor, dim: i64, len: i64| {
        x.narrow(dim, 0, len) + x.narrow(dim, 1, len) * 2.0 + x.narrow(dim, 2, len)
    };
    let steep = |x: &Tensor, dim: i64, len: i64| (x.narrow(dim, 2, len) - x.narrow(dim, 0, len)) * 0.125;
    let horizontal = steep(&smooth(&padded, 2, h), 3, w);
    let vertical = steep(&smooth(&padded, 3, w), 2, h);
    // 1e-6 is part of the definition: see the CPU renderer.
    x.copy_(&(&horizontal * &horizontal + &vertical * &vertical + 1e-6).sqrt_());
}
