//! `[encoder]`: the network that is trained.

use serde::{Deserialize, Serialize};

use crate::problems::Problems;

/// The encoder. One variant is named, as in `[encoder.resnet18]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoder {
    /// ResNet-18 (He et al. 2015, arXiv 1512.03385): basic blocks, 2 2 2 2.
    Resnet18(Resnet),
    /// ResNet-34: basic blocks, 3 4 6 3.
    Resnet34(Resnet),
    /// ResNet-50: bottleneck blocks, 3 4 6 3.
    Resnet50(Resnet),
}

/// What the residual networks share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resnet {
    /// The first layers.
    pub stem: Stem,
    /// Channels of the first stage: 64 in the paper.
    pub width: u32,
}

/// The first layers of a ResNet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stem {
    /// 3x3 convolution of stride 1, no pooling (SimCLR, appendix B.9): for images of about 32 pixels.
    Cifar,
    /// 7x7 convolution of stride 2, then max-pooling.
    Imagenet,
}

impl Stem {
    /// The name as a file writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cifar => "cifar",
            Self::Imagenet => "imagenet",
        }
    }
}

impl Encoder {
    /// The variant's name as a file writes it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Resnet18(_) => "resnet18",
            Self::Resnet34(_) => "resnet34",
            Self::Resnet50(_) => "resnet50",
        }
    }

    /// What the variants share.
    pub fn resnet(&self) -> &Resnet {
        match self {
            Self::Resnet18(resnet) | Self::Resnet34(resnet) | Self::Resnet50(resnet) => resnet,
        }
    }

    /// Stages whose maps can be read, shallow to deep.
    pub fn stages(&self) -> usize {
        match self {
            Self::Resnet18(_) | Self::Resnet34(_) | Self::Resnet50(_) => 4,
        }
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        let width = self.resnet().width;
        let key = format!("encoder.{}.width", self.name());
        problems.require(width >= 1, &key, &width, "at least 1 channel");
    }
}
