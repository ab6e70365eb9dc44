//! What looks at the three channels of a pixel: grayscale, contrast, saturation, hue. A gray picture has no colours to
//! change, and stays; its contrast turns about its own mean.

use crate::numbers::Numbers;
use kontrast_augment::GRAYSCALE_WEIGHTS;
use tch::{Kind, Tensor};

/// Sums the three channels with the weights of gray; a gray picture is its own.
///
/// # Shapes
/// - `x`: `[n, 3 or 1, h, w]`
/// - returns `[n, 1, h, w]`
fn gray(x: &Tensor) -> Tensor {
    if is_gray(x) {
        return x.copy();
    }
    let part =
        |channel: usize| x.narrow(1, channel as i64, 1).g_mul_scalar(f64::from(GRAYSCALE_WEIGHTS[channel]));
    let mut sum = part(0);
    sum.g_add_(&part(1)).g_add_(&part(2))
}

fn is_gray(x: &Tensor) -> bool {
    x.size()[1] == 1
}

/// Gray in all three channels.
pub(crate) fn grayscale(x: &mut Tensor) {
    let gray = gray(x);
    x.copy_(&gray);
}

/// Blends with the mean of gray, of bands with that of all. The numbers are the factor and what it leaves of 1.
pub(crate) fn contrast(x: &mut Tensor, numbers: &Numbers) {
    let means = x.mean_dim(&[2_i64, 3][..], true, Kind::Float);
    let mean = if x.size()[1] > 3 { means.mean_dim(1, true, Kind::Float) } else { gray(&means) };
    let offset = mean.g_mul(&numbers.column(1));
    let _ = x.g_mul_(&numbers.column(0)).g_add_(&offset).clamp_(0.0, 1.0);
}

/// Blends with gray. The numbers are the factor and what it leaves of 1.
pub(crate) fn saturation(x: &mut Tensor, numbers: &Numbers) {
    if is_gray(x) {
        return;
    }
    let offset = gray(x).g_mul_(&numbers.column(1));
    let _ = offset.addcmul_out(x, x, &numbers.column(0)).clamp_(0.0, 1.0);
}

/// The numbers of a turn: how far, in circles, each channel's peak lies from the hue.
pub(crate) fn offsets(turn: f32) -> [f32; 3] {
    [turn, turn - 1.0 / 3.0, turn - 2.0 / 3.0]
}

/// Turns the hue.
///
/// A hue is a signed distance from red, at most half a circle: its size follows from the values above the least
/// channel, its sign from whether green or blue is larger. Each channel is full up to a sixth of the circle from its
/// peak, and at its least beyond a third.
pub(crate) fn hue(x: &mut Tensor, numbers: &Numbers) {
    if is_gray(x) {
        return;
    }
    let channel = |which| x.narrow(1, which, 1);
    let (r, g, b) = (channel(0), channel(1), channel(2));
    let most = &r.maximum(&g).maximum(&b);
    let least = &r.minimum(&g).minimum(&b);
    let mut range = most - least;
    // From 0 to 3 sixths. Gray has no hue: any will do, since its range is 0.
    let mut sixths = &g + &b;
    let sixths = sixths.g_sub_(&r).g_sub_(least).g_div_(&range.clamp_min(1e-6)).g_add_scalar_(1.0);
    let hue = sixths.copysign(&(&g - &b)).g_mul_scalar_(1.0 / 6.0);
    let mut distance = hue + numbers.floats.view([-1, 3, 1, 1]);
    let nearest = distance.round();
    let distance = distance.g_sub_(&nearest).abs_().clamp_(1.0 / 6.0, 1.0 / 3.0);
    // most - range * (6 distance - 1)
    let base = most + &range;
    let _ = base.addcmul_out(x, &range.g_mul_scalar_(-6.0), &distance);
}
