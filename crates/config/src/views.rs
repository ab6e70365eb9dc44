//! `[views]`: how views are drawn from an image.

use serde::{Deserialize, Serialize};

use crate::problems::Problems;

/// The family of views. One variant is named, as in `[views.simclr]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Views {
    /// Two views drawn alike (Chen et al. 2020, arXiv 2002.05709, appendix A).
    Simclr(SimclrViews),
}

/// The views of SimCLR; the transforms mean what torchvision's of the same names mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimclrViews {
    /// Width and height of a view in pixels.
    pub size: usize,
    /// Share of the image's area that a crop covers: least and largest.
    pub crop_scale: [f64; 2],
    /// Width over height of a crop: least and largest.
    pub crop_ratio: [f64; 2],
    /// Probability of a horizontal flip.
    pub flip: f64,
    /// Multiplies the four amounts of `jitter` (`s` in the paper).
    pub strength: f64,
    /// Colour jitter.
    pub jitter: Jitter,
    /// Probability of losing the colour.
    pub grayscale: f64,
    /// Gaussian blur; none where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blur: Option<Blur>,
    /// Solarisation; none where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solarize: Option<Solarize>,
}

/// Colour jitter: 0.4 draws a factor from 0.6 to 1.4; a hue of 0.1 turns by -0.1 to 0.1 of the circle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jitter {
    /// Probability that any of the four is applied.
    pub probability: f64,
    /// Amount for brightness.
    pub brightness: f64,
    /// Amount for contrast.
    pub contrast: f64,
    /// Amount for saturation.
    pub saturation: f64,
    /// Amount for hue, at most 0.5 once multiplied by the strength.
    pub hue: f64,
}

/// Gaussian blur.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blur {
    /// Probability that a view is blurred.
    pub probability: f64,
    /// Least and largest standard deviation in pixels.
    pub sigma: [f64; 2],
    /// Width of the kernel in pixels: odd.
    pub kernel: usize,
}

/// Solarisation: values of at least the threshold are inverted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Solarize {
    /// Probability that a view is solarised.
    pub probability: f64,
    /// Threshold, of values between 0 and 1.
    pub threshold: f64,
}

impl Views {
    /// The variant's name as a file writes it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Simclr(_) => "simclr",
        }
    }

    /// Width and height of a view in pixels.
    pub fn size(&self) -> usize {
        match self {
            Self::Simclr(views) => views.size,
        }
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        match self {
            Self::Simclr(views) => views.check(problems),
        }
    }
}

impl SimclrViews {
    fn check(&self, problems: &mut Problems) {
        problems.require(self.size >= 8, "views.simclr.size", &self.size, "at least 8 pixels");
        let [least, largest] = self.crop_scale;
        problems.require(
            0.0 < least && least <= largest && largest <= 1.0,
            "views.simclr.crop_scale",
            &self.crop_scale,
            "the smaller share first, above 0 and at most 1",
        );
        ordered(problems, "views.simclr.crop_ratio", self.crop_ratio);
        problems.probability("views.simclr.flip", self.flip);
        problems.not_negative("views.simclr.strength", self.strength);
        self.jitter.check(self.strength, problems);
        problems.probability("views.simclr.grayscale", self.grayscale);
        if let Some(blur) = &self.blur {
            blur.check(self.size, problems);
        }
        if let Some(Solarize { probability, threshold }) = self.solarize {
            problems.probability("views.simclr.solarize.probability", probability);
            let inside = (0.0..=1.0).contains(&threshold);
            problems.require(inside, "views.simclr.solarize.threshold", &threshold, "0 to 1");
        }
    }
}

impl Jitter {
    fn check(&self, strength: f64, problems: &mut Problems) {
        problems.probability("views.simclr.jitter.probability", self.probability);
        problems.not_negative("views.simclr.jitter.brightness", self.brightness);
        problems.not_negative("views.simclr.jitter.contrast", self.contrast);
        problems.not_negative("views.simclr.jitter.saturation", self.saturation);
        let turn = self.hue * strength;
        problems.require(
            (0.0..=0.5).contains(&turn),
            "views.simclr.jitter.hue",
            &self.hue,
            &format!("0 to 0.5 once multiplied by views.simclr.strength = {strength}"),
        );
    }
}

impl Blur {
    fn check(&self, size: usize, problems: &mut Problems) {
        problems.probability("views.simclr.blur.probability", self.probability);
        ordered(problems, "views.simclr.blur.sigma", self.sigma);
        problems.require(
            self.kernel % 2 == 1 && self.kernel / 2 < size,
            "views.simclr.blur.kernel",
            &self.kernel,
            &format!("an odd number below twice views.simclr.size = {size}"),
        );
    }
}

fn ordered(problems: &mut Problems, key: &str, range: [f64; 2]) {
    let [least, largest] = range;
    let holds = 0.0 < least && least <= largest && largest.is_finite();
    problems.require(holds, key, &range, "the smaller number first, both above 0");
}
