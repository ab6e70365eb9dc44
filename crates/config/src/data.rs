//! `[data]`: where the images come from.

use std::fmt;
use std::path::PathBuf;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::background::Background;
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
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::schema::subset"))]
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
    /// For `folder` only: the colour that transparent images are laid over; default `"white"`. A note counts such
    /// images.
    ///
    /// Range: `"white"`, `"black"`, `"#rrggbb"`, or `[red, green, blue]` from 0 to 255
    #[serde(default, skip_serializing_if = "usual_background")]
    pub background: Option<Background>,
    /// Needed by `synthetic`: `{ train, test, classes, size }`, images drawn on the fly.
    ///
    /// Range: `train` at least `train.batch`, `test` from 1, `classes` 2 to 15, `size` 8 to 1,024 pixels
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub synthetic: Option<Synthetic>,
    /// Mean of each channel, of values between 0 and 1.
    ///
    /// Range: three numbers, 0 to 1
    pub mean: [f64; 3],
    /// Standard deviation of each channel.
    ///
    /// Range: three numbers, above 0, at most 1
    pub std: [f64; 3],
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
    /// The number of training images, where the file itself says it, with its key.
    pub(crate) fn declared_images(&self) -> Option<(&'static str, usize)> {
        let drawn = self.synthetic.as_ref().map(|synthetic| ("data.synthetic.train", synthetic.train));
        self.subset.map(|count| ("data.subset", count)).or(drawn)
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        let inside = self.mean.iter().all(|mean| (0.0..=1.0).contains(mean));
        problems.require(inside, "data.mean", &self.mean, "three numbers from 0 to 1");
        let inside = self.std.iter().all(|std| *std > 0.0 && *std <= 1.0);
        problems.require(inside, "data.std", &self.std, "three numbers above 0, at most 1");
        let fitting = !self.unlabelled || self.name == DataName::Stl10;
        let only = "false, since only data.name = \"stl10\" has images without labels apart";
        problems.require(fitting, "data.unlabelled", &self.unlabelled, only);
        self.check_folder(problems);
        self.check_synthetic(problems);
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
