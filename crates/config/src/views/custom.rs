//! Free lists of transforms.

use super::distortions::count;
use super::size::ViewSize;
use crate::problems::Problems;
use serde::{Deserialize, Serialize};

/// Views by their lists of transforms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CustomViews {
    /// Lists: `[[views.custom.view]]` with `count`, `size`, `steps`.
    ///
    /// Range: below
    pub view: Vec<ViewList>,
}

/// Views that are drawn alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ViewList {
    /// How many.
    pub count: usize,
    /// Pixels on either side, or `[height, width]`: 8 to 8,192 each.
    pub size: ViewSize,
    /// What may be done, in this order; a crop first, or `resize` and then a crop.
    pub steps: Vec<Transform>,
}

/// One transform. Ranges are least and largest; a number that is not in the file is not drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/config.md describes each; the keys are those of kontrast_augment::Step")]
pub enum Transform {
    Fit,
    Resize {
        short: usize,
    },
    CentreCrop,
    RandomCrop {
        padding: usize,
    },
    RandomResizedCrop {
        scale: [f64; 2],
        ratio: [f64; 2],
        #[serde(default = "antialiased")]
        antialias: bool,
    },
    HorizontalFlip,
    VerticalFlip,
    QuarterTurns,
    ColorJitter {
        brightness: f64,
        contrast: f64,
        saturation: f64,
        hue: f64,
    },
    Grayscale,
    GaussianBlur {
        sigma: [f64; 2],
        kernel: usize,
    },
    Solarize {
        threshold: f64,
    },
    Posterize {
        bits: u8,
    },
    Equalize,
    Invert,
    Autocontrast,
    Sharpness {
        factor: [f64; 2],
    },
    Rotate {
        degrees: [f64; 2],
        sampling: Sampling,
    },
    Translate {
        fraction: [f64; 2],
        sampling: Sampling,
    },
    Shear {
        x: [f64; 2],
        y: [f64; 2],
        sampling: Sampling,
    },
    Erase {
        scale: [f64; 2],
        ratio: [f64; 2],
        filling: Filling,
    },
    Cutout {
        side: usize,
        filling: Filling,
    },
    GaussianNoise {
        std: f64,
    },
    Sobel,
    ShiftChannels {
        most: usize,
    },
    DropChannels {
        fraction: f64,
    },
    RandAugment {
        count: usize,
        magnitude: usize,
        sampling: Sampling,
    },
    AutoAugment {
        policy: Policy,
        sampling: Sampling,
    },
    RandomApply {
        probability: f64,
        steps: Vec<Transform>,
    },
    OneOf(Vec<WeightedTransform>),
    Sequence(Vec<Transform>),
}

/// What may be chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct WeightedTransform {
    /// How often, beside the other weights.
    pub weight: f64,
    /// What.
    pub step: Transform,
}

/// How a value between pixels is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Sampling {
    /// The nearest pixel.
    Nearest,
    /// Blended from the four around.
    Bilinear,
}

/// Which data set AutoAugment's policy was learned on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// CIFAR-10.
    Cifar10,
    /// ImageNet.
    Imagenet,
}

/// What an erased box is filled with.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Filling {
    /// One value, 0 to 1.
    Value(f64),
    /// Noise, drawn anew for each view.
    Noise,
}

fn antialiased() -> bool {
    true
}

impl CustomViews {
    pub(super) fn sizes(&self) -> Vec<ViewSize> {
        self.view.iter().flat_map(|list| vec![list.size; list.count]).collect()
    }

    pub(super) fn check(&self, key: &str, problems: &mut Problems) {
        let key = format!("{key}.view");
        problems.require(!self.view.is_empty(), &key, &self.view, "at least one view");
        for (index, list) in self.view.iter().enumerate() {
            let key = format!("{key}[{index}]");
            count(problems, &format!("{key}.count"), list.count);
            list.size.check(&format!("{key}.size"), problems);
            list.check_steps(&key, problems);
        }
    }
}
