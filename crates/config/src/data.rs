//! `[data]`: where the images come from.

use std::fmt;
use std::path::PathBuf;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::background::Background;
use crate::color_space::ColorSpace;
use crate::problems::Problems;

/// Where the images come from, and how they are normalised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// The data set.
    ///
    /// Range: `cifar10`, `cifar100`, `stl10`, `fashion-mnist`, `folder`, `pack`, `synthetic`
    pub name: DataName,
    /// Needed by `folder`, which reads the images below it, and by `pack`, whose file it is; relative to the folder in
    /// which the command runs.
    ///
    /// Range: a path
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<PathBuf>,
    /// Train on this many images only, an equal fraction of each class where all have one, chosen by the seed; all
    /// where it is left out, or with `"all"`, which undoes the number of a base.
    ///
    /// Range: `train.batch` to the images there are, `"all"`
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "all_or_count")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "subset_schema"))]
    pub subset: Option<usize>,
    /// For `stl10` only: whether its 100,000 images without a label are trained on beside the 5,000 with one; default
    /// `false`.
    ///
    /// Range: `true`, `false`
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unlabelled: bool,
    /// What to do about an image that cannot be decoded. `refuse`, the default everywhere, stops and names it; `skip`
    /// leaves it out, and lists it in `summary.json` and on the report. Only a `folder` may have `skip`.
    ///
    /// Range: `refuse`, `skip`
    #[serde(default)]
    pub unreadable: Unreadable,
    /// For `folder` only: the fraction of each class, rounded, that becomes the test split of a folder with classes but
    /// none; never all of a class. A note names the classes without test images.
    ///
    /// Range: above 0, below 1
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holdout: Option<f64>,
    /// For `folder` only, where alpha is no channel: the colour that transparent images are laid over; default `"white"`.
    /// A note counts such images.
    ///
    /// Range: `"white"`, `"black"`, `"#rrggbb"`, or `[red, green, blue]` from 0 to 255
    #[serde(default, skip_serializing_if = "usual_background")]
    pub background: Option<Background>,
    /// Needed by `synthetic`: `{ train, test, classes, size }`, images drawn on the fly.
    ///
    /// Range: `train` at least `train.batch`, `test` from 1, `classes` 2 to 15, `size` 8 to 1,024 pixels
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub synthetic: Option<Synthetic>,
    /// The space in which images of three channels are normalised, after they were augmented in RGB; default `"rgb"`.
    /// `lab` is CIE L*a*b* under D65 (L* 0 to 100, a* and b* about -110 to 100), `ycbcr` is BT.601 (Y 16 to 235, Cb and Cr
    /// 16 to 240).
    ///
    /// Range: `rgb`, `lab`, `ycbcr`
    #[serde(default, skip_serializing_if = "usual_space")]
    pub color_space: Option<ColorSpace>,
    /// Mean of each channel, in the units of `color_space`. How many numbers there are says what an image has: 1 gray,
    /// 2 gray and alpha, 3 red, green and blue, 4 these and alpha.
    ///
    /// Range: one to four numbers, 0 to 1 in RGB
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 4)))]
    pub mean: Vec<f64>,
    /// Standard deviation of each channel, in the units of `color_space`.
    ///
    /// Range: as many numbers as `mean` has, above 0, at most 1 in RGB
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 4)))]
    pub std: Vec<f64>,
}

/// The data sets that Kontrast knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum DataName {
    /// 50,000 and 10,000 images of 32 pixels, ten classes (Krizhevsky 2009).
    Cifar10,
    /// The same with a hundred classes.
    Cifar100,
    /// 5,000 and 8,000 images of 96 pixels, ten classes, and 100,000 images without labels (Coates et al. 2011).
    Stl10,
    /// 60,000 and 10,000 gray images of 28 pixels, ten classes (Xiao et al. 2017).
    FashionMnist,
    /// The images below `data.root`.
    Folder,
    /// The file `data.root`, written by `pack`.
    Pack,
    /// Drawn shapes, for tests: no network needed.
    Synthetic,
}

impl DataName {
    /// Those that can be fetched.
    pub const FETCHED: [Self; 4] = [Self::Cifar10, Self::Cifar100, Self::Stl10, Self::FashionMnist];

    /// The name as a file writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cifar10 => "cifar10",
            Self::Cifar100 => "cifar100",
            Self::Stl10 => "stl10",
            Self::FashionMnist => "fashion-mnist",
            Self::Folder => "folder",
            Self::Pack => "pack",
            Self::Synthetic => "synthetic",
        }
    }
}

/// What to do about an image that cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Unreadable {
    /// Stop, and name it.
    #[default]
    Refuse,
    /// Leave it out, and name and count it.
    Skip,
}

/// Size of the synthetic data set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Synthetic {
    /// Training images.
    pub train: usize,
    /// Test images.
    pub test: usize,
    /// Classes, kinds of shape: 2 to 15.
    pub classes: usize,
    /// Width and height in pixels: 8 to 1024.
    pub size: usize,
}

/// White is what is written by leaving it out, so that a run keeps its digest whether or not it says so.
#[expect(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "what serde calls it with")]
fn usual_background(background: &Option<Background>) -> bool {
    background.unwrap_or_default() == Background::default()
}

/// RGB is written by leaving it out, as white is.
#[expect(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "what serde calls it with")]
fn usual_space(space: &Option<ColorSpace>) -> bool {
    space.unwrap_or_default() == ColorSpace::Rgb
}

/// A number of images, or `"all"`.
#[cfg(feature = "schema")]
fn subset_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "anyOf": [{ "type": "integer", "minimum": 1 }, { "const": "all" }] })
}

/// A number of images, or `"all"`.
fn all_or_count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<usize>, D::Error> {
    struct Count;
    impl Visitor<'_> for Count {
        type Value = Option<usize>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number, 0 or above, or \"all\"")
        }

        fn visit_i64<E: Error>(self, count: i64) -> Result<Self::Value, E> {
            let wrong = || E::invalid_value(serde::de::Unexpected::Signed(count), &self);
            usize::try_from(count).map(Some).map_err(|_| wrong())
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            if text == "all" {
                Ok(None)
            } else {
                Err(E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
        }
    }
    deserializer.deserialize_any(Count)
}

impl Data {
    /// Channels of an image: 1 gray, 2 gray and alpha, 3 RGB, 4 RGB and alpha.
    pub fn channels(&self) -> usize {
        self.mean.len()
    }

    /// The number of training images, where the file itself says it, with its key.
    pub(crate) fn declared_images(&self) -> Option<(&'static str, usize)> {
        let drawn = self.synthetic.as_ref().map(|synthetic| ("data.synthetic.train", synthetic.train));
        self.subset.map(|count| ("data.subset", count)).or(drawn)
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        self.check_channels(problems);
        let fitting = !self.unlabelled || self.name == DataName::Stl10;
        let only = "false, since only data.name = \"stl10\" has images without labels apart";
        problems.require(fitting, "data.unlabelled", &self.unlabelled, only);
        self.check_folder(problems);
        self.check_synthetic(problems);
    }

    fn check_channels(&self, problems: &mut Problems) {
        let (channels, space) = (self.channels(), self.color_space.unwrap_or_default());
        let expected =
            "a number for each channel: 1 of gray, 2 of gray with alpha, 3 of RGB, 4 of RGB with alpha";
        problems.require((1..=4).contains(&channels), "data.mean", &self.mean, expected);
        let expected = format!("as many numbers as data.mean has, {channels}: one a channel");
        problems.require(self.std.len() == channels, "data.std", &self.std, &expected);
        let expected = "rgb, or 3 numbers in data.mean: only images of three channels have another space";
        let fits = space == ColorSpace::Rgb || channels == 3;
        problems.require(fits, "data.color_space", &space.as_str(), expected);
        let largest = space.largest_std();
        let inside =
            |(channel, mean): (usize, &f64)| (space.range(channel).0..=space.range(channel).1).contains(mean);
        problems.require(self.mean.iter().enumerate().all(inside), "data.mean", &self.mean, &space.means());
        let inside = self.std.iter().all(|std| *std > 0.0 && *std <= largest);
        let expected = format!("numbers above 0, at most {largest}");
        problems.require(inside, "data.std", &self.std, &expected);
    }

    fn check_folder(&self, problems: &mut Problems) {
        let folder = self.name == DataName::Folder;
        let only = "no such key, since only data.name = \"folder\" reads it";
        let pack = self.name == DataName::Pack;
        match &self.root {
            None if folder => {
                problems.missing("data.root", "the folder of images, for data.name = \"folder\"");
            }
            None if pack => problems.missing("data.root", "the packed file, for data.name = \"pack\""),
            Some(root) if !folder && !pack => {
                let only = "no such key, since only data.name = \"folder\" and \"pack\" read it";
                problems.require(false, "data.root", root, only);
            }
            _ => {}
        }
        let skipping = self.unreadable == Unreadable::Skip;
        problems.require(folder || !skipping, "data.unreadable", &"skip", only);
        if let Some(background) = &self.background {
            problems.require(folder, "data.background", &background.to_string(), only);
            let expected = "no such key, since alpha is a channel of the images and nothing is laid over";
            let flat = !self.channels().is_multiple_of(2);
            problems.require(flat, "data.background", &background.to_string(), expected);
        }
        if let Some(holdout) = self.holdout {
            let between = holdout > 0.0 && holdout < 1.0;
            problems.require(between, "data.holdout", &holdout, "a fraction above 0 and below 1");
            problems.require(folder, "data.holdout", &holdout, only);
        }
    }

    fn check_synthetic(&self, problems: &mut Problems) {
        let wanted = self.name == DataName::Synthetic;
        let Some(Synthetic { train, test, classes, size }) = &self.synthetic else {
            if wanted {
                let table = "a table with train, test, classes and size, for data.name = \"synthetic\"";
                problems.missing("data.synthetic", table);
            }
            return;
        };
        if !wanted {
            let only = "no such table, since only data.name = \"synthetic\" reads it; take it out, or extend a file without \
                        it, such as one of configs/base";
            problems.require(false, "data.synthetic", &"a table", only);
            return;
        }
        problems.require(*test >= 1, "data.synthetic.test", test, "at least 1");
        // Five shapes with three fills each is all that can be drawn.
        problems.require((2..=15).contains(classes), "data.synthetic.classes", classes, "2 to 15");
        problems.require((8..=1024).contains(size), "data.synthetic.size", size, "8 to 1024 pixels");
        if let Some(subset) = self.subset {
            let at_most = format!("at most data.synthetic.train = {train}");
            problems.require(subset <= *train, "data.subset", &subset, &at_most);
        }
    }
}
