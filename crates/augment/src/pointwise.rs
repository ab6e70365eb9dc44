//! Operations that look at one pixel at a time, several in one pass over the picture.

use crate::transform::{autocontrast, color_jitter, grayscale, hue, invert, posterize, solarize};
use multiversion::multiversion;

/// One operation on a pixel.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Point {
    /// Multiplies, then adds, then clamps: brightness, and contrast once its mean is known.
    Blend {
        factor: f32,
        offset: f32,
    },
    Saturation(f32),
    Hue(f32),
    Grayscale,
    Invert,
    /// Inverts from this threshold on.
    Solarize(f32),
    /// Keeps this many levels.
    Posterize(f32),
    /// Moves each channel's least value to 0 and divides by its range.
    Stretch {
        least: [f32; 3],
        range: [f32; 3],
    },
}

/// Pixels that pass through all operations before the next ones do: three planes of them fit the first cache.
const BLOCK: usize = 1024;

/// Carries the operations out on three planes, in one pass; then rounds to `bytes`, pixel after pixel, where given.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub(crate) fn run(points: &[Point], planes: &mut [f32], mut bytes: Option<&mut [u8]>) {
    let (red, rest) = planes.split_at_mut(planes.len() / 3);
    let (green, blue) = rest.split_at_mut(rest.len() / 2);
    let blocks = red.chunks_mut(BLOCK).zip(green.chunks_mut(BLOCK)).zip(blue.chunks_mut(BLOCK));
    for (index, ((r, g), b)) in blocks.enumerate() {
        for &point in points {
            apply(point, r, g, b);
        }
        if let Some(bytes) = &mut bytes {
            let start = index * BLOCK * 3;
            round(r, g, b, &mut bytes[start..start + r.len() * 3]);
        }
    }
}

/// The mean of the gray picture: contrast turns around it.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub(crate) fn gray_mean(planes: &[f32]) -> f32 {
    let pixels = planes.len() / 3;
    let mut mean = 0.0;
    for (plane, weight) in planes.chunks_exact(pixels).zip(grayscale::WEIGHTS) {
        mean += f64::from(weight) * sum(plane) / pixels as f64;
    }
    mean as f32
}

#[inline(always)]
fn apply(point: Point, r: &mut [f32], g: &mut [f32], b: &mut [f32]) {
    match point {
        Point::Blend { factor, offset } => {
            for plane in [r, g, b] {
                for value in plane {
                    *value = color_jitter::blended(*value, factor, offset);
                }
            }
        }
        Point::Saturation(factor) => each(r, g, b, |rgb| color_jitter::saturated(rgb, factor)),
        Point::Hue(turn) => each(r, g, b, |rgb| hue::turned(rgb, turn)),
        Point::Grayscale => each(r, g, b, |rgb| [grayscale::gray(rgb); 3]),
        Point::Invert => each(r, g, b, |rgb| rgb.map(invert::inverted)),
        Point::Solarize(threshold) => each(r, g, b, |rgb| rgb.map(|v| solarize::solarized(v, threshold))),
        Point::Posterize(levels) => each(r, g, b, |rgb| rgb.map(|v| posterize::posterized(v, levels))),
        Point::Stretch { least, range } => {
            for (channel, plane) in [r, g, b].into_iter().enumerate() {
                let (least, range) = (least[channel], range[channel]);
                for value in plane {
                    *value = autocontrast::stretched(*value, least, range);
                }
            }
        }
    }
}

#[inline(always)]
fn each(r: &mut [f32], g: &mut [f32], b: &mut [f32], change: impl Fn([f32; 3]) -> [f32; 3]) {
    for ((r, g), b) in r.iter_mut().zip(g).zip(b) {
        [*r, *g, *b] = change([*r, *g, *b]);
    }
}

/// The planes as bytes, rounded to the nearest.
#[inline(always)]
fn round(r: &[f32], g: &[f32], b: &[f32], bytes: &mut [u8]) {
    let (pixels, _) = bytes.as_chunks_mut::<3>();
    for (((pixel, r), g), b) in pixels.iter_mut().zip(r).zip(g).zip(b) {
        *pixel = [byte(*r), byte(*g), byte(*b)];
    }
}

/// The sum of a plane. Sixteen running sums fit a register, where one would have to wait for each addition.
#[inline(always)]
fn sum(plane: &[f32]) -> f64 {
    let mut total = 0.0;
    // Short enough for f32 to hold the sum to seven digits, long enough to cost nothing.
    for part in plane.chunks(4096) {
        let mut sums = [0.0_f32; 16];
        let lanes = part.chunks_exact(16);
        total += lanes.remainder().iter().map(|&value| f64::from(value)).sum::<f64>();
        for lane in lanes {
            for (sum, value) in sums.iter_mut().zip(lane) {
                *sum += value;
            }
        }
        total += sums.iter().map(|&value| f64::from(value)).sum::<f64>();
    }
    total
}

/// The nearest byte. Adding 2^23 leaves a float's whole part in its lowest bits, rounded to the nearest.
#[inline(always)]
fn byte(value: f32) -> u8 {
    (unit(value) * 255.0 + 8_388_608.0).to_bits() as u8
}

// Written as comparisons, because these become one instruction, where `f32::max` must also mind NaN.
/// Clamps to `[0, 1]`; NaN becomes 0.
#[inline(always)]
pub(crate) fn unit(value: f32) -> f32 {
    smaller(larger(value, 0.0), 1.0)
}

#[inline(always)]
pub(crate) fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

#[inline(always)]
pub(crate) fn smaller(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}
