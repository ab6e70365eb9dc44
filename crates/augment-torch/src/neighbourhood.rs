//! What looks at the pixels around: blur, sharpness, edges.

use crate::task::Numbers;
use tch::{Device, Kind, Tensor};

/// A squared distance at which no Gaussian weighs anything.
const FAR: f64 = 1e30;

/// Blurs with a Gaussian of this kernel, reflected at the border. The number is sigma.
pub(crate) fn blur(x: &mut Tensor, kernel: usize, numbers: &Numbers) {
    let (n, _, h, w) = x.size4().expect("pictures of four dimensions");
    let sigma = numbers.column(0);
    let scale = (&sigma * &sigma).reciprocal_().g_mul_scalar_(-0.5);
    let columns = band(w, kernel, &scale);
    let rows = if h == w { columns.shallow_clone() } else { band(h, kernel, &scale) };
    let along = x.view([n, 3 * h, w]).bmm(&columns.transpose(1, 2)).view([3 * n, h, w]);
    let rows = rows.unsqueeze(1).expand([n, 3, h, h], true).reshape([3 * n, h, h]);
    x.copy_(&rows.bmm(&along).view([n, 3, h, w]));
}

/// How much each pixel of a line weighs in each blurred one.
///
/// # Shapes
/// - `scale`: -1 / (2 sigma^2), `[n, 1, 1, 1]`
/// - returns `[n, blurred, pixel]`
fn band(len: i64, kernel: usize, scale: &Tensor) -> Tensor {
    let weights = (reflections(len, (kernel / 2) as i64, scale.device()) * scale).exp_();
    let mut weights = weights.sum_dim_intlist(&[1_i64][..], false, Kind::Float);
    let total = weights.sum_dim_intlist(&[2_i64][..], true, Kind::Float);
    weights.g_div_(&total)
}

/// The squared distance from each pixel to each reflection of another, or to that pixel itself.
///
/// # Shapes
/// - returns `[1, reflections, blurred, pixel]`
fn reflections(len: i64, radius: i64, device: Device) -> Tensor {
    let at = Tensor::arange(len, (Kind::Float, device));
    let (from, to) = (at.view([-1, 1]), at.view([1, -1]));
    let squared = |places: &Tensor| {
        let distance = (&from - places).abs_();
        &distance * &distance + distance.gt(radius as f64).to_kind(Kind::Float) * FAR
    };
    let last = len - 1;
    if last == 0 {
        return Tensor::zeros([1, 1, 1, 1], (Kind::Float, device));
    }
    // The first and the last pixel are their own mirror images.
    let border = (to.le(0.0).logical_or(&to.ge(last as f64))).to_kind(Kind::Float) * FAR;
    let turns = radius / (2 * last) + 1;
    let mut found = Vec::new();
    for turn in -turns..=turns {
        let start = 2 * last * turn;
        if start <= last + radius && start + last >= -radius {
            found.push(squared(&(&to + start as f64)));
        }
        if start - last <= last + radius && start >= -radius {
            found.push(squared(&(start as f64 - &to)) + &border);
        }
    }
    Tensor::stack(&found, 0).unsqueeze(0)
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
