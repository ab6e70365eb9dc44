//! What a protocol reads of a subject.

use std::fmt;

/// What a protocol reads of a subject; each has what stands before it, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Needs {
    /// Features of both splits.
    Features,
    /// Feature maps after single stages, of the images themselves.
    Layers,
    /// The encoder, of which a protocol may train a copy.
    Network,
    /// The projector that stood on it in training.
    Projector,
    /// What embeds texts where the projector's embeddings lie.
    Texts,
}

impl Needs {
    /// What to do where a subject has less.
    pub(crate) fn hint(self) -> &'static str {
        match self {
            Self::Features | Self::Layers | Self::Network => {
                "make it of an encoder with its images (Subject::new)"
            }
            Self::Projector => {
                "score a run whose method has a projector of one layer or more; none is read of a file, or of several tasks \
                 that share an encoder"
            }
            Self::Texts => "score a run whose method reads texts, such as [method.clip]",
        }
    }
}

impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Features => "features",
            Self::Layers => "the feature maps of an encoder",
            Self::Network => "an encoder",
            Self::Projector => "an encoder with its projector",
            Self::Texts => "an encoder with a text encoder beside it",
        })
    }
}
