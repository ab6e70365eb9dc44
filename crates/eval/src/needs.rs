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
}

impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Features => "features",
            Self::Layers => "the feature maps of an encoder",
            Self::Network => "an encoder",
        })
    }
}
