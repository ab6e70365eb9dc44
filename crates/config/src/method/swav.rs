//! `[method.swav]`: SwAV (Caron et al. 2020, arXiv 2006.09882).

use serde::{Deserialize, Serialize};

use super::checks::{before_the_end, several, some_layer, whole_batches};
use super::{ComparedViews, Head, MethodInfo, MethodSpec, Surroundings};
use crate::Train;
use crate::problems::Problems;

/// SwAV: one view's prototypes are predicted from another's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Swav {
    /// Divides the scores of the prediction.
    ///
    /// Range: above 0
    pub temperature: f64,
    /// How soft the codes are: the entropy's weight in the assignment.
    ///
    /// Range: above 0
    pub epsilon: f64,
    /// Rounds of Sinkhorn and Knopp's algorithm.
    ///
    /// Range: 1 or above
    pub iterations: u32,
    /// How many prototypes there are.
    ///
    /// Range: 2 or above
    pub prototypes: u32,
    /// First steps in which the prototypes stay as they are.
    ///
    /// Range: 0 or above
    pub frozen_steps: u64,
    /// `{ length, from_epoch }`: embeddings of each large view that are assigned along, from that epoch on, counted
    /// from 0.
    ///
    /// Range: `length` a multiple of `train.batch`; `from_epoch` 1 or above, below `train.epochs`
    pub queue: Option<SwavQueue>,
    /// The head on the encoder: `{ widths, batch_norm }`.
    ///
    /// Range: as a head, below
    pub projector: Head,
}

/// SwAV's queue, for batches that are small beside the number of prototypes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SwavQueue {
    /// Embeddings of each large view.
    pub length: usize,
    /// The epoch from which they take part, counted from 0; not the first, in which the queue is filled.
    pub from_epoch: u32,
}

impl MethodSpec for Swav {
    fn check(&self, key: &str, around: Surroundings<'_>, problems: &mut Problems) {
        let train = around.train;
        problems.positive(&format!("{key}.temperature"), self.temperature);
        problems.positive(&format!("{key}.epsilon"), self.epsilon);
        problems.require(
            self.iterations >= 1,
            &format!("{key}.iterations"),
            &self.iterations,
            "at least 1 round",
        );
        several(key, self.prototypes, problems);
        if let Some(queue) = &self.queue {
            whole_batches(&format!("{key}.queue.length"), queue.length, train.batch, problems);
            let from = queue.from_epoch;
            let expected = "1 or above: at first the queue holds random directions";
            let from_key = format!("{key}.queue.from_epoch");
            problems.require(from >= 1, &from_key, &from, expected);
            before_the_end(&from_key, from, "the queue takes part from there on", train, problems);
        }
        some_layer(key, &self.projector, problems);
    }

    fn notes(&self, key: &str, images: usize, train: &Train) -> Vec<String> {
        let steps = images as u64 / train.batch as u64 * u64::from(train.epochs);
        let frozen = self.frozen_steps;
        let text =
            || format!("{key}.frozen_steps = {frozen} of {steps} steps: the prototypes are never trained");
        (frozen >= steps).then(text).into_iter().collect()
    }

    fn info(&self) -> MethodInfo {
        MethodInfo::of(ComparedViews::PairAndMore)
    }
}
