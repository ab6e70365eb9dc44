//! The recipe: what is done to one view, as plain data.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What is done to one image to make one view of it.
///
/// The first operation may be a crop or a resize; without one the picture starts as large as the image. At the end it
/// must have the view's size.
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
    /// Cuts this box, in pixels of the source, and resizes it to the view (bilinear).
    Crop {
        /// Left edge.
        x: usize,
        /// Upper edge.
        y: usize,
        /// Width before resizing.
        width: usize,
        /// Height before resizing.
        height: usize,
        /// Whether a smaller view blends all pixels of the box that it covers.
        #[serde(default = "antialiased")]
        antialias: bool,
    },
    /// Resizes the whole image (antialiased bilinear).
    Resize {
        /// Pixels in a row.
        width: usize,
        /// Number of rows.
        height: usize,
    },
    /// Cuts this box without resizing; outside the picture it is black.
    Cut {
        /// Left edge.
        x: isize,
        /// Upper edge.
        y: isize,
        /// Pixels in a row.
        width: usize,
        /// Number of rows.
        height: usize,
    },
    /// Mirrors left and right.
    Flip,
    /// Mirrors top and bottom.
    FlipVertical,
    /// Turns counter-clockwise by this many quarters.
    QuarterTurns(u8),
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
        /// Standard deviation in pixels.
        sigma: f32,
        /// Width of the kernel in pixels, odd.
        kernel: usize,
    },
    /// Inverts every value that is at least this threshold.
    Solarize {
        /// From 0 to 1.
        threshold: f32,
    },
    /// Keeps the levels of this many bits, 0 to 8.
    Posterize {
        /// Bits of a channel.
        bits: u8,
    },
    /// Spreads each channel's histogram.
    Equalize,
    /// The negative.
    Invert,
    /// Stretches each channel over the whole range.
    Autocontrast,
    /// Away from a blurred image: 0 is that image, 1 leaves it as it is.
    Sharpness(f32),
    /// Turns counter-clockwise about the middle; outside is black, as for the next two.
    Rotate {
        /// Of 360.
        degrees: f32,
        /// How values between pixels are read.
        #[serde(default)]
        sampling: Sampling,
    },
    /// Moves the image.
    Translate {
        /// Pixels to the right.
        x: f32,
        /// Pixels downwards.
        y: f32,
        /// How values between pixels are read.
        #[serde(default)]
        sampling: Sampling,
    },
    /// Moves the image by whole pixels; what comes in from outside is its mirror image, without the border pixels again.
    ReflectTranslate {
        /// Pixels to the right.
        x: i32,
        /// Pixels downwards.
        y: i32,
    },
    /// Slants the image about its upper left corner.
    Shear {
        /// Pixels to the left for each row down.
        x: f32,
        /// Pixels up for each column to the right.
        y: f32,
        /// How values between pixels are read.
        #[serde(default)]
        sampling: Sampling,
    },
    /// Fills a box.
    Erase {
        /// Left edge.
        x: usize,
        /// Upper edge.
        y: usize,
        /// Pixels in a row.
        width: usize,
        /// Number of rows.
        height: usize,
        /// With what.
        fill: Fill,
    },
    /// Adds Gaussian noise, clamped.
    Noise {
        /// Of values from 0 to 1.
        std: f32,
        /// Key of the noise.
        key: u64,
    },
    /// How steep each channel is.
    Sobel,
    /// Moves each channel to the right and downwards; border pixels are repeated.
    ShiftChannels([[i32; 2]; 3]),
    /// Replaces two channels by noise about the middle gray.
    DropChannels {
        /// Which channel stays, 0 to 2.
        kept: u8,
        /// Standard deviation of the noise, as a fraction of the kept channel's.
        fraction: f32,
        /// Key of the noise.
        key: u64,
    },
}

/// How a value between pixels is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sampling {
    /// The nearest pixel.
    #[default]
    Nearest,
    /// Blended from the four around.
    Bilinear,
}

/// What a box is filled with.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fill {
    /// One value in all channels, from 0 to 1.
    Value(f32),
    /// Noise of this key about the middle gray, clamped: standard normal once a natural image is normalised.
    Noise(u64),
}

fn antialiased() -> bool {
    true
}

impl Op {
    /// An antialiased crop.
    pub fn crop(x: usize, y: usize, width: usize, height: usize) -> Self {
        Self::Crop { x, y, width, height, antialias: true }
    }
}

/// The recipe in words, such as `crop 12x20+3+4, flip, contrast 1.31`.
impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut comma = "";
        for op in self.ops.iter().filter(|op| **op != Op::QuarterTurns(0)) {
            write!(f, "{comma}{op}")?;
            comma = ", ";
        }
        if comma.is_empty() { f.write_str("as it is") } else { Ok(()) }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crop { x, y, width, height, antialias } => {
                write!(f, "crop {width}x{height}+{x}+{y}{}", if *antialias { "" } else { " aliased" })
            }
            Self::Resize { width, height } => write!(f, "resize {width}x{height}"),
            Self::Cut { x, y, width, height } => write!(f, "cut {width}x{height}{x:+}{y:+}"),
            Self::Flip => f.write_str("flip"),
            Self::FlipVertical => f.write_str("flip upside down"),
            Self::QuarterTurns(quarters) => write!(f, "turn {}°", 90 * u32::from(*quarters)),
            Self::Brightness(factor) => write!(f, "brightness {factor:.2}"),
            Self::Contrast(factor) => write!(f, "contrast {factor:.2}"),
            Self::Saturation(factor) => write!(f, "saturation {factor:.2}"),
            Self::Hue(turn) => write!(f, "hue {:+.3}", rounded(*turn, 1e3)),
            Self::Grayscale => f.write_str("grayscale"),
            Self::Blur { sigma, kernel } => write!(f, "blur {sigma:.2} ({kernel} wide)"),
            Self::Solarize { threshold } => write!(f, "solarize {threshold:.2}"),
            Self::Posterize { bits } => write!(f, "posterize {bits} bits"),
            Self::Equalize => f.write_str("equalize"),
            Self::Invert => f.write_str("invert"),
            Self::Autocontrast => f.write_str("autocontrast"),
            Self::Sharpness(factor) => write!(f, "sharpness {factor:.2}"),
            Self::Rotate { degrees, .. } => write!(f, "rotate {:+.1}°", rounded(*degrees, 1e1)),
            Self::Translate { x, y, .. } => {
                write!(f, "translate {:+.1} {:+.1}", rounded(*x, 1e1), rounded(*y, 1e1))
            }
            Self::ReflectTranslate { x, y } => write!(f, "translate reflected {x:+} {y:+}"),
            Self::Shear { x, y, .. } => write!(f, "shear {:+.2} {:+.2}", rounded(*x, 1e2), rounded(*y, 1e2)),
            Self::Erase { x, y, width, height, .. } => write!(f, "erase {width}x{height}+{x}+{y}"),
            Self::Noise { std, .. } => write!(f, "noise {std:.2}"),
            Self::Sobel => f.write_str("sobel"),
            Self::ShiftChannels([r, g, b]) => {
                write!(f, "shift channels {:+}{:+} {:+}{:+} {:+}{:+}", r[0], r[1], g[0], g[1], b[0], b[1])
            }
            Self::DropChannels { kept, .. } => {
                write!(f, "keep {} only", ["red", "green", "blue"][usize::from(*kept).min(2)])
            }
        }
    }
}

/// To so many parts of one, and no zero below zero.
fn rounded(value: f32, parts: f32) -> f32 {
    (value * parts).round() / parts + 0.0
}

#[cfg(test)]
mod tests {
    use super::{Op, Recipe};

    #[test]
    fn a_recipe_reads_as_words() {
        let blur = Op::Blur { sigma: 1.5, kernel: 3 };
        let ops =
            vec![Op::crop(3, 4, 12, 20), Op::Flip, Op::Contrast(1.31), Op::Hue(0.05), Op::Grayscale, blur];
        let recipe = Recipe { size: (32, 32), ops };
        let words = "crop 12x20+3+4, flip, contrast 1.31, hue +0.050, grayscale, blur 1.50 (3 wide)";
        assert_eq!(recipe.to_string(), words);
    }

    #[test]
    fn what_changes_nothing_has_no_sign_and_no_turn() {
        let recipe = |ops| Recipe { size: (8, 8), ops }.to_string();
        assert_eq!(
            recipe(vec![Op::QuarterTurns(0), Op::Hue(-0.0001), Op::QuarterTurns(1)]),
            "hue +0.000, turn 90°"
        );
        assert_eq!(recipe(vec![Op::QuarterTurns(0)]), "as it is");
    }

    #[test]
    fn an_empty_recipe_says_so() {
        assert_eq!(Recipe::default().to_string(), "as it is");
    }
}
