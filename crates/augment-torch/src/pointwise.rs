//! Operations on single values, and the stretching of channels.

use crate::numbers::Numbers;
use kontrast_augment::FLAT;
use tch::{Kind, Tensor};

/// Multiplies by a factor, clamped.
pub(crate) fn brightness(x: &mut Tensor, numbers: &Numbers) {
    let _ = x.g_mul_(&numbers.column(0)).clamp_(0.0, 1.0);
}

/// The negative.
pub(crate) fn invert(x: &mut Tensor) {
    let _ = x.neg_().g_add_scalar_(1.0);
}

/// Inverts from a threshold on. Written as arithmetic, since libtorch's comparisons and choices are ten times slower on
/// a CPU.
pub(crate) fn solarize(x: &mut Tensor, numbers: &Numbers) {
    // The least difference between two values, times this, is far beyond 1: so 1 from the threshold on, else 0.
    let mut bright = x.g_sub(&numbers.column(0));
    let bright = bright.g_mul_scalar_(1e30).g_add_scalar_(1.0).clamp_(0.0, 1.0);
    let change = x.g_mul_scalar(-2.0).g_add_scalar_(1.0);
    let _ = x.addcmul_(&bright, &change);
}

/// Keeps the lower edge of each level; the numbers are how many levels.
pub(crate) fn posterize(x: &mut Tensor, numbers: &Numbers) {
    let levels = numbers.column(0);
    let _ = x.g_mul_(&levels).floor_().clamp_min_(0.0);
    // A power of two: the quotient is exact.
    x.copy_(&x.minimum(&(&levels - 1.0)).g_div_(&levels));
}

/// Stretches each channel over the whole range; a channel of one value stays.
pub(crate) fn autocontrast(x: &mut Tensor) {
    let low = x.amin([2, 3], true);
    let range = x.amax([2, 3], true) - &low;
    let flat = range.lt(f64::from(FLAT)).to_kind(Kind::Float);
    let low = low * (1.0 - &flat);
    let range = range.where_scalarother(&flat.eq(0.0), 1.0);
    let _ = x.g_sub_(&low).g_div_(&range).clamp_(0.0, 1.0);
}
