//! Colour operations on three planes of floats in `[0, 1]`, with torchvision's definitions.

/// Weights of R, G and B in a grayscale image; their sum is .9999, and torchvision's too.
const GRAY: [f32; 3] = [0.2989, 0.587, 0.114];

/// Pixels that are rounded at once.
const PIXELS: usize = 16;

/// Multiplies, clamped.
pub(crate) fn brightness(planes: &mut [f32], factor: f32) {
    for value in planes {
        *value = unit(*value * factor);
    }
}

/// Blends with the mean of the grayscale image.
pub(crate) fn contrast(planes: &mut [f32], factor: f32) {
    let pixels = planes.len() / 3;
    let mut mean = 0.0;
    for (plane, weight) in planes.chunks_exact(pixels).zip(GRAY) {
        mean += f64::from(weight) * sum(plane) / pixels as f64;
    }
    let offset = mean as f32 * (1.0 - factor);
    for value in planes {
        *value = unit(*value * factor + offset);
    }
}

/// Blends with the grayscale image.
pub(crate) fn saturation(planes: &mut [f32], factor: f32) {
    let rest = 1.0 - factor;
    each_pixel(planes, |[r, g, b]| {
        let offset = gray([r, g, b]) * rest;
        [unit(r * factor + offset), unit(g * factor + offset), unit(b * factor + offset)]
    });
}

/// Turns the hue by this part of the circle, through HSV.
pub(crate) fn hue(planes: &mut [f32], turn: f32) {
    let turn = turn * 6.0;
    each_pixel(planes, |rgb| turned(rgb, turn));
}

/// Gray in all three channels.
pub(crate) fn grayscale(planes: &mut [f32]) {
    each_pixel(planes, |rgb| [gray(rgb); 3]);
}

/// Inverts every value that is at least the threshold.
pub(crate) fn solarize(planes: &mut [f32], threshold: f32) {
    for value in planes {
        *value = if *value >= threshold { 1.0 - *value } else { *value };
    }
}

/// The planes as bytes, pixel after pixel, rounded to the nearest.
pub(crate) fn round(planes: &[f32], view: &mut [u8]) {
    let (red, rest) = planes.split_at(planes.len() / 3);
    let (green, blue) = rest.split_at(rest.len() / 2);
    let parts = red.chunks(PIXELS).zip(green.chunks(PIXELS)).zip(blue.chunks(PIXELS));
    for (target, ((r, g), b)) in view.chunks_mut(3 * PIXELS).zip(parts) {
        // A pixel becomes a word of which three bytes are meant; the next one overwrites the fourth.
        let mut words = [0_u32; PIXELS];
        for (((word, r), g), b) in words.iter_mut().zip(r).zip(g).zip(b) {
            *word = byte(*r) | byte(*g) << 8 | byte(*b) << 16;
        }
        let mut bytes = [0; 3 * PIXELS + 1];
        for (pixel, word) in words.iter().enumerate() {
            bytes[pixel * 3..pixel * 3 + 4].copy_from_slice(&word.to_le_bytes());
        }
        target.copy_from_slice(&bytes[..target.len()]);
    }
}

/// Hue and back in one go: every channel lies between the smallest one and `range` above it, at a height
/// that only the hue says. `turn` is in sixths of the circle, from -3 to 3.
fn turned([r, g, b]: [f32; 3], turn: f32) -> [f32; 3] {
    let most = larger(larger(r, g), b);
    let least = smaller(smaller(r, g), b);
    let range = most - least;
    let scale = 1.0 / if range > 0.0 { range } else { 1.0 };
    let from_red = (g - b) * scale;
    let from_green = (b - r) * scale + 2.0;
    let from_blue = (r - g) * scale + 4.0;
    let not_red = if g == most { from_green } else { from_blue };
    let hue = wrapped(if r == most { from_red } else { not_red } + turn);
    // Green is full from 1 to 3 sixths, blue from 3 to 5, red from 5 to 1; each falls off over one sixth.
    let height = [(hue - 3.0).abs() - 1.0, 2.0 - (hue - 2.0).abs(), 2.0 - (hue - 4.0).abs()];
    height.map(|height| least + range * unit(height))
}

/// A hue from -6 to 12 sixths, brought back to the circle.
fn wrapped(hue: f32) -> f32 {
    let hue = if hue < 0.0 { hue + 6.0 } else { hue };
    if hue >= 6.0 { hue - 6.0 } else { hue }
}

fn gray([r, g, b]: [f32; 3]) -> f32 {
    r * GRAY[0] + g * GRAY[1] + b * GRAY[2]
}

fn each_pixel(planes: &mut [f32], change: impl Fn([f32; 3]) -> [f32; 3]) {
    let (red, rest) = planes.split_at_mut(planes.len() / 3);
    let (green, blue) = rest.split_at_mut(rest.len() / 2);
    for ((r, g), b) in red.iter_mut().zip(green).zip(blue) {
        [*r, *g, *b] = change([*r, *g, *b]);
    }
}

/// The sum of a plane. Eight running sums fit registers, where one would have to wait for each addition.
fn sum(plane: &[f32]) -> f64 {
    let mut total = 0.0;
    // Short enough for f32 to hold eleven digits of a byte's sum, long enough to cost nothing.
    for part in plane.chunks(2048) {
        let mut sums = [0.0_f32; 8];
        let lanes = part.chunks_exact(8);
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
fn byte(value: f32) -> u32 {
    (unit(value) * 255.0 + 8_388_608.0).to_bits() & 0xff
}

// Written as comparisons, because these become one instruction, where `f32::max` must also mind NaN.
fn unit(value: f32) -> f32 {
    smaller(larger(value, 0.0), 1.0)
}

fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

fn smaller(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

#[cfg(test)]
mod tests {
    use crate::resample::BYTE;

    use super::{brightness, byte, contrast, grayscale, hue, saturation, solarize};

    /// Two pixels: orange, blue.
    const PLANES: [f32; 6] = [1.0, 0.0, 0.5, 0.25, 0.0, 1.0];

    fn changed(change: impl Fn(&mut [f32])) -> Vec<f32> {
        let mut planes = PLANES.to_vec();
        change(&mut planes);
        planes
    }

    fn assert_close(found: &[f32], expected: &[f32]) {
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
        }
    }

    #[test]
    fn bytes_survive_the_way_through_floats() {
        assert!((0..=255_u8).all(|value| byte(f32::from(value) * BYTE) == u32::from(value)));
        assert_eq!((byte(-0.1), byte(1.1), byte(f32::NAN)), (0, 255, 0));
    }

    #[test]
    fn a_factor_of_one_changes_nothing() {
        assert_close(&changed(|planes| brightness(planes, 1.0)), &PLANES);
        assert_close(&changed(|planes| contrast(planes, 1.0)), &PLANES);
        assert_close(&changed(|planes| saturation(planes, 1.0)), &PLANES);
        assert_close(&changed(|planes| hue(planes, 0.0)), &PLANES);
    }

    #[test]
    fn a_third_of_a_turn_moves_each_channel_on() {
        assert_close(&changed(|planes| hue(planes, 1.0 / 3.0)), &[0.0, 1.0, 1.0, 0.0, 0.5, 0.25]);
        assert_close(&changed(|planes| hue(planes, -1.0 / 3.0)), &[0.5, 0.25, 0.0, 1.0, 1.0, 0.0]);
    }

    #[test]
    fn no_saturation_is_grayscale() {
        assert_close(&changed(|planes| saturation(planes, 0.0)), &changed(grayscale));
    }

    #[test]
    fn no_contrast_is_the_mean_of_the_gray_image() {
        let gray = changed(grayscale);
        let mean = f32::midpoint(gray[0], gray[1]);
        assert_close(&changed(|planes| contrast(planes, 0.0)), &[mean; 6]);
    }

    #[test]
    fn solarizing_inverts_from_the_threshold_on() {
        let expected = [0.0, 0.0, 0.5, 0.25, 0.0, 0.0];
        assert_close(&changed(|planes| solarize(planes, 0.5)), &expected);
    }
}
