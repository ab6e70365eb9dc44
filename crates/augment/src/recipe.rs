//! The recipe: what is done to one view, as plain data.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What is done to one image to make one view of it.
///
/// The first operation is the crop; without one the image must have the view's size already.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// Width and height of the view.
    pub size: (usize, usize),
    /// What is done, in this order.
    pub ops: Vec<Op>,
}

/// One operation on an image in `[0, 1]`, with everything drawn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// Cuts this box, in pixels of the source, and resizes it to the view (antialiased bilinear).
    Crop {
        /// Left edge.
        x: usize,
        /// Upper edge.
        y: usize,
        /// Width before resizing.
        width: usize,
        /// Height before resizing.
        height: usize,
    },
    /// Mirrors left and right.
    Flip,
    /// Multiplies by this factor, clamped.
    Brightness(f32),
    /// Blends with the mean of the grayscale image: 0 is that mean, 1 leaves the image as it is.
    Contrast(f32),
    /// Blends with the grayscale image: 0 is gray, 1 leaves the image as it is.
    Saturation(f32),
    /// Turns the hue by this part of the circle, -0.5 to 0.5.
    Hue(f32),
    /// Gray in all three channels: .2989 R + .587 G + .114 B.
    Grayscale,
    /// Blurs with a Gaussian.
    Blur {
        /// Deviation in pixels.
        sigma: f32,
        /// Width of the kernel in pixels, odd.
        kernel: usize,
    },
    /// Inverts every value that is at least this threshold.
    Solarize {
        /// From 0 to 1.
        threshold: f32,
    },
}

/// The recipe in words, such as `crop 12x20+3+4, flip, contrast 1.31`.
impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ops.is_empty() {
            return f.write_str("as it is");
        }
        for (position, op) in self.ops.iter().enumerate() {
            let comma = if position == 0 { "" } else { ", " };
            write!(f, "{comma}{op}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crop { x, y, width, height } => write!(f, "crop {width}x{height}+{x}+{y}"),
            Self::Flip => f.write_str("flip"),
            Self::Brightness(factor) => write!(f, "brightness {factor:.2}"),
            Self::Contrast(factor) => write!(f, "contrast {factor:.2}"),
            Self::Saturation(factor) => write!(f, "saturation {factor:.2}"),
            Self::Hue(turn) => write!(f, "hue {turn:+.3}"),
            Self::Grayscale => f.write_str("grayscale"),
            Self::Blur { sigma, kernel } => write!(f, "blur {sigma:.2} ({kernel} wide)"),
            Self::Solarize { threshold } => write!(f, "solarize {threshold:.2}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Op, Recipe};

    #[test]
    fn a_recipe_reads_as_words() {
        let crop = Op::Crop { x: 3, y: 4, width: 12, height: 20 };
        let blur = Op::Blur { sigma: 1.5, kernel: 3 };
        let ops = vec![crop, Op::Flip, Op::Contrast(1.31), Op::Hue(0.05), Op::Grayscale, blur];
        let recipe = Recipe { size: (32, 32), ops };
        let words = "crop 12x20+3+4, flip, contrast 1.31, hue +0.050, grayscale, blur 1.50 (3 wide)";
        assert_eq!(recipe.to_string(), words);
    }

    #[test]
    fn an_empty_recipe_says_so() {
        assert_eq!(Recipe::default().to_string(), "as it is");
    }
}
