//! Brightness, contrast and saturation, and how torchvision's `ColorJitter` draws them with the hue.

use crate::clamp::unit;
use crate::recipe::Op;
use crate::transform::grayscale::gray;
use kontrast_rng::KeyedRng;

/// One order of the four, one factor each; a range of one point is left out.
///
/// `ranges` are those of brightness, contrast, saturation and hue.
pub(crate) fn draw(ranges: [f64; 4], stream: &mut KeyedRng, ops: &mut Vec<Op>) {
    let mut order = [0, 1, 2, 3];
    stream.shuffle(&mut order);
    let drawn: [Option<f32>; 4] = std::array::from_fn(|which| {
        let range = ranges[which];
        let (centre, least) = if which == 3 { (0.0, -0.5) } else { (1.0, 0.0_f64) };
        (range > 0.0).then(|| stream.uniform(least.max(centre - range), centre + range) as f32)
    });
    for which in order {
        let Some(factor) = drawn[which] else { continue };
        ops.push(match which {
            0 => Op::Brightness(factor),
            1 => Op::Contrast(factor),
            2 => Op::Saturation(factor),
            _ => Op::Hue(factor),
        });
    }
}

/// Brightness has no offset, contrast that of the mean.
#[inline(always)]
pub(crate) fn blended(value: f32, factor: f32, offset: f32) -> f32 {
    unit(value * factor + offset)
}

/// Blended with its gray.
#[inline(always)]
pub(crate) fn saturated(rgb: [f32; 3], factor: f32) -> [f32; 3] {
    let offset = gray(rgb) * (1.0 - factor);
    rgb.map(|value| blended(value, factor, offset))
}
