//! An opened data set: what to train on and what to score on.

use std::sync::Arc;

use crate::channels::InChannels;
use crate::dataset::{Dataset, Labelled};
use crate::error::DataError;
use crate::subset::Subset;

/// An opened data set.
#[derive(Clone)]
pub struct Splits {
    /// What to train on.
    pub train: Split,
    /// What to score on, where there are labels.
    pub test: Option<Arc<dyn Labelled>>,
    /// Images beside the training images that have captions and no labels.
    pub captioned: Option<Arc<dyn Dataset>>,
    /// What a person should know, such as skipped images.
    pub notes: Vec<String>,
    /// Files that cannot be decoded and were left out, each with the reason.
    pub skipped: Vec<String>,
}

/// Images, with labels or without.
#[derive(Clone)]
pub enum Split {
    /// Classes are known.
    Labelled(Arc<dyn Labelled>),
    /// Images only.
    Unlabelled(Arc<dyn Dataset>),
    /// Classes are known of some only.
    Partly {
        /// All images.
        images: Arc<dyn Dataset>,
        /// Those with a class.
        labelled: Arc<dyn Labelled>,
    },
}

impl Splits {
    /// Images to train on, with those that scores are of.
    pub(crate) fn new(train: Split, test: Option<Arc<dyn Labelled>>) -> Self {
        Self { train, test, captioned: None, notes: Vec::new(), skipped: Vec::new() }
    }

    /// The same images, in so many channels.
    pub(crate) fn in_channels(self, channels: usize) -> Self {
        let train = match self.train {
            Split::Labelled(images) => Split::Labelled(Arc::new(InChannels::new(images, channels))),
            Split::Unlabelled(images) => Split::Unlabelled(Arc::new(InChannels::new(images, channels))),
            Split::Partly { images, labelled } => Split::Partly {
                images: Arc::new(InChannels::new(images, channels)),
                labelled: Arc::new(InChannels::new(labelled, channels)),
            },
        };
        let test = self.test.map(|images| Arc::new(InChannels::new(images, channels)) as Arc<dyn Labelled>);
        let captioned =
            self.captioned.map(|images| Arc::new(InChannels::new(images, channels)) as Arc<dyn Dataset>);
        Self { train, test, captioned, ..self }
    }
}

impl Split {
    /// The images, without regard to labels.
    pub fn images(&self) -> Arc<dyn Dataset> {
        match self {
            Self::Labelled(images) => Arc::clone(images) as Arc<dyn Dataset>,
            Self::Unlabelled(images) | Self::Partly { images, .. } => Arc::clone(images),
        }
    }

    /// The images with their labels, where there are some: all images, or those with a class.
    pub fn labelled(&self) -> Option<Arc<dyn Labelled>> {
        match self {
            Self::Labelled(images) | Self::Partly { labelled: images, .. } => Some(Arc::clone(images)),
            Self::Unlabelled(_) => None,
        }
    }

    /// So many of the images, an equal fraction of each class where the classes of all are known.
    pub(crate) fn subset(self, count: usize, seed: u64) -> Result<Self, DataError> {
        Ok(match self {
            Self::Labelled(images) => Self::Labelled(Arc::new(Subset::balanced(images, count, seed)?)),
            Self::Unlabelled(images) => Self::Unlabelled(Arc::new(Subset::random(images, count, seed)?)),
            Self::Partly { images, labelled } => {
                Self::Partly { images: Arc::new(Subset::random(images, count, seed)?), labelled }
            }
        })
    }
}
