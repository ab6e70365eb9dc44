//! Weighted sums of the rows of pictures: resizing, cutting and mirroring, one axis after the other.

use crate::frame::Axis;
use tch::{Device, Kind, Tensor};

/// What one step of a byte is between 0 and 1.
const BYTE: f64 = 1.0 / 255.0;

/// Which rows each output row is a weighted sum of.
pub(crate) struct Taps {
    /// Rows of all pictures, counted through: `[n, outputs, taps]`.
    pub(crate) index: Tensor,
    /// `[n, outputs, taps]`
    pub(crate) weight: Tensor,
}

impl Taps {
    /// Those of some of the pictures.
    fn narrow(&self, start: i64, n: i64) -> Self {
        Self { index: self.index.narrow(0, start, n), weight: self.weight.narrow(0, start, n) }
    }

    /// The sums.
    ///
    /// # Shapes
    /// - `rows`: `[n * rows, values]`
    /// - returns `[n, outputs, values]`
    pub(crate) fn sum(&self, rows: &Tensor) -> Tensor {
        let (n, outputs, taps) = self.index.size3().expect("three dimensions");
        let firsts = Tensor::arange_start_step(0, n * outputs * taps, taps, (Kind::Int64, rows.device()));
        let (index, weight) = (self.index.reshape([-1]), self.weight.reshape([-1]));
        // 0 is the sum.
        let (sums, ..) = Tensor::embedding_bag(rows, &index, &firsts, false, 0, false, Some(&weight), false);
        sums.view([n, outputs, -1])
    }
}

/// The frames of pictures that are cut into chunks of `chunk` pictures.
pub(crate) struct Frames {
    columns: Taps,
    rows: Taps,
}

impl Frames {
    /// Frames of images of `image` (width, height) that give pictures of `size`, with `taps` along both axes.
    ///
    /// # Shapes
    /// - `numbers`: `[n, Frame::NUMBERS]`
    pub(crate) fn new(
        numbers: &Tensor,
        image: (i64, i64),
        size: (i64, i64),
        taps: (i64, i64),
        chunk: i64,
    ) -> Self {
        let axis = |which: i64| numbers.narrow(1, which * Axis::NUMBERS as i64, Axis::NUMBERS as i64);
        Self {
            columns: along(&axis(0), image.0, size.0, taps.0, chunk),
            rows: along(&axis(1), image.1, size.1, taps.1, chunk),
        }
    }

    /// The pictures that the frames from `start` on make of images.
    ///
    /// # Shapes
    /// - `images`: bytes, `[n, h, w, c]`
    /// - returns `[n, c, height, width]`, from 0 to 1
    pub(crate) fn apply(&self, images: &Tensor, start: i64) -> Tensor {
        let (n, h, w, c) = images.size4().expect("images of four dimensions");
        let mut x = images.to_kind(Kind::Float);
        let _ = x.g_mul_scalar_(BYTE);
        let (rows, columns) = (self.rows.narrow(start, n), self.columns.narrow(start, n));
        let (height, width) = (rows.index.size()[1], columns.index.size()[1]);
        // Each sum takes the outermost axis, which then becomes the innermost one: so the channels, innermost at first,
        // end outermost.
        let x = rows.sum(&x.view([n * h, w * c])).transpose(1, 2).contiguous();
        let x = columns.sum(&x.view([n * w, c * height])).transpose(1, 2).contiguous();
        x.view([n, c, height, width])
    }
}

/// Images as they are, as planes from 0 to 1.
///
/// # Shapes
/// - `images`: bytes, `[n, h, w, c]`
/// - returns `[n, c, h, w]`
pub(crate) fn planes(images: &Tensor) -> Tensor {
    let mut x = images.permute([0, 3, 1, 2]).contiguous().to_kind(Kind::Float);
    x.g_mul_scalar_(BYTE)
}

/// The taps along an axis of `input` pixels: a triangle about the place of each output, normalised over the box, as
/// torch's `interpolate` has it.
///
/// # Shapes
/// - `numbers`: `[n, Axis::NUMBERS]`
fn along(numbers: &Tensor, input: i64, output: i64, taps: i64, chunk: i64) -> Taps {
    let device = numbers.device();
    let number = |which: i64| numbers.select(1, which).view([-1, 1, 1]);
    let [slope, shift, support, first, end, low, high] = [0, 1, 2, 3, 4, 5, 6].map(number);
    let at = |len| Tensor::arange(len, (Kind::Float, device));
    let inside = |x: &Tensor, low: &Tensor, high: &Tensor| {
        x.ge_tensor(low).logical_and(&x.lt_tensor(high)).to_kind(Kind::Float)
    };
    let outputs = at(output).view([1, -1, 1]);
    let places = &outputs * slope + shift;
    let pixels = (&places - &support + 0.5).floor_() + at(taps);
    let distance = (&pixels - (places - 0.5)).g_div_(&support).abs_();
    let triangle: Tensor = 1.0 - distance;
    let mut weight = triangle.clamp_min(0.0) * inside(&pixels, &first, &end);
    let total = weight.sum_dim_intlist(&[2_i64][..], true, Kind::Float).clamp_min(1e-6);
    // An output beyond the box is black: it weighs nothing.
    let scale = inside(&outputs, &low, &high).g_div_(&total);
    let index = pixels.clamp(0.0, (input - 1) as f64).to_kind(Kind::Int64);
    Taps { index: index + starts(numbers.size()[0], input, chunk, device), weight: weight.g_mul_(&scale) }
}

/// Where the rows of each picture begin within its chunk, `[n, 1, 1]`.
fn starts(n: i64, rows: i64, chunk: i64, device: Device) -> Tensor {
    let place = Tensor::arange(n, (Kind::Int64, device)).remainder(chunk);
    place.view([-1, 1, 1]) * rows
}
