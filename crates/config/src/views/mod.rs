//! `[views]`: how views are drawn from an image.

mod amdim;
mod colourless;
mod crops;
mod custom;
mod distortions;
mod pair;
mod papers;
mod plain;
mod simclr;
mod size;
mod steps;

pub use amdim::{AmdimCrop, AmdimViews};
pub use crops::{Crops, DinoViews, SwavViews};
pub use custom::{CustomViews, Filling, Policy, Sampling, Transform, ViewList, WeightedTransform};
pub use distortions::{Blur, Finish, Jitter, Solarize};
pub use pair::PairViews;
pub use plain::{Crop, IdentityViews, RandAugment, SupervisedViews};
pub use simclr::SimclrViews;
pub(crate) use size::LEAST_PIXELS;
pub use size::ViewSize;

use crate::problems::Problems;
use serde::{Deserialize, Serialize};

/// The plan of the views. One variant is named, as in `[views.simclr]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Views {
    /// Two, drawn alike (Chen et al. 2020, arXiv 2002.05709, appendix A).
    ///
    /// Steps: crop, flip, jitter, grayscale, blur, solarize.
    Simclr(SimclrViews),
    /// Two, drawn alike, in the order of MoCo's published code (He et al. 2019, arXiv 1911.05722).
    ///
    /// Steps: crop, grayscale, jitter, flip, blur, solarize.
    Mocov1(SimclrViews),
    /// Two, drawn alike (Chen et al. 2020, arXiv 2003.04297, section 3).
    ///
    /// Steps: as `simclr`.
    Mocov2(SimclrViews),
    /// Two that differ in blur and solarisation (Grill et al. 2020, arXiv 2006.07733, appendix B).
    ///
    /// Steps: crop, flip, jitter, grayscale, then `first` or `second`.
    Byol(PairViews),
    /// Two, as BYOL's (Bardes et al. 2021, arXiv 2105.04906, appendix).
    ///
    /// Steps: as `byol`.
    Vicreg(PairViews),
    /// `global.count` large ones, then `local.count` small ones (Caron et al. 2020, arXiv 2006.09882, appendix A).
    ///
    /// Steps: as `simclr`, without solarize.
    Swav(SwavViews),
    /// Two large ones that differ, then `local.count` small ones (Caron et al. 2021, arXiv 2104.14294, section 3).
    ///
    /// Steps: as `byol`, ending in `first`, `second` or `others`.
    Dino(DinoViews),
    /// Two, turned to the same side, and otherwise drawn alike (Bachman et al. 2019, arXiv 1906.00910, section 4.1).
    ///
    /// Steps: `crop`, one flip for both, jitter, grayscale.
    Amdim(AmdimViews),
    /// `count`, drawn alike, with the distortions of supervised training.
    ///
    /// Steps: `crop`, flip, RandAugment, AutoAugment.
    Supervised(SupervisedViews),
    /// `count`, all of them the image.
    ///
    /// Steps: the largest box in the middle, resized.
    Identity(IdentityViews),
    /// Those of its lists.
    ///
    /// Steps: those of each list, below.
    Custom(CustomViews),
}

impl Views {
    /// The variant's name as a file writes it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Simclr(_) => "simclr",
            Self::Mocov1(_) => "mocov1",
            Self::Mocov2(_) => "mocov2",
            Self::Byol(_) => "byol",
            Self::Vicreg(_) => "vicreg",
            Self::Swav(_) => "swav",
            Self::Dino(_) => "dino",
            Self::Amdim(_) => "amdim",
            Self::Supervised(_) => "supervised",
            Self::Identity(_) => "identity",
            Self::Custom(_) => "custom",
        }
    }

    /// The size of each view of an image, in the order of the views.
    pub fn sizes(&self) -> Vec<ViewSize> {
        match self {
            Self::Simclr(views) | Self::Mocov1(views) | Self::Mocov2(views) => vec![views.size; 2],
            Self::Byol(views) | Self::Vicreg(views) => vec![views.size; 2],
            Self::Swav(views) => crops::sizes(&views.global, &views.local),
            Self::Dino(views) => crops::sizes(&views.global, &views.local),
            Self::Amdim(views) => vec![views.size; 2],
            Self::Supervised(views) => vec![views.size; views.count],
            Self::Identity(views) => vec![views.size; views.count],
            Self::Custom(views) => views.sizes(),
        }
    }

    /// The size of the first view: evaluation sees images of that size.
    pub fn size(&self) -> ViewSize {
        self.sizes().first().copied().unwrap_or(0.into())
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        let key = format!("views.{}", self.name());
        match self {
            Self::Simclr(views) | Self::Mocov1(views) | Self::Mocov2(views) => views.check(&key, problems),
            Self::Byol(views) | Self::Vicreg(views) => views.check(&key, problems),
            Self::Swav(views) => views.check(&key, problems),
            Self::Dino(views) => views.check(&key, problems),
            Self::Amdim(views) => views.check(&key, problems),
            Self::Supervised(views) => views.check(&key, problems),
            Self::Identity(views) => views.check(&key, problems),
            Self::Custom(views) => views.check(&key, problems),
        }
    }
}
