//! Operations that look at one pixel at a time, several in one pass over the picture.

use crate::clamp::unit;
use crate::image::{MOST_COLOURS, colours};
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

/// Pixels that pass through all operations before the next ones do: their planes fit the first cache.
const BLOCK: usize = 1024;

/// Carries the operations out on so many planes, in one pass; then rounds to `bytes`, pixel after pixel, where given.
pub(crate) fn run(points: &[Point], planes: &mut [f32], channels: usize, mut bytes: Option<&mut [u8]>) {
    if channels > MOST_COLOURS {
        let pixels = planes.len() / channels;
        for (channel, plane) in planes.chunks_exact_mut(pixels).enumerate() {
            run_on::<1>(points, plane, None);
            let Some(bytes) = &mut bytes else { continue };
            for (value, place) in plane.iter().zip(bytes.iter_mut().skip(channel).step_by(channels)) {
                *place = byte(*value);
            }
        }
        return;
    }
    match channels {
        1 => run_on::<1>(points, planes, bytes),
        2 => run_on::<2>(points, planes, bytes),
        3 => run_on::<3>(points, planes, bytes),
        _ => run_on::<4>(points, planes, bytes),
    }
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn run_on<const CHANNELS: usize>(points: &[Point], planes: &mut [f32], mut bytes: Option<&mut [u8]>) {
    let pixels = planes.len() / CHANNELS;
    let mut planes = planes.chunks_exact_mut(pixels);
    let mut blocks: [_; CHANNELS] =
        std::array::from_fn(|_| planes.next().expect("a plane a channel").chunks_mut(BLOCK));
    for start in (0..pixels).step_by(BLOCK) {
        let mut block = blocks.each_mut().map(|plane| plane.next().expect("as many blocks as the first has"));
        for &point in points {
            apply(point, &mut block);
        }
        if let Some(bytes) = &mut bytes {
            let end = start + block[0].len();
            round(&block, &mut bytes[start * CHANNELS..end * CHANNELS]);
        }
    }
}

/// The mean of the gray picture: contrast turns around it.
///
/// # Shapes
/// - `planes`: three, or the one of a gray picture, or bands, each of which counts the same
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub(crate) fn gray_mean(planes: &[f32], pixels: usize) -> f32 {
    if planes.len() == pixels {
        return (sum(planes) / pixels as f64) as f32;
    }
    if planes.len() > MOST_COLOURS * pixels {
        return (sum(planes) / planes.len() as f64) as f32;
    }
    let mut mean = 0.0;
    for (plane, weight) in planes.chunks_exact(pixels).zip(grayscale::WEIGHTS) {
        mean += f64::from(weight) * sum(plane) / pixels as f64;
    }
    mean as f32
}

/// Changes one block of each plane; alpha stays.
#[inline(always)]
fn apply<const CHANNELS: usize>(point: Point, planes: &mut [&mut [f32]; CHANNELS]) {
    let planes = &mut planes[..colours(CHANNELS)];
    match point {
        Point::Blend { factor, offset } => {
            each_value(planes, |value| color_jitter::blended(value, factor, offset));
        }
        Point::Saturation(factor) => each_colour(planes, |rgb| color_jitter::saturated(rgb, factor)),
        Point::Hue(turn) => each_colour(planes, |rgb| hue::turned(rgb, turn)),
        Point::Grayscale => each_colour(planes, |rgb| [grayscale::gray(rgb); 3]),
        Point::Invert => each_value(planes, invert::inverted),
        Point::Solarize(threshold) => each_value(planes, |value| solarize::solarized(value, threshold)),
        Point::Posterize(levels) => each_value(planes, |value| posterize::posterized(value, levels)),
        Point::Stretch { least, range } => {
            for ((plane, least), range) in planes.iter_mut().zip(least).zip(range) {
                for value in plane.iter_mut() {
                    *value = autocontrast::stretched(*value, least, range);
                }
            }
        }
    }
}

#[inline(always)]
fn each_value(planes: &mut [&mut [f32]], change: impl Fn(f32) -> f32) {
    for plane in planes {
        for value in plane.iter_mut() {
            *value = change(*value);
        }
    }
}

/// A gray picture has no colour to change: it stays, as in torchvision.
#[inline(always)]
fn each_colour(planes: &mut [&mut [f32]], change: impl Fn([f32; 3]) -> [f32; 3]) {
    let [red, green, blue] = planes else { return };
    for ((r, g), b) in red.iter_mut().zip(green.iter_mut()).zip(blue.iter_mut()) {
        [*r, *g, *b] = change([*r, *g, *b]);
    }
}

/// The planes as bytes, rounded to the nearest.
#[inline(always)]
fn round<const CHANNELS: usize>(planes: &[&mut [f32]; CHANNELS], bytes: &mut [u8]) {
    let (pixels, _) = bytes.as_chunks_mut::<CHANNELS>();
    let planes = planes.each_ref().map(|plane| &plane[..pixels.len()]);
    for (place, pixel) in pixels.iter_mut().enumerate() {
        for (value, plane) in pixel.iter_mut().zip(planes) {
            *value = byte(plane[place]);
        }
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
