//! `data.color_space`: what the three channels of an image mean to the network.

use serde::{Deserialize, Serialize};

/// The space in which images are normalised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ColorSpace {
    /// Bytes as values from 0 to 1.
    #[default]
    Rgb,
    /// CIE L*a*b* under D65 (CMC, Tian et al. 2019, arXiv 1906.05849): L* from 0 to 100, a* and b* about 0.
    Lab,
    /// ITU-R BT.601: Y from 16 to 235, Cb and Cr from 16 to 240.
    Ycbcr,
}

impl ColorSpace {
    /// The name as a file writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rgb => "rgb",
            Self::Lab => "lab",
            Self::Ycbcr => "ycbcr",
        }
    }

    /// What the mean of each channel may be, in words.
    pub(crate) fn means(self) -> String {
        let ((low, high), (low1, high1)) = (self.range(0), self.range(1));
        match self {
            Self::Lab => format!("L* from {low} to {high}, a* and b* from {low1} to {high1}"),
            Self::Rgb | Self::Ycbcr => format!("numbers from {low} to {high}"),
        }
    }

    /// The largest standard deviation that is no slip.
    pub(crate) fn largest_std(self) -> f64 {
        (0..3).map(|channel| self.range(channel).1).fold(0.0, f64::max)
    }

    /// Least and largest value of a channel.
    pub(crate) fn range(self, channel: usize) -> (f64, f64) {
        match (self, channel) {
            (Self::Rgb, _) => (0.0, 1.0),
            (Self::Lab, 0) => (0.0, 100.0),
            (Self::Lab, _) => (-128.0, 128.0),
            (Self::Ycbcr, _) => (0.0, 255.0),
        }
    }
}
