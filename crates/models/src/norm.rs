//! What stands after each convolution of a ResNet: batch norm, group norm, or nothing.

use crate::batch_norm::BatchNorm;
use crate::layers::Like;
use crate::{GroupNorm, Mode};
use serde::{Deserialize, Serialize};
use tch::{Tensor, nn};

/// The norm of a ResNet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Norm {
    /// Each channel by its mean and variance over the batch.
    #[default]
    Batch,
    /// Each image by its mean and variance over all channels and pixels ([`GroupNorm`]).
    Group,
    /// None.
    None,
}

impl Norm {
    /// Whether it is batch norm, which a stored shape leaves out.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out a reference")]
    pub(crate) fn is_batch(&self) -> bool {
        *self == Self::Batch
    }
}

/// A norm with its variables.
#[derive(Debug)]
pub(crate) enum NormLayer {
    Batch(BatchNorm),
    Group(GroupNorm),
    None,
}

impl NormLayer {
    /// Of `width` channels, with PyTorch's names.
    pub(crate) fn new(path: &nn::Path<'_>, width: i64, norm: Norm, like: Like) -> Self {
        match norm {
            Norm::Batch => Self::Batch(BatchNorm::new(path, width, like.bn_splits)),
            Norm::Group => Self::Group(GroupNorm::new(path, width)),
            Norm::None => Self::None,
        }
    }

    /// Of `x`, `[n, width, h, w]`.
    pub(crate) fn forward(&self, x: &Tensor, mode: Mode) -> Tensor {
        match self {
            Self::Batch(norm) => norm.forward(x, mode),
            Self::Group(norm) => norm.forward(x),
            Self::None => x.shallow_clone(),
        }
    }

    /// Another handle on the same variables.
    pub(crate) fn handle(&self) -> Self {
        match self {
            Self::Batch(norm) => Self::Batch(norm.handle()),
            Self::Group(norm) => Self::Group(norm.handle()),
            Self::None => Self::None,
        }
    }
}
