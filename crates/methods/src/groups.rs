//! The groups of a data set's images, such as the frames of a clip: what a loss makes of them.

use kontrast_config as config;
use kontrast_losses::{Groups, Others};
use std::collections::HashMap;
use std::sync::Arc;
use tch::{Device, Tensor};

/// The group of every image of a data set, and what the others of its group are to an image in a loss. Only what is made
/// with them sees them: they are no part of a batch.
#[derive(Clone, Debug)]
pub struct ImageGroups {
    by_image: Arc<[i64]>,
    others: Others,
}

impl ImageGroups {
    /// Images with the same number show the same thing.
    pub fn new(by_image: &[u64], others: Others) -> Self {
        let mut known = HashMap::new();
        let mut number = |group: &u64| {
            let next = known.len() as i64;
            *known.entry(*group).or_insert(next)
        };
        Self { by_image: by_image.iter().map(&mut number).collect(), others }
    }

    /// As an experiment says it of `[data.pairs]`; none where the others of a group are as those of other groups are.
    pub fn of_config(by_image: &[u64], others: config::Others) -> Option<Self> {
        let others = match others {
            config::Others::Ignore => Others::Ignored,
            config::Others::Positive => Others::Positive,
            config::Others::Negative => return None,
        };
        Some(Self::new(by_image, others))
    }

    /// Of some images.
    pub(crate) fn of(&self, indices: &[u32], device: Device) -> BatchGroups {
        let numbers: Vec<_> = indices.iter().map(|&index| self.by_image[index as usize]).collect();
        BatchGroups { of: Tensor::from_slice(&numbers).to_device(device), numbers, others: self.others }
    }

    /// Of all images, `[images]`, i64, on the CPU.
    pub(crate) fn all(&self) -> Tensor {
        Tensor::from_slice(&self.by_image)
    }
}

/// The groups of a batch's images.
pub(crate) struct BatchGroups {
    /// In the order of the batch.
    pub(crate) numbers: Vec<i64>,
    /// The same on the device of the embeddings.
    pub(crate) of: Tensor,
    others: Others,
}

impl BatchGroups {
    /// As losses take them.
    pub(crate) fn for_loss(&self) -> Groups<'_> {
        Groups { of: &self.of, others: self.others }
    }

    /// Whether the others of a group are no candidates.
    pub(crate) fn are_ignored(&self) -> bool {
        self.others == Others::Ignored
    }
}
