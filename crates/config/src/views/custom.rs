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
#[allow(missing_docs, reason = "the last paragraph of a step describes its fields")]
pub enum Transform {
    /// Crop: the largest box in the middle of the view's proportions, resized.
    Fit,
    /// The short side gets so many pixels; a crop comes next.
    ///
    /// Range: `short`: 1 to 8,192 pixels
    Resize { short: usize },
    /// Crop: the middle, not resized; black beside a smaller image.
    CentreCrop,
    /// Crop: a box anywhere, not resized, with so many pixels of black on each side first; an image that is still too
    /// small has black on its right and below it.
    ///
    /// Range: `padding`: 0 to the view's size (the longer side), pixels
    RandomCrop { padding: usize },
    /// Crop: a box of random area and proportions, resized.
    ///
    /// Range: `scale`: pair, fraction of the image's area, above 0; `ratio`: pair, width over height, above 0;
    /// `antialias`: `true` where it is left out, `false`
    RandomResizedCrop {
        scale: [f64; 2],
        ratio: [f64; 2],
        #[serde(default = "antialiased")]
        antialias: bool,
    },
    /// Always a mirror image.
    HorizontalFlip,
    /// Always upside down.
    VerticalFlip,
    /// No, one, two or three quarter turns, of square views only.
    QuarterTurns,
    /// The four in random order; 0.4 draws a factor from 0.6 to 1.4.
    ///
    /// Range: `brightness`, `contrast`, `saturation`: 0 or above; `hue`: 0 to 0.5 of the circle, drawn from its
    /// negative to itself; `saturation` and `hue` are 0 for gray images
    ColorJitter { brightness: f64, contrast: f64, saturation: f64, hue: f64 },
    /// No colour; not of gray images.
    Grayscale,
    /// A blur.
    ///
    /// Range: `sigma`: pair, 0.01 to 1,000 pixels; `kernel`: its width in pixels, odd, below twice the view's shorter
    /// side
    GaussianBlur { sigma: [f64; 2], kernel: usize },
    /// Inverts the values from the threshold on.
    ///
    /// Range: `threshold`: a value
    Solarize { threshold: f64 },
    /// Fewer levels.
    ///
    /// Range: `bits` of a channel that stay: 0 to 8
    Posterize { bits: u8 },
    /// Spreads the values of each channel until all are equally frequent.
    Equalize,
    /// The negative of each channel.
    Invert,
    /// Stretches each channel from 0 to 1.
    Autocontrast,
    /// 0 is blurred, 1 as it is, 2 sharper.
    ///
    /// Range: `factor`: pair, 0 or above
    Sharpness { factor: [f64; 2] },
    /// Turns counter-clockwise; black comes in from outside, as in the next two.
    ///
    /// Range: `degrees`: pair, -360° to 360°; `sampling`
    Rotate { degrees: [f64; 2], sampling: Sampling },
    /// Moves by whole pixels, in either direction.
    ///
    /// Range: `fraction`: no pair but `[across, down]`, the most of the view's width and of its height; `sampling`
    Translate { fraction: [f64; 2], sampling: Sampling },
    /// Moves by whole pixels, in either direction; its mirror image comes in from outside.
    ///
    /// Range: `most`: 0 to one less than the view's size (the shorter side), pixels
    ReflectTranslate { most: usize },
    /// Slants about the upper left corner as AutoAugment does; above 0 the lower rows move to the left, the right
    /// columns upwards.
    ///
    /// Range: `x`, `y`: a pair each, -89° to 89°; `sampling`
    Shear { x: [f64; 2], y: [f64; 2], sampling: Sampling },
    /// Fills a box of random area and proportions.
    ///
    /// Range: `scale`: pair, fraction of the view's area, above 0; `ratio`: pair, height over width, above 0; `filling`
    Erase { scale: [f64; 2], ratio: [f64; 2], filling: Filling },
    /// Fills a square about a random pixel.
    ///
    /// Range: `side`: 1 to the view's size (the longer side), pixels; `filling`
    Cutout { side: usize, filling: Filling },
    /// Noise on every value.
    ///
    /// Range: `std`: 0 or above, of values from 0 to 1
    GaussianNoise { std: f64 },
    /// How steep each channel is.
    Sobel,
    /// Moves each colour on its own, in either direction; not of gray images.
    ///
    /// Range: `most`: 0 to the view's size (the shorter side), pixels
    ShiftChannels { most: usize },
    /// One colour stays, noise of this fraction of its standard deviation replaces the others; not of gray images.
    ///
    /// Range: `fraction`: 0 or above
    DropChannels { fraction: f64 },
    /// Operations drawn anew for each image, as in RandAugment (Cubuk et al. 2019, arXiv 1909.13719).
    ///
    /// Range: `count` of operations: 0 to 16; `magnitude`: 0 to 30; `sampling`
    RandAugment { count: usize, magnitude: usize, sampling: Sampling },
    /// The policy that was learned on a data set, as in AutoAugment (Cubuk et al. 2018, arXiv 1805.09501).
    ///
    /// Range: `policy`: `"cifar10"` or `"imagenet"`; `sampling`
    AutoAugment { policy: Policy, sampling: Sampling },
    /// All of these or none.
    ///
    /// Range: `probability`: 0 to 1; `steps`: one at least
    RandomApply { probability: f64, steps: Vec<Transform> },
    /// One of these.
    ///
    /// Range: `weight`: 0 or above, one of them above 0; `step`
    OneOf(Vec<WeightedTransform>),
    /// One after another.
    ///
    /// Range: one step at least
    Sequence(Vec<Transform>),
    /// One after another, drawn alike for all views of an image.
    ///
    /// Range: one step at least
    Shared(Vec<Transform>),
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
            count(problems, &format!("{key}.count"), 1, list.count);
            list.size.check(&format!("{key}.size"), problems);
            list.check_steps(&key, problems);
        }
    }
}
