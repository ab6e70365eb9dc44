//! `[data]`: where the images come from.

use std::fmt;
use std::path::PathBuf;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::background::Background;
use crate::channel_values::ChannelValues;
use crate::color_space::ColorSpace;
use crate::pairs::Pairs;
use crate::problems::Problems;
use crate::scans::{Percentiles, Scans, Window};
use crate::synthetic::{Synthetic, SyntheticVideo};

/// The most channels that an image has.
const MOST_CHANNELS: usize = 256;

/// The most channels that are a picture; more are bands, which are neither colours nor alpha.
pub(crate) const MOST_COLOURS: usize = 4;

/// Where the images come from, and how they are normalised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// The data set.
    ///
    /// Range: `cifar10`, `cifar100`, `stl10`, `fashion-mnist`, `folder`, `csv`, `frames`, `scans`, `pack`, `synthetic`, `synthetic-video`
    pub name: DataName,
    /// Needed by `folder`, `frames` and `scans`, which read the images below it, and by `csv` and `pack`, whose file it is; relative to
    /// the folder in which the command runs.
    ///
    /// Range: a path
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<PathBuf>,
    /// Train on this many images only, an equal fraction of each class where all have one, chosen by the seed; all
    /// where it is left out, or with `"all"`, which undoes the number of a base. Groups (of a `csv`, clips) stay whole: as many as
    /// fit.
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
    /// For `folder` only: images that are left out, by patterns of their paths below `root` as in `"**/thumbs/**"`; one
    /// without `/`, as `"*.gif"`, is of the file's name. `*` is any part of a name, `?` a letter, `**` any folders. A note
    /// says how many each leaves out.
    ///
    /// Range: a list of patterns
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// What to do about an image that cannot be decoded. `refuse`, the default everywhere, stops and names it; `skip`
    /// leaves it out, and lists it in `summary.json` and on the report. Only `folder`, `frames`, `scans` and `csv` may have `skip`.
    ///
    /// Range: `refuse`, `skip`
    #[serde(default)]
    pub unreadable: Unreadable,
    /// For `folder`, `frames`, `scans` and `csv` only: the fraction of each class, rounded, that becomes the test split of images with classes
    /// but none; never all of a class. Groups (of a `csv`, clips) stay on one side. A note names the classes without test images.
    ///
    /// Range: above 0, below 1
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holdout: Option<f64>,
    /// For `folder`, `frames` and `csv` only, where alpha is no channel: the colour that transparent images are laid over; default `"white"`.
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
    /// Needed by `synthetic-video`: `{ clips, frames, test, classes, size }`, frames of moving shapes, drawn on the fly.
    ///
    /// Range: `clips` and `test` from 1, `frames` 2 to 1,000 of each, `classes` 2 to 15, `size` 8 to 1,024 pixels
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub synthetic_video: Option<SyntheticVideo>,
    /// For `folder`, `frames`, `scans` and `csv` only: windows `{ centre, width }` of gray values of any range, such as those of 16
    /// bits or HU, a channel each; what lies below a window is black, what lies above it white.
    ///
    /// Range: 1, 3 or 5 to 8 windows of a width above 0
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<Window>,
    /// In place of `windows`: from which percentile to which, `{ low, high }`, the values of each image, or of each volume of
    /// `scans`, go from black to white.
    ///
    /// Range: 1, 3 or 5 to 8 of `low` from 0 and below `high`, at most 100
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub percentiles: Vec<Percentiles>,
    /// Needed by `scans`: what is made of DICOM and NIfTI files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scans: Option<Scans>,
    /// Which images belong together and what they are to each other: `{ from, others }`; without it each stands for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pairs: Option<Pairs>,
    /// The space in which images of three channels are normalised, after they were augmented in RGB; default `"rgb"`.
    /// `lab` is CIE L*a*b* under D65 (L* 0 to 100, a* and b* about -110 to 100), `ycbcr` is BT.601 (Y 16 to 235, Cb and Cr
    /// 16 to 240).
    ///
    /// Range: `rgb`, `lab`, `ycbcr`
    #[serde(default, skip_serializing_if = "usual_space")]
    pub color_space: Option<ColorSpace>,
    /// Mean of each channel, in the units of `color_space`. How many numbers there are says what an image has: 1 gray,
    /// 2 gray and alpha, 3 red, green and blue, 4 these and alpha, more of bands. `"measured"` takes mean and std of the training images
    /// themselves, once, when a run begins.
    ///
    /// Range: 1 to 256 numbers, 0 to 1 in RGB, or `"measured"`
    pub mean: ChannelValues,
    /// Standard deviation of each channel, in the units of `color_space`; left out where `mean` is `"measured"`.
    ///
    /// Range: as many numbers as `mean` has, above 0, at most 1 in RGB, or `"measured"`
    #[serde(default, skip_serializing_if = "ChannelValues::is_measured")]
    pub std: ChannelValues,
    /// For `mean = "measured"` only: what an image has, as the length of `mean` says it otherwise; default 3.
    ///
    /// Range: 1 to 256
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<usize>,
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
    /// The images below `data.root`, a folder or a tar or zip archive, or a folder of such archives.
    Folder,
    /// The images that the file `data.root` names: columns `image`, and `label`, `group` and `split` where there are such.
    Csv,
    /// The clips below `data.root`: a folder of frames each, or an animated GIF, APNG or WebP file.
    Frames,
    /// Slices of the DICOM and NIfTI files below `data.root`.
    Scans,
    /// The file `data.root`, written by `pack`.
    Pack,
    /// Drawn shapes, for tests: no network needed.
    Synthetic,
    /// Clips of moving shapes, which are drawn too.
    SyntheticVideo,
}

impl DataName {
    /// Those that can be fetched.
    pub const FETCHED: [Self; 4] = [Self::Cifar10, Self::Cifar100, Self::Stl10, Self::FashionMnist];

    /// Whether its images may come in groups.
    pub fn has_groups(self) -> bool {
        matches!(self, Self::Csv | Self::Frames | Self::Scans | Self::SyntheticVideo)
    }

    /// Whether its images are the user's own, at `data.root`.
    fn has_root(self) -> bool {
        matches!(self, Self::Folder | Self::Frames | Self::Scans | Self::Csv | Self::Pack)
    }

    /// The name as a file writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cifar10 => "cifar10",
            Self::Cifar100 => "cifar100",
            Self::Stl10 => "stl10",
            Self::FashionMnist => "fashion-mnist",
            Self::Folder => "folder",
            Self::Csv => "csv",
            Self::Frames => "frames",
            Self::Scans => "scans",
            Self::Pack => "pack",
            Self::Synthetic => "synthetic",
            Self::SyntheticVideo => "synthetic-video",
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
    /// Channels of an image: 1 gray, 2 gray and alpha, 3 RGB, 4 RGB and alpha, or more bands.
    pub fn channels(&self) -> usize {
        self.mean.given().map_or(self.channels.unwrap_or(3), <[f64]>::len)
    }

    /// Mean and std as numbers; none where they are still to be measured.
    pub fn normalization(&self) -> Option<(&[f64], &[f64])> {
        self.mean.given().zip(self.std.given())
    }

    /// The same with mean and std that were measured.
    #[must_use]
    pub fn normalized_by(self, mean: Vec<f64>, std: Vec<f64>) -> Self {
        Self { mean: ChannelValues::Given(mean), std: ChannelValues::Given(std), channels: None, ..self }
    }

    /// The number of training images, where the file itself says it, with its key.
    pub(crate) fn declared_images(&self) -> Option<(&'static str, usize)> {
        let drawn = self.synthetic.as_ref().map(|synthetic| ("data.synthetic.train", synthetic.train));
        let filmed = self
            .synthetic_video
            .as_ref()
            .map(|video| ("data.synthetic_video.clips", video.clips * video.frames));
        self.subset.map(|count| ("data.subset", count)).or(drawn).or(filmed)
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        self.check_channels(problems);
        let fitting = !self.unlabelled || self.name == DataName::Stl10;
        let only = "false, since only data.name = \"stl10\" has images without labels apart";
        problems.require(fitting, "data.unlabelled", &self.unlabelled, only);
        self.check_root(problems);
        self.check_files(problems);
        self.check_levels(problems);
        self.check_scans(problems);
        self.check_synthetic(problems);
        self.check_synthetic_video(problems);
    }

    fn check_channels(&self, problems: &mut Problems) {
        let (channels, space) = (self.channels(), self.color_space.unwrap_or_default());
        let expected = "rgb, or 3 numbers in data.mean: only images of three channels have another space";
        let fits = space == ColorSpace::Rgb || channels == 3;
        problems.require(fits, "data.color_space", &space.as_str(), expected);
        let known = (1..=MOST_CHANNELS).contains(&channels);
        let Some(mean) = self.mean.given() else {
            problems.require(known, "data.channels", &channels, "1 to 256");
            self.check_bands("data.channels", channels, problems);
            let expected = "\"measured\" as data.mean is, or left out; or give data.mean numbers too";
            problems.require(self.std.is_measured(), "data.std", &self.std, expected);
            return;
        };
        let expected = "a number for each channel: 1 of gray, 2 of gray with alpha, 3 of RGB, 4 of RGB with alpha, up to 256 of bands";
        problems.require(known, "data.mean", &mean, expected);
        self.check_bands("data.mean", mean.len(), problems);
        if let Some(channels) = self.channels {
            let expected = "no such key, since the numbers of data.mean say how many there are";
            problems.require(false, "data.channels", &channels, expected);
        }
        let largest = space.largest_std();
        let inside =
            |(channel, mean): (usize, &f64)| (space.range(channel).0..=space.range(channel).1).contains(mean);
        problems.require(mean.iter().enumerate().all(inside), "data.mean", &mean, &space.means());
        let Some(std) = self.std.given() else {
            problems.missing("data.std", &format!("{channels} numbers, as many as data.mean has"));
            return;
        };
        let expected = format!("as many numbers as data.mean has, {channels}: one a channel");
        problems.require(std.len() == channels, "data.std", &std, &expected);
        let inside = std.iter().all(|std| *std > 0.0 && *std <= largest);
        let expected = format!("numbers above 0, at most {largest}");
        problems.require(inside, "data.std", &std, &expected);
    }

    /// Only the user's own files have bands.
    fn check_bands(&self, key: &str, channels: usize, problems: &mut Problems) {
        let own = self.name.has_root();
        let expected = "1 to 4 channels, since only data.name = \"folder\", \"frames\", \"scans\", \"csv\" and \"pack\" have more";
        problems.require(own || channels <= MOST_COLOURS, key, &format_args!("{channels}"), expected);
    }

    fn check_root(&self, problems: &mut Problems) {
        let what = match self.name {
            DataName::Folder => "the folder of images, for data.name = \"folder\"",
            DataName::Frames => "the folder of clips, for data.name = \"frames\"",
            DataName::Scans => "the folder of scans, for data.name = \"scans\"",
            DataName::Csv => "the file that names the images, for data.name = \"csv\"",
            DataName::Pack => "the packed file, for data.name = \"pack\"",
            _ => {
                if let Some(root) = &self.root {
                    let only = "no such key, since only data.name = \"folder\", \"frames\", \"scans\", \"csv\" and \"pack\" read it";
                    problems.require(false, "data.root", root, only);
                }
                return;
            }
        };
        if self.root.is_none() {
            problems.missing("data.root", what);
        }
    }

    fn check_files(&self, problems: &mut Problems) {
        let files = self.name.has_root() && self.name != DataName::Pack;
        let only =
            "no such key, since only data.name = \"folder\", \"frames\", \"scans\" and \"csv\" read it";
        let skipping = self.unreadable == Unreadable::Skip;
        problems.require(files || !skipping, "data.unreadable", &"skip", only);
        if let Some(background) = &self.background {
            let only = "no such key, since only data.name = \"folder\", \"frames\" and \"csv\" read it";
            let pictures = files && self.name != DataName::Scans;
            problems.require(pictures, "data.background", &background.to_string(), only);
            let expected = "no such key, since alpha is a channel of the images and nothing is laid over";
            let flat = ![2, 4].contains(&self.channels());
            problems.require(flat, "data.background", &background.to_string(), expected);
        }
        if let Some(holdout) = self.holdout {
            let between = holdout > 0.0 && holdout < 1.0;
            problems.require(between, "data.holdout", &holdout, "a fraction above 0 and below 1");
            problems.require(files, "data.holdout", &holdout, only);
        }
        let folder = self.name == DataName::Folder || self.exclude.is_empty();
        let only = "no such key, since only data.name = \"folder\" reads it";
        problems.require(folder, "data.exclude", &self.exclude, only);
        for (place, pattern) in self.exclude.iter().enumerate() {
            if let Err(error) = glob::Pattern::new(pattern) {
                let expected = format!(
                    "a pattern such as \"**/thumbs/**\" or \"*.gif\": {} at letter {}",
                    error.msg, error.pos
                );
                problems.require(false, &format!("data.exclude[{place}]"), pattern, &expected);
            }
            let relative = !pattern.is_empty() && !pattern.starts_with('/') && !pattern.starts_with("./");
            let expected = "a pattern of paths below data.root, which begin with no / and no ./";
            problems.require(relative, &format!("data.exclude[{place}]"), pattern, expected);
        }
    }
}
