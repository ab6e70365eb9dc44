//! Bilinear resizing of a window, from bytes to planes of floats.

use crate::clamp::larger;
use crate::image::{ImageRef, MOST_COLOURS};
use multiversion::multiversion;
use wide::f32x4;

/// One step of a byte in `[0, 1]`: torchvision multiplies by it too, which decides ties.
pub(crate) const BYTE: f32 = 1.0 / 255.0;

/// The part of an image that becomes a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) x: usize,
    pub(crate) y: usize,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

impl Window {
    pub(crate) fn whole(image: ImageRef<'_>) -> Self {
        Self { x: 0, y: 0, width: image.width, height: image.height }
    }

    pub(crate) fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// The bytes of one of its rows, in an image of so many channels.
    #[inline(always)]
    pub(crate) fn row<'a>(&self, image: ImageRef<'a>, channels: usize, row: usize) -> &'a [u8] {
        let start = ((self.y + row) * image.width + self.x) * channels;
        &image.pixels[start..start + self.width * channels]
    }

    pub(crate) fn check(&self, image: ImageRef<'_>) {
        let inside = self.x + self.width <= image.width && self.y + self.height <= image.height;
        assert!(
            inside && self.width > 0 && self.height > 0,
            "{self:?} is no part of an image of {}x{}",
            image.width,
            image.height
        );
    }
}

/// Resizes as torch's `interpolate(mode="bilinear")` does, and keeps its memory.
#[derive(Debug, Default)]
pub(crate) struct Resampler {
    columns: Taps,
    rows: Taps,
    /// One row of the window, already resampled vertically: the channels of each pixel, and floats up to four beyond the
    /// last one's first.
    line: Vec<f32>,
    /// The window's bytes of one band.
    band: Vec<u8>,
}

/// Floats that are read from each pixel on, whatever its channels: one register.
const LANES: usize = 4;

impl Resampler {
    /// Fills `planes` (one a channel, each `height * width`) with the window, resized to `size`, in `[0, 1]`.
    pub(crate) fn resize(
        &mut self,
        image: ImageRef<'_>,
        window: Window,
        size: (usize, usize),
        antialias: bool,
        mirrored: bool,
        planes: &mut [f32],
    ) {
        self.columns.fill(window.width, size.0, antialias);
        if mirrored {
            self.columns.mirror();
        }
        self.rows.fill(window.height, size.1, antialias);
        let channels = image.channels();
        if channels <= MOST_COLOURS {
            self.resample(image, window, planes);
            return;
        }
        // Bands one by one: more channels than a register has lanes.
        let mut band = std::mem::take(&mut self.band);
        for (channel, plane) in planes.chunks_exact_mut(size.0 * size.1).enumerate() {
            band.clear();
            for row in 0..window.height {
                band.extend(window.row(image, channels, row).iter().skip(channel).step_by(channels));
            }
            let one = ImageRef::new(window.width, window.height, &band);
            self.resample(one, Window::whole(one), plane);
        }
        self.band = band;
    }

    /// Resizes a window of 1 to 4 channels, as columns and rows say.
    fn resample(&mut self, image: ImageRef<'_>, window: Window, planes: &mut [f32]) {
        let channels = image.channels();
        // From pixels to their floats in a line.
        self.columns.starts.iter_mut().for_each(|start| *start *= channels);
        self.line.clear();
        self.line.resize(window.width * channels + LANES - channels, 0.0);
        let resample = match channels {
            1 => resample::<1>,
            2 => resample::<2>,
            3 => resample::<3>,
            _ => resample::<4>,
        };
        resample(image, window, &self.columns, &self.rows, &mut self.line, planes);
    }
}

/// A row of the view is blended from source rows first, over contiguous bytes, then along the row; so one line is all
/// the memory between the two.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn resample<const CHANNELS: usize>(
    image: ImageRef<'_>,
    window: Window,
    columns: &Taps,
    rows: &Taps,
    line: &mut [f32],
    planes: &mut [f32],
) {
    let (width, height) = (columns.starts.len(), rows.starts.len());
    let mut planes = planes.chunks_exact_mut(width * height);
    let mut targets: [_; CHANNELS] =
        std::array::from_fn(|_| planes.next().expect("a plane a channel").chunks_exact_mut(width));
    for y in 0..height {
        blend_rows::<CHANNELS>(image, window, rows, y, &mut line[..window.width * CHANNELS]);
        let target = targets.each_mut().map(Iterator::next).map(Option::unwrap_or_default);
        match columns.count {
            1 => along::<1, CHANNELS>(columns, line, target),
            2 => along::<2, CHANNELS>(columns, line, target),
            4 => along::<4, CHANNELS>(columns, line, target),
            _ => along_any(columns, line, target),
        }
    }
}

/// The line from which row `y` of the view is made.
#[inline(always)]
fn blend_rows<const CHANNELS: usize>(
    image: ImageRef<'_>,
    window: Window,
    rows: &Taps,
    y: usize,
    line: &mut [f32],
) {
    let (start, weights) = rows.at(y);
    match *weights {
        [_] => {
            for (value, &byte) in line.iter_mut().zip(window.row(image, CHANNELS, start)) {
                *value = f32::from(byte) * BYTE;
            }
        }
        [first, second] => {
            let (first, second) = (first * BYTE, second * BYTE);
            let sources =
                window.row(image, CHANNELS, start).iter().zip(window.row(image, CHANNELS, start + 1));
            for (value, (&above, &below)) in line.iter_mut().zip(sources) {
                *value = first * f32::from(above) + second * f32::from(below);
            }
        }
        _ => {
            for (tap, &weight) in weights.iter().enumerate() {
                // The bytes become [0, 1] through the weight.
                let scaled = weight * BYTE;
                let source = window.row(image, CHANNELS, start + tap);
                if tap == 0 {
                    line.iter_mut().zip(source).for_each(|(value, &byte)| *value = scaled * f32::from(byte));
                } else {
                    line.iter_mut().zip(source).for_each(|(value, &byte)| *value += scaled * f32::from(byte));
                }
            }
        }
    }
}

/// Pixels whose channels are gathered before they are stored: their sums stay in registers.
const GROUP: usize = 4;

/// Resamples a line of pixels into one row of each plane, with the loop over the taps unrolled.
#[inline(always)]
fn along<const COUNT: usize, const CHANNELS: usize>(
    columns: &Taps,
    line: &[f32],
    planes: [&mut [f32]; CHANNELS],
) {
    let (weights, _) = columns.weights.as_chunks::<COUNT>();
    let (starts, last_starts) = columns.starts.as_chunks::<GROUP>();
    let (groups, last_weights) = weights.as_chunks::<GROUP>();
    let mut planes = planes.map(|plane| plane.as_chunks_mut::<GROUP>());
    for group in 0..groups.len() {
        let (starts, weights) = (&starts[group], &groups[group]);
        let pixel = |pixel: usize| blended::<COUNT, CHANNELS>(line, starts[pixel], &weights[pixel]);
        let channels = f32x4::transpose([pixel(0), pixel(1), pixel(2), pixel(3)]);
        for ((plane, _), channel) in planes.iter_mut().zip(channels) {
            plane[group] = channel.to_array();
        }
    }
    for pixel in 0..last_weights.len() {
        let sum = blended::<COUNT, CHANNELS>(line, last_starts[pixel], &last_weights[pixel]).to_array();
        for ((_, plane), channel) in planes.iter_mut().zip(sum) {
            plane[pixel] = channel;
        }
    }
}

/// The weighted sum of neighbouring pixels. Lanes beyond the channels belong to the next pixels.
#[inline(always)]
fn blended<const COUNT: usize, const CHANNELS: usize>(
    line: &[f32],
    start: usize,
    weights: &[f32; COUNT],
) -> f32x4 {
    let pixels = &line[start..][..(COUNT - 1) * CHANNELS + LANES];
    let mut sum = f32x4::ZERO;
    for tap in 0..COUNT {
        let pixel = *pixels[tap * CHANNELS..].first_chunk::<LANES>().expect("a pixel and floats beyond");
        sum += f32x4::splat(weights[tap]) * f32x4::new(pixel);
    }
    sum
}

#[inline(always)]
fn along_any<const CHANNELS: usize>(columns: &Taps, line: &[f32], mut planes: [&mut [f32]; CHANNELS]) {
    for x in 0..columns.starts.len() {
        let (start, weights) = columns.at(x);
        let mut sum = [0.0; LANES];
        for (pixel, &weight) in line[start..].windows(LANES).step_by(CHANNELS).zip(weights) {
            for lane in 0..LANES {
                sum[lane] += weight * pixel[lane];
            }
        }
        for (plane, channel) in planes.iter_mut().zip(sum) {
            plane[x] = channel;
        }
    }
}

/// Weights of a resize along one axis: each output has `count` of them, from input `starts[output]` on.
#[derive(Debug, Default)]
struct Taps {
    count: usize,
    starts: Vec<usize>,
    weights: Vec<f32>,
}

impl Taps {
    #[inline(always)]
    fn at(&self, output: usize) -> (usize, &[f32]) {
        (self.starts[output], &self.weights[output * self.count..(output + 1) * self.count])
    }

    /// A triangle as wide as an output pixel, but never narrower than an input pixel, normalised; without `antialias` as
    /// wide as an input pixel always.
    fn fill(&mut self, input: usize, output: usize, antialias: bool) {
        self.starts.clear();
        self.weights.clear();
        if input == output {
            self.count = 1;
            self.starts.extend(0..input);
            self.weights.resize(output, 1.0);
            return;
        }
        let scale = input as f64 / output as f64;
        let support = if antialias { scale.max(1.0) } else { 1.0 };
        // At most this many inputs lie within the support; where fewer do, the rest weigh nothing.
        self.count = (support.ceil() as usize * 2).min(input);
        self.starts.resize(output, 0);
        self.weights.resize(output * self.count, 0.0);
        match self.count {
            2 => weigh::<2>(input, scale, support, &mut self.starts, &mut self.weights),
            4 => weigh::<4>(input, scale, support, &mut self.starts, &mut self.weights),
            count => {
                let weights = self.weights.chunks_exact_mut(count);
                for ((position, start), weights) in self.starts.iter_mut().enumerate().zip(weights) {
                    *start = triangle(position, input, scale, support, weights);
                }
            }
        }
    }

    /// The last output first.
    fn mirror(&mut self) {
        self.starts.reverse();
        self.weights.reverse();
        self.weights.chunks_exact_mut(self.count).for_each(<[f32]>::reverse);
    }
}

/// The weights of all outputs, so many of each.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn weigh<const COUNT: usize>(
    input: usize,
    scale: f64,
    support: f64,
    starts: &mut [usize],
    weights: &mut [f32],
) {
    let (weights, _) = weights.as_chunks_mut::<COUNT>();
    for ((position, start), weights) in starts.iter_mut().enumerate().zip(weights) {
        *start = triangle(position, input, scale, support, weights);
    }
}

/// The weights of one output, and its first input.
#[inline(always)]
fn triangle(position: usize, input: usize, scale: f64, support: f64, weights: &mut [f32]) -> usize {
    let centre = scale * (position as f64 + 0.5);
    let first = (centre - support + 0.5).max(0.0) as usize;
    let start = first.min(input - weights.len());
    let (offset, steepness) = ((start as f64 - centre + 0.5) as f32, (1.0 / support) as f32);
    let mut total = 0.0;
    for (tap, weight) in weights.iter_mut().enumerate() {
        *weight = larger(1.0 - ((offset + tap as f32) * steepness).abs(), 0.0);
        total += *weight;
    }
    let factor = 1.0 / total;
    for weight in weights {
        *weight *= factor;
    }
    start
}

#[cfg(test)]
mod tests {
    use super::Taps;

    #[test]
    fn weights_sum_to_one_and_stay_inside() {
        let mut taps = Taps::default();
        for (input, output) in [(1, 32), (2, 32), (3, 7), (31, 32), (33, 32), (64, 32), (500, 224), (7, 1)] {
            for antialias in [true, false] {
                taps.fill(input, output, antialias);
                for position in 0..output {
                    let (start, weights) = taps.at(position);
                    assert!(start + weights.len() <= input, "{input} to {output}");
                    let sum: f32 = weights.iter().sum();
                    assert!((sum - 1.0).abs() < 1e-6, "{input} to {output} at {position}: {sum}");
                }
            }
        }
    }

    #[test]
    fn halving_blends_four_pixels_with_a_triangle() {
        let mut taps = Taps::default();
        taps.fill(8, 4, true);
        assert_eq!(taps.at(1), (1, &[0.125, 0.375, 0.375, 0.125][..]));
        taps.fill(8, 4, false);
        assert_eq!(taps.at(1), (2, &[0.5, 0.5][..]));
    }
}
