//! Gaussian blur with reflection at the border, torchvision's kernel.

use crate::canvas::Canvas;
use multiversion::multiversion;

/// Memory that the blur reuses.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// The kernel from its middle outwards: the other half is the same.
    kernel: Vec<f32>,
    /// A row, blurred along the columns, with its reflections on both sides.
    padded: Vec<f32>,
    /// Rows as they were, for those below: the plane itself is overwritten, so that it alone fills the cache.
    earlier: Vec<f32>,
}

impl Scratch {
    /// Blurs each plane along columns, then rows.
    pub(crate) fn blur(&mut self, canvas: &mut Canvas, sigma: f32, kernel: usize) {
        self.fill_kernel(sigma, kernel);
        let (width, _) = canvas.size();
        self.padded.clear();
        self.padded.resize(width + 2 * (self.kernel.len() - 1), 0.0);
        self.earlier.resize(width * self.kernel.len(), 0.0);
        for plane in canvas.each_plane() {
            blur_plane(plane, width, &self.kernel, &mut self.padded, &mut self.earlier);
        }
    }

    /// A Gaussian over whole pixels, normalised over the whole kernel. The outermost weights, below 1e-5 of the middle,
    /// are left out, which makes a small sigma quick: together they weigh 2e-5 at most.
    fn fill_kernel(&mut self, sigma: f32, kernel: usize) {
        let weight = |distance: usize| (-0.5 * (distance as f64 / f64::from(sigma)).powi(2)).exp();
        let total = 1.0 + 2.0 * (1..=kernel / 2).map(weight).sum::<f64>();
        self.kernel.clear();
        let kept = (0..=kernel / 2).map(weight).take_while(|&weight| weight > 1e-5);
        self.kernel.extend(kept.map(|weight| (weight / total) as f32));
    }
}

/// Row by row: first along the columns into `padded`, then along that row, while it is near.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn blur_plane(plane: &mut [f32], width: usize, kernel: &[f32], padded: &mut [f32], earlier: &mut [f32]) {
    let (radius, height) = (kernel.len() - 1, plane.len() / width);
    for y in 0..height {
        // The rows that are overwritten by now and needed still are as many as the kernel is long on one side.
        let place = |row: usize| (row % kernel.len()) * width;
        earlier[place(y)..][..width].copy_from_slice(&plane[y * width..][..width]);
        let row = |wanted: isize| {
            let row = reflected(wanted, height);
            if row < y { &earlier[place(row)..][..width] } else { &plane[row * width..][..width] }
        };
        let middle = &mut padded[radius..radius + width];
        weigh(middle, kernel, |distance| (row(y as isize - distance as isize), row((y + distance) as isize)));
        reflect(padded, radius);
        let out = &mut plane[y * width..][..width];
        weigh(out, kernel, |distance| (&padded[radius - distance..], &padded[radius + distance..]));
    }
}

/// Fills `out` with the weighted sum of what lies at each distance on both sides.
#[inline(always)]
fn weigh<'s>(out: &mut [f32], kernel: &[f32], at: impl Fn(usize) -> (&'s [f32], &'s [f32])) {
    let (middle, _) = at(0);
    for (value, source) in out.iter_mut().zip(middle) {
        *value = kernel[0] * source;
    }
    let mut distance = 1;
    // Several distances in one go: what is in `out` is read and written less often.
    while distance + 4 <= kernel.len() {
        add::<4>(out, kernel, distance, &at);
        distance += 4;
    }
    match kernel.len() - distance {
        3 => add::<3>(out, kernel, distance, &at),
        2 => add::<2>(out, kernel, distance, &at),
        1 => add::<1>(out, kernel, distance, &at),
        _ => {}
    }
}

#[inline(always)]
fn add<'s, const COUNT: usize>(
    out: &mut [f32],
    kernel: &[f32],
    first: usize,
    at: &impl Fn(usize) -> (&'s [f32], &'s [f32]),
) {
    let len = out.len();
    let weights: [f32; COUNT] = std::array::from_fn(|tap| kernel[first + tap]);
    let sides: [(&[f32], &[f32]); COUNT] = std::array::from_fn(|tap| {
        let (one, other) = at(first + tap);
        (&one[..len], &other[..len])
    });
    for (x, value) in out.iter_mut().enumerate() {
        let mut sum = *value;
        for tap in 0..COUNT {
            sum += weights[tap] * (sides[tap].0[x] + sides[tap].1[x]);
        }
        *value = sum;
    }
}

/// Fills `radius` pixels on both sides of a row with its reflections; the border pixel itself is not repeated.
#[inline(always)]
fn reflect(padded: &mut [f32], radius: usize) {
    let len = padded.len() - 2 * radius;
    for distance in 1..=radius {
        padded[radius - distance] = padded[radius + reflected(-(distance as isize), len)];
        padded[radius + len - 1 + distance] = padded[radius + reflected((len - 1 + distance) as isize, len)];
    }
}

/// An index outside `0..len`, brought back by reflection at the first and the last pixel.
#[inline(always)]
fn reflected(index: isize, len: usize) -> usize {
    let last = len as isize - 1;
    if (0..=last).contains(&index) {
        return index as usize;
    }
    if last == 0 {
        return 0;
    }
    let wrapped = index.rem_euclid(2 * last);
    wrapped.min(2 * last - wrapped) as usize
}

#[cfg(test)]
mod tests {
    use super::{Scratch, reflect, reflected};
    use crate::canvas::Canvas;

    fn blurred(planes: &[f32], size: (usize, usize), sigma: f32, kernel: usize) -> Vec<f32> {
        let mut canvas = Canvas::default();
        canvas.reset(size, 3);
        canvas.planes().copy_from_slice(planes);
        Scratch::default().blur(&mut canvas, sigma, kernel);
        canvas.planes().to_vec()
    }

    #[test]
    fn the_border_reflects_without_repeating_its_pixel() {
        let mut padded = [0.0, 0.0, 1.0, 2.0, 3.0, 0.0, 0.0];
        reflect(&mut padded, 2);
        assert_eq!(padded, [3.0, 2.0, 1.0, 2.0, 3.0, 2.0, 1.0]);
        assert_eq!((reflected(-3, 2), reflected(5, 1)), (1, 0));
    }

    #[test]
    fn a_flat_image_stays_flat() {
        let planes = blurred(&[0.25; 3 * 20 * 18], (20, 18), 1.7, 23);
        assert!(planes.iter().all(|value| (value - 0.25).abs() < 1e-6));
    }

    #[test]
    fn a_point_spreads_into_the_kernel() {
        let mut planes = [0.0; 3 * 5 * 5];
        planes[12] = 1.0;
        let planes = blurred(&planes, (5, 5), 1.0, 3);
        let side = (-0.5_f32).exp() / (1.0 + 2.0 * (-0.5_f32).exp());
        let middle = 1.0 - 2.0 * side;
        let row = [0.0, side * middle, middle * middle, side * middle, 0.0];
        for (found, expected) in planes[10..15].iter().zip(row) {
            assert!((found - expected).abs() < 1e-6);
        }
        assert!((planes[6] - side * side).abs() < 1e-6);
    }
}
