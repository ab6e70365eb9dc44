//! Bytes to tensors: scaled to 0..1, normalised by channel, channels-last on the device.

use crate::Views;
use tch::{Device, Kind, Tensor};

/// Normalises batches of RGB bytes.
#[derive(Debug)]
pub struct ToTensor {
    /// 1 / (255 std), `[3]`.
    factor: Tensor,
    /// mean / std, `[3]`.
    shift: Tensor,
    device: Device,
}

impl ToTensor {
    /// Tensors on `device`, with the means and standard deviations of channels, of values between 0 and 1.
    pub fn new(mean: [f64; 3], std: [f64; 3], device: Device) -> Self {
        let of = |f: fn(f64, f64) -> f64| {
            let values: Vec<f32> = mean.iter().zip(&std).map(|(&m, &d)| f(m, d) as f32).collect();
            Tensor::from_slice(&values).to_device(device)
        };
        Self { factor: of(|_, d| 1.0 / (255.0 * d)), shift: of(|m, d| m / d), device }
    }

    /// Normalised images of rows of bytes.
    ///
    /// # Shapes
    /// - `bytes`: `[n][height][width][3]`
    /// - returns `[n, 3, height, width]`, fp32, with channels-last strides
    pub fn images(&self, bytes: &[u8], (width, height): (usize, usize)) -> Tensor {
        assert_eq!(bytes.len() % (width * height * 3), 0, "whole images of {width}x{height}");
        let n = bytes.len() / (width * height * 3);
        let rows = Tensor::from_slice(bytes).view([n as i64, height as i64, width as i64, 3]);
        let mut x = rows.to_device(self.device).to_kind(Kind::Float);
        x = x.g_mul_(&self.factor).g_sub_(&self.shift);
        x.permute([0, 3, 1, 2])
    }

    /// The views of one batch from the loader's bytes.
    ///
    /// # Shapes
    /// - `bytes`: `[views][n][height][width][3]`
    /// - `sizes`: width and height of each view; consecutive views of one size come to lie in one tensor
    /// - `indices`: `[n]`
    pub fn views(&self, bytes: &[u8], sizes: &[(usize, usize)], indices: Vec<u32>) -> Views {
        let mut left = bytes;
        let groups = sizes.chunk_by(|a, b| a == b).map(|run| {
            let (width, height) = run[0];
            let (these, others) = left.split_at(run.len() * indices.len() * width * height * 3);
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
