//! Histogram equalization of each channel, in 256 levels.

use tch::{Kind, Tensor};

/// How many levels a byte has.
const LEVELS: i64 = 256;

/// Spreads each channel's histogram. All counts are whole numbers, so that nothing depends on an order.
///
/// # Shapes
/// - `x`: `[n, c, h, w]`
pub(crate) fn equalize(x: &mut Tensor) {
    let (n, c, h, w) = x.size4().expect("pictures of four dimensions");
    let (planes, pixels) = (c * n, h * w);
    let mut level = x.reshape([planes, pixels]).g_mul_scalar(255.999);
    let level = level.clamp_(0.0, 255.0).to_kind(Kind::Int64);
    let whole = (Kind::Int64, x.device());
    // One histogram after the other in one row: adding there is deterministic on every device.
    let bins = &level + Tensor::arange(planes, whole).view([-1, 1]) * LEVELS;
    let ones = Tensor::ones([planes * pixels], whole);
    let counts = Tensor::zeros([planes * LEVELS], whole).scatter_add_(0, &bins.view([-1]), &ones);
    let (table, spread) = table(&counts.view([planes, LEVELS]), pixels);
    // Too few pixels below the brightest level to spread: they keep their levels.
    let kept: Tensor = 1 - &spread;
    let found = table.gather(1, &level, false) * spread + level * kept;
    x.copy_(&found.view([n, c, h, w]).to_kind(Kind::Float).g_div_scalar_((LEVELS - 1) as f64));
}

/// Where each level goes, and whether its channel is spread at all.
///
/// # Shapes
/// - `counts`: `[planes, 256]`
/// - returns `[planes, 256]`, and 0 or 1, `[planes, 1]`
fn table(counts: &Tensor, pixels: i64) -> (Tensor, Tensor) {
    let device = counts.device();
    let levels = Tensor::arange(LEVELS, (Kind::Int64, device));
    let present = counts.gt(0).to_kind(Kind::Int64);
    let brightest = (present * &levels).amax([1], true);
    let step = (pixels - counts.gather(1, &brightest, false)).floor_divide_scalar(LEVELS - 1);
    let spread = step.gt(0).to_kind(Kind::Int64);
    let step = step.clamp_min(1);
    let below = counts.cumsum(1, Kind::Int64) - counts + step.floor_divide_scalar(2);
    // torchvision's table starts at 0 whatever half a step says.
    let table = below.floor_divide(&step).clamp_max(LEVELS - 1) * levels.clamp_max(1);
    (table, spread)
}
