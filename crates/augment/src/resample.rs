//! Antialiased bilinear resizing of a window, from bytes to planes of floats.

use crate::image::ImageRef;
use crate::render::Window;

/// One step of a byte in `[0, 1]`: torchvision multiplies by it too, which decides ties.
pub(crate) const BYTE: f32 = 1.0 / 255.0;

/// Resizes as torch's `interpolate(mode="bilinear", antialias=True)` does, and keeps its memory.
#[derive(Debug, Default)]
pub(crate) struct Resampler {
    columns: Taps,
    rows: Taps,
    /// One row of the window, already resampled vertically: R, G, B of each pixel, and one float beyond.
    line: Vec<f32>,
}

impl Resampler {
    /// Fills `planes` (R, G, B, each `height * width`) with the window, resized to `size`, in `[0, 1]`.
    ///
    /// A row of the view is blended from source rows first, over contiguous bytes, then along the row; so
    /// one line is all the memory between the two.
    pub(crate) fn resize(
        &mut self,
        image: ImageRef<'_>,
        window: Window,
        size: (usize, usize),
        planes: &mut [f32],
    ) {
        let (width, height) = size;
        self.columns.fill(window.width, width);
        self.rows.fill(window.height, height);
        self.line.clear();
        self.line.resize(window.width * 3 + 1, 0.0);
        let (red, rest) = planes.split_at_mut(width * height);
        let (green, blue) = rest.split_at_mut(width * height);
        for y in 0..height {
            self.blend_rows(image, window, y);
            let row = y * width..(y + 1) * width;
            let target = [&mut red[row.clone()], &mut green[row.clone()], &mut blue[row]];
            if window.width == width {
                spread(&self.line, target);
            } else {
                self.columns.along(&self.line, target);
            }
        }
    }

    /// The line from which row `y` of the view is made.
    fn blend_rows(&mut self, image: ImageRef<'_>, window: Window, y: usize) {
        let end = window.width * 3;
        let line = &mut self.line[..end];
        if self.rows.count == 1 {
            for (value, &byte) in line.iter_mut().zip(window.row(image, self.rows.starts[y])) {
                *value = f32::from(byte) * BYTE;
            }
            return;
        }
        let (start, weights) = self.rows.at(y);
        for (tap, &weight) in weights.iter().enumerate() {
            // The bytes become [0, 1] through the weight.
            let scaled = weight * BYTE;
            let source = window.row(image, start + tap);
            if tap == 0 {
                line.iter_mut().zip(source).for_each(|(value, &byte)| *value = scaled * f32::from(byte));
            } else {
                line.iter_mut().zip(source).for_each(|(value, &byte)| *value += scaled * f32::from(byte));
            }
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
    fn at(&self, output: usize) -> (usize, &[f32]) {
        (self.starts[output], &self.weights[output * self.count..(output + 1) * self.count])
    }

    /// A triangle as wide as an output pixel, but never narrower than an input pixel, normalised.
    fn fill(&mut self, input: usize, output: usize) {
        self.starts.clear();
        self.weights.clear();
        if input == output {
            self.count = 1;
            self.starts.extend(0..input);
            self.weights.resize(output, 1.0);
            return;
        }
        let scale = input as f64 / output as f64;
        let support = scale.max(1.0);
        // At most this many inputs lie within the support; where fewer do, the rest weigh nothing.
        self.count = (support.ceil() as usize * 2).min(input);
        for position in 0..output {
            let centre = scale * (position as f64 + 0.5);
            let first = (centre - support + 0.5).max(0.0) as usize;
            let start = first.min(input - self.count);
            let row = self.weights.len();
            let mut total = 0.0;
            for tap in 0..self.count {
                let distance = ((start + tap) as f64 - centre + 0.5) / support;
                let weight = (1.0 - distance.abs()).max(0.0) as f32;
                total += weight;
                self.weights.push(weight);
            }
            self.weights[row..].iter_mut().for_each(|weight| *weight /= total);
            self.starts.push(start);
        }
    }

    /// Resamples a line of RGB pixels into one row of each plane.
    fn along(&self, line: &[f32], target: [&mut [f32]; 3]) {
        match self.count {
            1 => self.along_exact::<1>(line, target),
            2 => self.along_exact::<2>(line, target),
            4 => self.along_exact::<4>(line, target),
            _ => self.along_any(line, target),
        }
    }

    /// The counts of small scales, with the loop over the taps unrolled.
    fn along_exact<const COUNT: usize>(&self, line: &[f32], [red, green, blue]: [&mut [f32]; 3]) {
        let taps = self.starts.iter().zip(self.weights.chunks_exact(COUNT));
        for (((r, g), b), (&start, weights)) in red.iter_mut().zip(green).zip(blue).zip(taps) {
            let pixels = &line[start * 3..][..=COUNT * 3];
            let mut sum = [0.0; 4];
            for tap in 0..COUNT {
                // The fourth lane belongs to the next pixel: four lanes are one register.
                for lane in 0..4 {
                    sum[lane] += weights[tap] * pixels[tap * 3 + lane];
                }
            }
            [*r, *g, *b] = [sum[0], sum[1], sum[2]];
        }
    }

    fn along_any(&self, line: &[f32], [red, green, blue]: [&mut [f32]; 3]) {
        for (x, ((r, g), b)) in red.iter_mut().zip(green).zip(blue).enumerate() {
            let (start, weights) = self.at(x);
            let mut sum = [0.0; 4];
            for (pixel, &weight) in line[start * 3..].windows(4).step_by(3).zip(weights) {
                for lane in 0..4 {
                    sum[lane] += weight * pixel[lane];
                }
            }
            [*r, *g, *b] = [sum[0], sum[1], sum[2]];
        }
    }
}

/// A line of RGB pixels as one row of each plane.
fn spread(line: &[f32], [red, green, blue]: [&mut [f32]; 3]) {
    for (((r, g), b), pixel) in red.iter_mut().zip(green).zip(blue).zip(line.chunks_exact(3)) {
        [*r, *g, *b] = [pixel[0], pixel[1], pixel[2]];
    }
}

#[cfg(test)]
mod tests {
    use super::Taps;

    #[test]
    fn weights_sum_to_one_and_stay_inside() {
        let mut taps = Taps::default();
        for (input, output) in [(1, 32), (2, 32), (3, 7), (31, 32), (33, 32), (64, 32), (500, 224), (7, 1)] {
            taps.fill(input, output);
            for position in 0..output {
                let (start, weights) = taps.at(position);
                assert!(start + weights.len() <= input, "{input} to {output}");
                let sum: f32 = weights.iter().sum();
                assert!((sum - 1.0).abs() < 1e-6, "{input} to {output} at {position}: {sum}");
            }
        }
    }

    #[test]
    fn halving_blends_four_pixels_with_a_triangle() {
        let mut taps = Taps::default();
        taps.fill(8, 4);
        assert_eq!(taps.at(1), (1, &[0.125, 0.375, 0.375, 0.125][..]));
    }
}
