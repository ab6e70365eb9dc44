//! What may be wrong with a file that should hold encoders.

use crate::TorchFileError;
use crate::header::VERSION;
use kontrast_torch_ext::StateError;
use std::path::PathBuf;

/// What is wrong with a file that should hold encoders.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// No safetensors file, or tensors of another network.
    #[error("{}: {source}", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: StateError,
    },
    /// No file of `torch.save` that is read here.
    #[error("{}: {source}", path.display())]
    Torch {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: TorchFileError,
    },
    /// Tensors, and nothing that says of which network.
    #[error(
        "{}: expected a header that says which encoders it holds, or the tensors of a ResNet or a vision transformer under the \
         names of torchvision, timm, lightly, solo-learn or MoCo, found {tensors} tensors of something else; pass a checkpoint \
         of this version, or such a state dictionary",
        path.display()
    )]
    NoHeader {
        /// The file.
        path: PathBuf,
        /// How many tensors it holds.
        tensors: usize,
    },
    /// A header that this version does not understand.
    #[error("{}: its header is of version {found}: expected at most {VERSION}; use a newer Kontrast", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Version of its header.
        found: u64,
    },
    /// A header with something unknown in it, an architecture for one.
    #[error("{}: expected a header of version 1 to {VERSION}, found {found}; open it with the Kontrast that wrote it", path.display())]
    Header {
        /// The file.
        path: PathBuf,
        /// What cannot be read.
        found: String,
    },
    /// Several encoders, and none named.
    #[error("{}: expected one encoder that is trained, found several: {known}; name one of them as its tower", path.display())]
    Several {
        /// The file.
        path: PathBuf,
        /// Those that it holds.
        known: String,
    },
    /// Weights of another encoder.
    #[error("{}: nothing was loaded, since its {tower} does not fit: {why}", path.display())]
    Unfit {
        /// The file.
        path: PathBuf,
        /// The encoder.
        tower: String,
        /// Every difference.
        why: String,
    },
    /// No encoder of this name.
    #[error("{}: expected one of its encoders, {known}, found no {name}; name one of these", path.display())]
    Tower {
        /// The file.
        path: PathBuf,
        /// The name.
        name: String,
        /// Those that it holds.
        known: String,
    },
}
