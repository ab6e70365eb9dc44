//! What the rest of the workspace asks of a method's settings.

use serde::{Deserialize, Serialize};

use super::Permutations;
use crate::pairs::Others;
use crate::problems::Problems;
use crate::{Train, ViewSize};

/// The settings of a method: a table of the experiment file.
pub trait MethodSpec {
    /// Reports what is out of range under `key`, which names the table.
    fn check(&self, key: &str, around: Surroundings<'_>, problems: &mut Problems);

    /// Reports a view of a size that the method cannot cut into tiles or turn, under the key `of`, which names it.
    fn check_size(&self, _key: &str, (_size, _of): (ViewSize, &str), _problems: &mut Problems) {}

    /// Settings that are allowed and seldom meant, in words, where so many images are trained on.
    fn notes(&self, _key: &str, _images: usize, _train: &Train) -> Vec<String> {
        Vec::new()
    }

    /// What others need to know of it.
    fn info(&self) -> MethodInfo;
}

/// What a method's settings have to fit.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// Batch and epochs.
    pub train: &'a Train,
    /// Channels of the images.
    pub channels: usize,
    /// Whether other tasks train the same encoder.
    pub is_shared: bool,
}

/// What others need to know of a method. They ask this, and never which method it is.
#[derive(Clone, Debug, PartialEq)]
pub struct MethodInfo {
    /// Which views it compares.
    pub compared_views: ComparedViews,
    /// Whether it needs the labels of the images that it trains on.
    pub needs_labels: bool,
    /// Its pretext task, if it has one.
    pub pretext: Option<Pretext>,
    /// How what it gives back of its view is compared with it; none where it does not learn to.
    pub reconstructs: Option<PixelLoss>,
    /// In a part of a sentence, what stands below images in the picture of what it gives back.
    pub given_back: String,
    /// Fraction of its view's patches that it hides from the encoder, which has to be a vision transformer; none where the encoder
    /// sees whole views.
    pub hidden: Option<f64>,
    /// Pixels on a side of the tiles that the encoder sees; whole views where there is none.
    pub tile: Option<usize>,
    /// Whether it compares cells of the maps that AMDIM's encoder makes.
    pub compares_cells: bool,
    /// Which patches of a grid it predicts, which the encoder has to cut.
    pub predicts: Option<PredictedPatches>,
    /// The most images that it trains on, where each is a class.
    pub most_images: Option<usize>,
    /// Whether an image is compared with what earlier epochs drew of it, so that one view is enough.
    pub over_epochs: bool,
    /// What the others of an image's group may be to it; none of these where an image is compared with no others.
    pub others: &'static [Others],
    /// How its tiles are shuffled.
    pub shuffled: Option<Shuffled>,
    /// In a sentence, what becomes of the views before the encoder sees them.
    pub after_views: String,
}

/// Which patches of a grid are predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PredictedPatches {
    /// Rows to the nearest of them.
    pub nearest: usize,
    /// Rows to the farthest.
    pub farthest: usize,
    /// Whether columns are predicted too.
    pub sideways: bool,
}

/// How tiles are shuffled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shuffled {
    /// Rows of tiles, and columns.
    pub grid: u8,
    /// The permutations of them.
    pub permutations: Permutations,
}

/// A task whose answers are made with the views.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pretext {
    /// In a sentence or two, what the network is asked, and how answers are written.
    pub asked: String,
    /// Whether answers are images that were trained on: it is then asked of new views of these.
    pub of_training_images: bool,
}

impl MethodInfo {
    /// Of a method that compares these views as they are, and has nothing else to tell.
    pub fn of(compared_views: ComparedViews) -> Self {
        Self {
            compared_views,
            needs_labels: false,
            pretext: None,
            reconstructs: None,
            given_back: "below each what the decoder makes of its embedding".to_owned(),
            hidden: None,
            tile: None,
            compares_cells: false,
            predicts: None,
            most_images: None,
            over_epochs: false,
            others: &[],
            shuffled: None,
            after_views: "The encoder sees them as they are.".to_owned(),
        }
    }
}

impl MethodInfo {
    /// Whether it compares images with texts.
    pub fn reads_texts(&self) -> bool {
        self.compared_views == ComparedViews::BesideText
    }

    /// Whether it learns by making views of an image agree, so that what tells them from others' views may be a shortcut.
    pub fn makes_views_agree(&self) -> bool {
        match self.compared_views {
            ComparedViews::Slot
            | ComparedViews::Pair
            | ComparedViews::PairAndMore
            | ComparedViews::SomeOfOneSize => true,
            ComparedViews::AnyOfOneSize => self.over_epochs,
            ComparedViews::Pretext
            | ComparedViews::Halves
            | ComparedViews::Grid
            | ComparedViews::Whole
            | ComparedViews::BesideText
            | ComparedViews::Any => false,
        }
    }
}

/// How many views a method compares, and of which sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComparedViews {
    /// One, with the image's slot in a memory bank.
    Slot,
    /// One, of which a pretext task is made.
    Pretext,
    /// One, whose channels two networks part among them.
    Halves,
    /// One, whose patches predict each other.
    Grid,
    /// One, which is given back.
    Whole,
    /// One, beside the image's text.
    BesideText,
    /// Any, which are shared among tasks.
    Any,
    /// Two of one size.
    Pair,
    /// Two of one size, and any others with these.
    PairAndMore,
    /// Two or more of one size.
    SomeOfOneSize,
    /// One or more of one size, each classified.
    AnyOfOneSize,
}

impl ComparedViews {
    pub(super) fn accepts(self, sizes: &[ViewSize]) -> bool {
        let alike = sizes.windows(2).all(|pair| pair[0] == pair[1]);
        match self {
            Self::Slot | Self::Pretext | Self::Halves | Self::Grid | Self::Whole | Self::BesideText => {
                sizes.len() == 1
            }
            Self::Any => !sizes.is_empty(),
            Self::Pair => sizes.len() == 2 && alike,
            Self::PairAndMore => sizes.len() >= 2 && sizes[0] == sizes[1],
            Self::SomeOfOneSize => sizes.len() >= 2 && alike,
            Self::AnyOfOneSize => alike,
        }
    }

    /// How many, and of which sizes: "two views of one size".
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Slot | Self::Pretext | Self::Halves | Self::Grid | Self::Whole | Self::BesideText => {
                "one view"
            }
            Self::Any => "any views, of which each task names its own",
            Self::Pair => "two views of one size",
            Self::PairAndMore => "two views of one size, then any others",
            Self::SomeOfOneSize => "two or more views of one size",
            Self::AnyOfOneSize => "any number of views of one size",
        }
    }

    pub(super) fn why(self) -> &'static str {
        match self {
            Self::Slot => "compares it with the image's slot in the bank",
            Self::Pretext => "makes its task of it",
            Self::Halves => "compares what two networks make of its channels",
            Self::Grid => "predicts its patches from each other",
            Self::Whole => "gives it back",
            Self::BesideText => "compares it with the image's text",
            Self::Any => "shares them among its tasks",
            Self::Pair => "compares two",
            Self::PairAndMore => "compares the others with these two",
            Self::SomeOfOneSize => "compares all of them",
            Self::AnyOfOneSize => "classifies each",
        }
    }
}

/// How two images are compared pixel by pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum PixelLoss {
    /// The mean squared difference.
    Mse,
    /// The mean absolute difference.
    L1,
}
