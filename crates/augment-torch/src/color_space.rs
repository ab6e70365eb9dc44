//! Colour spaces in which images are normalised: RGB, CIE L*a*b*, YCbCr.

use kontrast_augment::MOST_CHANNELS;
use tch::{Kind, Tensor};

/// What the three channels of an image mean to the network. Images of other numbers of channels are `Rgb`, as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorSpace {
    /// As the bytes have it, from 0 to 1.
    #[default]
    Rgb,
    /// CIE L*a*b* of sRGB under D65 and the observer of 2 degrees, in which CMC (Tian et al. 2019, arXiv 1906.05849) parts
    /// an image into two views: L* from 0 to 100, a* from -86.2 to 98.3, b* from -107.9 to 94.5.
    Lab,
    /// ITU-R BT.601 for bytes: Y from 16 to 235, Cb and Cr from 16 to 240.
    Ycbcr,
}

/// From linear RGB to XYZ (IEC 61966-2-1), row by row.
const XYZ: [[f64; 3]; 3] =
    [[0.412_453, 0.357_580, 0.180_423], [0.212_671, 0.715_160, 0.072_169], [0.019_334, 0.119_193, 0.950_227]];
/// X, Y and Z of white (D65).
const WHITE: [f64; 3] = [0.950_47, 1.0, 1.088_83];
/// From RGB to Y, Cb and Cr, row by row, and what is added.
const YCBCR: [[f64; 3]; 3] =
    [[65.481, 128.553, 24.966], [-37.797, -74.203, 112.0], [112.0, -93.786, -18.214]];
const YCBCR_OFFSET: [f64; 3] = [16.0, 128.0, 128.0];
/// Above it the root of XYZ is a cube's, below it a line (CIE 15).
const LINEAR: f64 = 0.008_856;
const SLOPE: f64 = 7.787;
const START: f64 = 16.0 / 116.0;

impl ColorSpace {
    /// # Panics
    /// When there are not 1 to 256 channels, with a mean and a standard deviation each, or not 3 outside of RGB.
    pub(crate) fn check(self, mean: &[f64], std: &[f64]) {
        let channels = mean.len();
        let fit = channels == std.len() && (1..=MOST_CHANNELS).contains(&channels);
        assert!(
            fit,
            "expected 1 to 256 means and as many standard deviations, found {channels} and {}",
            std.len()
        );
        assert!(self == Self::Rgb || channels == 3, "{self:?} has 3 channels, found {channels} means");
    }

    /// Images of this space from RGB in `[0, 1]`; none where they are RGB.
    ///
    /// # Shapes
    /// - `x`: `[n, 3, h, w]`
    /// - returns as many
    pub(crate) fn of_rgb(self, x: &Tensor) -> Option<Tensor> {
        match self {
            Self::Rgb => None,
            Self::Lab => Some(lab(x)),
            Self::Ycbcr => Some(mixed(x, YCBCR) + column(YCBCR_OFFSET, x)),
        }
    }

    /// RGB of images of this space, in `[0, 1]` where they have colours of RGB.
    ///
    /// # Shapes
    /// As [`ColorSpace::of_rgb`], for images of any number of channels where they are RGB.
    pub(crate) fn to_rgb(self, x: &Tensor) -> Tensor {
        match self {
            Self::Rgb => x.shallow_clone(),
            Self::Lab => rgb_of_lab(x),
            Self::Ycbcr => mixed(&(x - column(YCBCR_OFFSET, x)), inverse(YCBCR)),
        }
    }
}

fn lab(rgb: &Tensor) -> Tensor {
    let curved = ((rgb + 0.055) / 1.055).clamp_min(0.0).pow_tensor_scalar(2.4);
    let linear = curved.where_self(&rgb.gt(0.040_45), &(rgb / 12.92));
    let xyz = mixed(&linear, XYZ) / column(WHITE, rgb);
    let root = xyz.clamp_min(LINEAR).pow_tensor_scalar(1.0 / 3.0);
    let f = root.where_self(&xyz.gt(LINEAR), &(&xyz * SLOPE + START));
    let [x, y, z] = [0, 1, 2].map(|channel| f.narrow(1, channel, 1));
    Tensor::cat(&[&y * 116.0 - 16.0, (x - &y) * 500.0, (y - z) * 200.0], 1)
}

fn rgb_of_lab(lab: &Tensor) -> Tensor {
    let [l, a, b] = [0, 1, 2].map(|channel| lab.narrow(1, channel, 1));
    let y: Tensor = (l + 16.0) / 116.0;
    let f = Tensor::cat(&[a / 500.0 + &y, y.shallow_clone(), y - b / 200.0], 1);
    let cube = f.pow_tensor_scalar(3);
    let xyz = cube.where_self(&cube.gt(LINEAR), &((f - START) / SLOPE)) * column(WHITE, lab);
    let linear = mixed(&xyz, inverse(XYZ));
    let curved = linear.clamp_min(0.0).pow_tensor_scalar(1.0 / 2.4) * 1.055 - 0.055;
    curved.where_self(&linear.gt(0.003_130_8), &(linear * 12.92))
}

/// Each row's weighted sum of the three channels.
fn mixed(x: &Tensor, rows: [[f64; 3]; 3]) -> Tensor {
    let weights = Tensor::from_slice(rows.as_flattened()).to_kind(Kind::Float).to_device(x.device());
    // One product for all pixels, in fp32 under autocast and TF32 too: written as sums, not as a convolution.
    let of = |row: i64| {
        (x * weights.narrow(0, 3 * row, 3).view([1, 3, 1, 1])).sum_dim_intlist(
            &[1_i64][..],
            true,
            Kind::Float,
        )
    };
    Tensor::cat(&[of(0), of(1), of(2)], 1)
}

/// Three numbers, one a channel.
fn column(of: [f64; 3], like: &Tensor) -> Tensor {
    Tensor::from_slice(&of).to_kind(Kind::Float).to_device(like.device()).view([1, 3, 1, 1])
}

fn inverse(rows: [[f64; 3]; 3]) -> [[f64; 3]; 3] {
    let matrix = Tensor::linalg_inv(&Tensor::from_slice(rows.as_flattened()).view([3, 3]));
    let flat = Vec::<f64>::try_from(matrix.reshape([-1])).expect("nine numbers");
    std::array::from_fn(|row| std::array::from_fn(|column| flat[3 * row + column]))
}
