//! Autocontrast: each channel is stretched over the whole range.

use crate::clamp::unit;

/// A channel whose values, from 0 to 1, differ by less is of one value: resampling a flat picture leaves differences of
/// 1e-7, which would be stretched to the whole range. Far below a step of a byte, 1/255, so that no picture loses any.
pub const FLAT: f32 = 1e-4;

/// The least value of each plane, and its range; 0 and 1 of a channel of one value, which so stays as it is.
pub(crate) fn ranges<'p>(planes: impl Iterator<Item = &'p mut [f32]>) -> ([f32; 3], [f32; 3]) {
    let (mut least, mut range) = ([0.0; 3], [1.0; 3]);
    for (channel, plane) in planes.enumerate() {
        let (low, high) = plane.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &value| {
            (if value < low { value } else { low }, if value > high { value } else { high })
        });
        if high - low >= FLAT {
            (least[channel], range[channel]) = (low, high - low);
        }
    }
    (least, range)
}

/// `range` is the distance from the least to the greatest value; torchvision divides by it.
#[inline(always)]
pub(crate) fn stretched(value: f32, least: f32, range: f32) -> f32 {
    unit((value - least) / range)
}
