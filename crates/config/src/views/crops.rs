//! Multi-crop: a few large views and several small ones, the plans of SwAV and DINO.

use super::distortions::{Blur, Finish, Jitter, colours, count, fractions, ordered};
use super::size::ViewSize;
use crate::problems::Problems;
use serde::{Deserialize, Serialize};

/// Views of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Crops {
    /// How many; 0 is no small views.
    pub count: usize,
    /// Pixels on either side, or `[height, width]`: 8 to 8,192 each.
    pub size: ViewSize,
    /// Fraction of the image's area that a crop covers: least and largest.
    pub crop_scale: [f64; 2],
}

/// SwAV: all views are distorted alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SwavViews {
    /// `{ count, size, crop_scale }` of the large and of the small views; `dino` has two large ones, and either no small ones with
    /// `count = 0`.
    ///
    /// Range: as each alone
    pub global: Crops,
    /// `{ count, size, crop_scale }` of the large and of the small views; `dino` has two large ones, and either no small ones with
    /// `count = 0`.
    ///
    /// Range: as each alone
    pub local: Crops,
    /// Width over height of a crop, least and largest.
    ///
    /// Range: above 0, the smaller first
    pub crop_ratio: [f64; 2],
    /// Probability of a horizontal flip.
    ///
    /// Range: 0 to 1
    pub flip: f64,
    /// Multiplies the four amounts of `jitter` (`s` in SimCLR's paper).
    ///
    /// Range: 0 or above
    pub strength: f64,
    /// Colour jitter.
    pub jitter: Jitter,
    /// Probability of losing the colour.
    ///
    /// Range: 0 to 1
    pub grayscale: f64,
    /// `{ probability, sigma, kernel }`; `sigma` is the least and largest standard deviation in pixels, `kernel` the
    /// width in pixels.
    ///
    /// Range: probability 0 to 1; sigma 0.01 to 1,000, the smaller first; kernel odd, below twice the view's size
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blur: Option<Blur>,
}

/// DINO: the two large views differ from each other and from the small ones in blur and solarisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DinoViews {
    /// `{ count, size, crop_scale }` of the large and of the small views; `dino` has two large ones, and either no small ones with
    /// `count = 0`.
    ///
    /// Range: as each alone
    pub global: Crops,
    /// `{ count, size, crop_scale }` of the large and of the small views; `dino` has two large ones, and either no small ones with
    /// `count = 0`.
    ///
    /// Range: as each alone
    pub local: Crops,
    /// Width over height of a crop, least and largest.
    ///
    /// Range: above 0, the smaller first
    pub crop_ratio: [f64; 2],
    /// Probability of a horizontal flip.
    ///
    /// Range: 0 to 1
    pub flip: f64,
    /// Multiplies the four amounts of `jitter` (`s` in SimCLR's paper).
    ///
    /// Range: 0 or above
    pub strength: f64,
    /// Colour jitter.
    pub jitter: Jitter,
    /// Probability of losing the colour.
    ///
    /// Range: 0 to 1
    pub grayscale: f64,
    /// `{ blur, solarize }` of that view, each *optional*.
    ///
    /// Range: as above
    pub first: Finish,
    /// `{ blur, solarize }` of that view, each *optional*.
    ///
    /// Range: as above
    pub second: Finish,
    /// `{ blur, solarize }` of that view, each *optional*.
    ///
    /// Range: as above
    pub others: Finish,
}

/// Sizes of all views, large ones first.
pub(super) fn sizes(global: &Crops, local: &Crops) -> Vec<ViewSize> {
    [global, local].iter().flat_map(|crops| vec![crops.size; crops.count]).collect()
}

impl Crops {
    fn check(&self, key: &str, least: usize, problems: &mut Problems) {
        count(problems, &format!("{key}.count"), least, self.count);
        self.size.check(&format!("{key}.size"), problems);
        fractions(problems, &format!("{key}.crop_scale"), self.crop_scale);
    }
}

impl SwavViews {
    pub(super) fn check(&self, key: &str, problems: &mut Problems) {
        self.global.check(&format!("{key}.global"), 1, problems);
        self.local.check(&format!("{key}.local"), 0, problems);
        ordered(problems, &format!("{key}.crop_ratio"), self.crop_ratio);
        colours(problems, key, self.flip, (&self.jitter, self.strength), self.grayscale);
        if let Some(blur) = &self.blur {
            let smaller = [self.global.size, self.local.size].into_iter().min_by_key(|size| size.shorter());
            blur.check(smaller.expect("two sizes"), key, problems);
        }
    }
}

impl DinoViews {
    pub(super) fn check(&self, key: &str, problems: &mut Problems) {
        self.global.check(&format!("{key}.global"), 1, problems);
        let two = self.global.count == 2;
        problems.require(
            two,
            &format!("{key}.global.count"),
            &self.global.count,
            "2: first and second describe them",
        );
        self.local.check(&format!("{key}.local"), 0, problems);
        ordered(problems, &format!("{key}.crop_ratio"), self.crop_ratio);
        colours(problems, key, self.flip, (&self.jitter, self.strength), self.grayscale);
        self.first.check(self.global.size, &format!("{key}.first"), problems);
        self.second.check(self.global.size, &format!("{key}.second"), problems);
        self.others.check(self.local.size, &format!("{key}.others"), problems);
    }
}
