//! Gaussian blur with reflection at the border, torchvision's kernel.

use multiversion::multiversion;

/// Outputs that are summed at once: two registers of sixteen floats, or more of fewer.
const LANES: usize = 32;

/// Memory that the blur reuses.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// The kernel from its middle outwards: the other half is the same.
    kernel: Vec<f32>,
    /// A row with its reflections on both sides.
    padded: Vec<f32>,
    /// A plane, blurred along its rows.
    blurred: Vec<f32>,
    /// Where the rows above and below start, one pair a distance.
    around: Vec<[usize; 2]>,
}

impl Scratch {
    /// Blurs each of three planes along rows, then columns.
    pub(crate) fn blur(&mut self, planes: &mut [f32], width: usize, sigma: f32, kernel: usize) {
        self.fill_kernel(sigma, kernel);
        let pixels = planes.len() / 3;
        self.blurred.resize(pixels, 0.0);
        for plane in planes.chunks_exact_mut(pixels) {
            along_rows(plane, width, &self.kernel, &mut self.padded, &mut self.blurred);
            along_columns(&self.blurred, width, &self.kernel, &mut self.around, plane);
        }
    }

    /// A Gaussian over whole pixels, normalised over the whole kernel. Weights that no byte could show
    /// (below 1e-7 of the middle) are left out, which makes a small sigma quick.
    fn fill_kernel(&mut self, sigma: f32, kernel: usize) {
        let weight = |distance: usize| (-0.5 * (distance as f64 / f64::from(sigma)).powi(2)).exp();
        let total = 1.0 + 2.0 * (1..=kernel / 2).map(weight).sum::<f64>();
        self.kernel.clear();
        let kept = (0..=kernel / 2).map(weight).take_while(|&weight| weight > 1e-7);
        self.kernel.extend(kept.map(|weight| (weight / total) as f32));
    }
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn along_rows(source: &[f32], width: usize, kernel: &[f32], padded: &mut Vec<f32>, target: &mut [f32]) {
    for (row, out) in source.chunks_exact(width).zip(target.chunks_exact_mut(width)) {
        pad(row, kernel.len() - 1, padded);
        along_row(padded, kernel, out);
    }
}

/// The row between `radius` reflected pixels on both sides; the border pixel itself is not repeated.
fn pad(row: &[f32], radius: usize, padded: &mut Vec<f32>) {
    padded.clear();
    padded.extend((1..=radius).rev().map(|distance| row[reflected(-(distance as isize), row.len())]));
    padded.extend_from_slice(row);
    padded.extend((0..radius).map(|distance| row[reflected((row.len() + distance) as isize, row.len())]));
}

/// An index outside `0..len`, brought back by reflection at the first and the last pixel.
fn reflected(index: isize, len: usize) -> usize {
    if len == 1 {
        return 0;
    }
    let last = len as isize - 1;
    let wrapped = index.rem_euclid(2 * last);
    wrapped.min(2 * last - wrapped) as usize
}

#[inline(always)]
fn along_row(padded: &[f32], kernel: &[f32], out: &mut [f32]) {
    let radius = kernel.len() - 1;
    let mut chunks = out.chunks_exact_mut(LANES);
    let mut x = radius;
    for chunk in &mut chunks {
        let mut sums = [0.0; LANES];
        add(&mut sums, kernel[0], &padded[x..], &[0.0; LANES]);
        for (distance, &weight) in kernel.iter().enumerate().skip(1) {
            add(&mut sums, weight, &padded[x - distance..], &padded[x + distance..]);
        }
        chunk.copy_from_slice(&sums);
        x += LANES;
    }
    for (offset, value) in chunks.into_remainder().iter_mut().enumerate() {
        let x = x + offset;
        let sides = kernel.iter().enumerate().skip(1);
        *value = kernel[0] * padded[x]
            + sides.map(|(d, weight)| weight * (padded[x - d] + padded[x + d])).sum::<f32>();
    }
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn along_columns(
    source: &[f32],
    width: usize,
    kernel: &[f32],
    around: &mut Vec<[usize; 2]>,
    target: &mut [f32],
) {
    let height = source.len() / width;
    for (y, out) in target.chunks_exact_mut(width).enumerate() {
        let row = |y: isize| reflected(y, height) * width;
        around.clear();
        around.extend((0..kernel.len() as isize).map(|d| [row(y as isize - d), row(y as isize + d)]));
        let mut chunks = out.chunks_exact_mut(LANES);
        let mut x = 0;
        for chunk in &mut chunks {
            let mut sums = [0.0; LANES];
            add(&mut sums, kernel[0], &source[y * width + x..], &[0.0; LANES]);
            for (&weight, &[above, below]) in kernel.iter().zip(around.iter()).skip(1) {
                add(&mut sums, weight, &source[above + x..], &source[below + x..]);
            }
            chunk.copy_from_slice(&sums);
            x += LANES;
        }
        for (offset, value) in chunks.into_remainder().iter_mut().enumerate() {
            let x = x + offset;
            let sides = kernel.iter().zip(around.iter()).skip(1);
            *value = kernel[0] * source[y * width + x]
                + sides
                    .map(|(weight, &[above, below])| weight * (source[above + x] + source[below + x]))
                    .sum::<f32>();
        }
    }
}

#[inline(always)]
fn add(sums: &mut [f32; LANES], weight: f32, left: &[f32], right: &[f32]) {
    for ((sum, left), right) in sums.iter_mut().zip(&left[..LANES]).zip(&right[..LANES]) {
        *sum += weight * (left + right);
    }
}

#[cfg(test)]
mod tests {
    use super::{Scratch, pad, reflected};

    #[test]
    fn the_border_reflects_without_repeating_its_pixel() {
        let mut padded = Vec::new();
        pad(&[1.0, 2.0, 3.0], 2, &mut padded);
        assert_eq!(padded, [3.0, 2.0, 1.0, 2.0, 3.0, 2.0, 1.0]);
        assert_eq!((reflected(-3, 2), reflected(5, 1)), (1, 0));
    }

    #[test]
    fn a_flat_image_stays_flat() {
        let mut planes = vec![0.25; 3 * 20 * 18];
        Scratch::default().blur(&mut planes, 20, 1.7, 23);
        assert!(planes.iter().all(|value| (value - 0.25).abs() < 1e-6));
    }

    #[test]
    fn a_point_spreads_into_the_kernel() {
        let mut planes = vec![0.0; 3 * 5 * 5];
        planes[12] = 1.0;
        Scratch::default().blur(&mut planes, 5, 1.0, 3);
        let side = (-0.5_f32).exp() / (1.0 + 2.0 * (-0.5_f32).exp());
        let middle = 1.0 - 2.0 * side;
        let row = [0.0, side * middle, middle * middle, side * middle, 0.0];
        for (found, expected) in planes[10..15].iter().zip(row) {
            assert!((found - expected).abs() < 1e-6);
        }
        assert!((planes[6] - side * side).abs() < 1e-6);
    }
}
