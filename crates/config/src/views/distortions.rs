//! Colour jitter, blur and solarisation, which the named plans share.

use super::size::ViewSize;
use crate::problems::Problems;
use serde::{Deserialize, Serialize};

/// Colour jitter: 0.4 draws a factor from 0.6 to 1.4; a hue of 0.1 turns by -0.1 to 0.1 of the circle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Jitter {
    /// Probability that the colours are jittered; the four come in random order.
    ///
    /// Range: 0 to 1
    pub probability: f64,
    /// Amount for brightness: 0.4 draws a factor from 0.6 to 1.4.
    ///
    /// Range: 0 or above
    pub brightness: f64,
    /// Amount for contrast: 0.4 draws a factor from 0.6 to 1.4.
    ///
    /// Range: 0 or above
    pub contrast: f64,
    /// Amount for saturation: 0.4 draws a factor from 0.6 to 1.4.
    ///
    /// Range: 0 or above
    pub saturation: f64,
    /// Amount for hue: 0.1 turns it by -0.1 to 0.1 of the circle.
    ///
    /// Range: 0 to 0.5 once multiplied by `strength`
    pub hue: f64,
}

/// Gaussian blur.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Solarize {
    /// Probability that a view is solarised.
    pub probability: f64,
    /// Threshold, of values between 0 and 1.
    pub threshold: f64,
}

/// What comes last in one view and not in another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Finish {
    /// Gaussian blur; none where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blur: Option<Blur>,
    /// Solarisation; none where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solarize: Option<Solarize>,
}

impl Finish {
    pub(super) fn check(&self, size: ViewSize, key: &str, problems: &mut Problems) {
        if let Some(blur) = &self.blur {
            blur.check(size, key, problems);
        }
        if let Some(solarize) = &self.solarize {
            solarize.check(key, problems);
        }
    }
}

impl Solarize {
    pub(super) fn check(&self, key: &str, problems: &mut Problems) {
        problems.probability(&format!("{key}.solarize.probability"), self.probability);
        let inside = (0.0..=1.0).contains(&self.threshold);
        problems.require(inside, &format!("{key}.solarize.threshold"), &self.threshold, "0 to 1");
    }
}

impl Jitter {
    pub(super) fn check(&self, strength: f64, key: &str, problems: &mut Problems) {
        problems.probability(&format!("{key}.jitter.probability"), self.probability);
        problems.not_negative(&format!("{key}.jitter.brightness"), self.brightness);
        problems.not_negative(&format!("{key}.jitter.contrast"), self.contrast);
        problems.not_negative(&format!("{key}.jitter.saturation"), self.saturation);
        let turn = self.hue * strength;
        problems.require(
            (0.0..=0.5).contains(&turn),
            &format!("{key}.jitter.hue"),
            &self.hue,
            &format!("0 to 0.5 once multiplied by {key}.strength = {strength}"),
        );
    }
}

impl Blur {
    pub(super) fn check(&self, size: ViewSize, key: &str, problems: &mut Problems) {
        problems.probability(&format!("{key}.blur.probability"), self.probability);
        sigma(problems, &format!("{key}.blur.sigma"), self.sigma);
        kernel(problems, &format!("{key}.blur.kernel"), self.kernel, size);
    }
}

/// Standard deviations of a blur: below the least it changes nothing, beyond the largest it leaves nothing.
pub(super) fn sigma(problems: &mut Problems, key: &str, sigma: [f64; 2]) {
    least_first(problems, key, sigma, (0.01, 1000.0), "pixels");
}

/// Reflection at the border needs more pixels than half the kernel.
pub(super) fn kernel(problems: &mut Problems, key: &str, kernel: usize, size: ViewSize) {
    let expected = format!("an odd number below twice {}", size.shorter_in_words());
    problems.require(kernel % 2 == 1 && kernel / 2 < size.shorter(), key, &kernel, &expected);
}

/// A smaller and a larger number, both inside.
pub(super) fn least_first(
    problems: &mut Problems,
    key: &str,
    range: [f64; 2],
    (from, to): (f64, f64),
    unit: &str,
) {
    let holds = from <= range[0] && range[0] <= range[1] && range[1] <= to;
    let expected = format!("the smaller number first, both from {from} to {to} {unit}");
    problems.require(holds, key, &range, &expected);
}

pub(super) fn ordered(problems: &mut Problems, key: &str, range: [f64; 2]) {
    let [least, largest] = range;
    let holds = 0.0 < least && least <= largest && largest.is_finite();
    problems.require(holds, key, &range, "the smaller number first, both above 0");
}

/// Flip, jitter at its strength, and grayscale: what every plan of a paper has between its crop and its end.
pub(super) fn colours(
    problems: &mut Problems,
    key: &str,
    flip: f64,
    (jitter, strength): (&Jitter, f64),
    grayscale: f64,
) {
    problems.probability(&format!("{key}.flip"), flip);
    problems.not_negative(&format!("{key}.strength"), strength);
    jitter.check(strength, key, problems);
    problems.probability(&format!("{key}.grayscale"), grayscale);
}

/// Fractions of an image's area.
pub(super) fn fractions(problems: &mut Problems, key: &str, found: [f64; 2]) {
    let [least, largest] = found;
    problems.require(
        0.0 < least && least <= largest && largest <= 1.0,
        key,
        &found,
        "the smaller fraction first, above 0 and at most 1",
    );
}

/// A number of views.
pub(super) fn count(problems: &mut Problems, key: &str, least: usize, count: usize) {
    let expected = format!("{least} to {MOST_VIEWS} views");
    problems.require((least..=MOST_VIEWS).contains(&count), key, &count, &expected);
}

/// More views of an image than any paper has: a larger number is a slip.
const MOST_VIEWS: usize = 64;
