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

    /// What means may be, in words, and the largest standard deviation.
    pub(crate) fn means(self) -> (&'static str, f64) {
        match self {
            Self::Rgb => ("numbers from 0 to 1", 1.0),
            Self::Lab => ("L* from 0 to 100, a* and b* from -128 to 128", 128.0),
            Self::Ycbcr => ("numbers from 0 to 255", 255.0),
        }
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
