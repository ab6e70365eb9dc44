//! Bytes to tensors: in their colour space, normalised by channel, channels-last on the device; and back.

use crate::{ColorSpace, Views};
use tch::{Device, Kind, Tensor};

/// Normalises batches of bytes with 1 to 256 channels.
#[derive(Debug)]
pub struct ToTensor {
    space: ColorSpace,
    /// What bytes are multiplied by, `[c]`: 1 / (255 std); in other spaces than RGB their values by 1 / std.
    factor: Tensor,
    /// mean / std, `[c]`.
    shift: Tensor,
    mean: Vec<f64>,
    std: Vec<f64>,
    device: Device,
}

impl ToTensor {
    /// Tensors of RGB or gray on `device`, with the mean and the standard deviation of each channel, of values between 0
    /// and 1.
    ///
    /// # Panics
    /// When there are not 1 to 256 of them, or not as many of both.
    pub fn new(mean: impl AsRef<[f64]>, std: impl AsRef<[f64]>, device: Device) -> Self {
        Self::in_space(ColorSpace::Rgb, mean, std, device)
    }

    /// Tensors of another colour space, with means and standard deviations in its units.
    ///
    /// # Panics
    /// As [`ToTensor::new`], and when there are not 3 channels outside of RGB.
    pub fn in_space(
        space: ColorSpace,
        mean: impl AsRef<[f64]>,
        std: impl AsRef<[f64]>,
        device: Device,
    ) -> Self {
        let (mean, std) = (mean.as_ref().to_vec(), std.as_ref().to_vec());
        space.check(&mean, &std);
        let of = |f: &dyn Fn(f64, f64) -> f64| {
            let values: Vec<f32> = mean.iter().zip(&std).map(|(&m, &d)| f(m, d) as f32).collect();
            Tensor::from_slice(&values).to_device(device)
        };
        let byte = if space == ColorSpace::Rgb { 255.0 } else { 1.0 };
        Self { space, factor: of(&|_, d| 1.0 / (byte * d)), shift: of(&|m, d| m / d), mean, std, device }
    }

    /// How many channels an image has.
    pub fn channels(&self) -> usize {
        self.mean.len()
    }

    /// Normalised images of rows of bytes.
    ///
    /// # Shapes
    /// - `bytes`: `[n][height][width][c]`
    /// - returns `[n, c, height, width]`, fp32, with channels-last strides
    pub fn images(&self, bytes: &[u8], (width, height): (usize, usize)) -> Tensor {
        let each = width * height * self.channels();
        assert_eq!(bytes.len() % each, 0, "whole images of {width}x{height}");
        let n = (bytes.len() / each) as i64;
        let rows = Tensor::from_slice(bytes).view([n, height as i64, width as i64, -1]);
        let mut x = rows.to_device(self.device).to_kind(Kind::Float);
        if self.space != ColorSpace::Rgb {
            let rgb = x.g_mul_scalar_(1.0 / 255.0).permute([0, 3, 1, 2]);
            let converted = self.space.of_rgb(&rgb).expect("another space than RGB");
            x = converted.permute([0, 2, 3, 1]).contiguous();
        }
        x = x.g_mul_(&self.factor).g_sub_(&self.shift);
        x.permute([0, 3, 1, 2])
    }

    /// Bytes of normalised images: RGB, gray, and alpha where there is one, whatever the space. What is no byte becomes the
    /// nearest one.
    ///
    /// # Shapes
    /// - `images`: `[n, c, height, width]`
    /// - returns `[n, height, width, c]`, on the CPU
    pub fn bytes(&self, images: &Tensor) -> Tensor {
        let column = |of: &[f64]| Tensor::from_slice(of).to_kind(Kind::Float).view([1, -1, 1, 1]);
        let x = images.to_device(Device::Cpu).to_kind(Kind::Float) * column(&self.std) + column(&self.mean);
        let x: Tensor = self.space.to_rgb(&x) * 255.0;
        x.round().clamp(0.0, 255.0).to_kind(Kind::Uint8).permute([0, 2, 3, 1]).contiguous()
    }

    /// The views of one batch from the loader's bytes.
    ///
    /// # Shapes
    /// - `bytes`: `[views][n][height][width][c]`
    /// - `sizes`: width and height of each view; consecutive views of one size come to lie in one tensor
    /// - `indices`: `[n]`
    pub fn views(&self, bytes: &[u8], sizes: &[(usize, usize)], indices: Vec<u32>) -> Views {
        let mut left = bytes;
        let groups = sizes.chunk_by(|a, b| a == b).map(|run| {
            let (width, height) = run[0];
            let (these, others) = left.split_at(run.len() * indices.len() * width * height * self.channels());
            left = others;
            self.images(these, run[0])
        });
        let groups = groups.collect();
        assert!(left.is_empty(), "{} bytes beyond the views of {sizes:?}", left.len());
        Views::of_sizes(groups, indices)
    }

    /// Where the images go.
    pub fn device(&self) -> Device {
        self.device
    }
}
