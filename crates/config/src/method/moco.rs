//! `[method.moco]`: MoCo v1, v2, v2+ (He et al. 2019, arXiv 1911.05722; Chen et al. 2020, arXiv 2003.04297).

use serde::{Deserialize, Serialize};

use super::checks::{longer_than_the_images, whole_batches};
use super::{ComparedViews, Head, MethodInfo, MethodSpec, Momentum, Surroundings};
use crate::Train;
use crate::pairs::Others;
use crate::problems::Problems;

/// MoCo v1, v2 and v2+: a query attracts the key of its image, and a queue of earlier keys repels it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Moco {
    /// Divides the similarities.
    ///
    /// Range: above 0
    pub temperature: f64,
    /// `{ base, final }`, the fraction of itself that the momentum encoder keeps at a step: `base` at the first,
    /// `final` at the last, half a cosine between.
    ///
    /// Range: each 0 to 1
    pub momentum: Momentum,
    /// Keys of earlier batches.
    ///
    /// Range: a multiple of `train.batch`; of twice that with `moco.symmetric`
    pub queue: usize,
    /// Whether both views are queries in turn (v2+), or the first alone.
    ///
    /// Range: `true`, `false`
    pub symmetric: bool,
    /// Splits of the batch that batch norm sees one at a time; keys are shuffled between them, so that no query finds
    /// its key by their common statistics. 1 is ordinary batch norm.
    ///
    /// Range: divides `train.batch` (`train.chunk` where there is one), with two images or more a split
    pub bn_splits: u32,
    /// The head on the encoder: `{ widths, batch_norm }`.
    ///
    /// Range: as a head, below
    pub projector: Head,
}

impl MethodSpec for Moco {
    fn check(&self, key: &str, around: Surroundings<'_>, problems: &mut Problems) {
        let train = around.train;
        if around.is_shared {
            let expected = "1: the tasks share one encoder, which sees whole batches";
            problems.require(self.bn_splits == 1, &format!("{key}.bn_splits"), &self.bn_splits, expected);
        }
        problems.positive(&format!("{key}.temperature"), self.temperature);
        self.momentum.check(&format!("{key}.momentum"), problems);
        whole_batches(&format!("{key}.queue"), self.queue, train.batch, problems);
        let batch = train.batch.max(1);
        // A queue that is no multiple of the batch is a problem already.
        if self.symmetric && self.queue.is_multiple_of(batch) {
            let expected = format!(
                "a multiple of twice train.batch = {}: with {key}.symmetric both views are keys",
                train.batch
            );
            let both = self.queue.is_multiple_of(2 * batch);
            problems.require(both, &format!("{key}.queue"), &self.queue, &expected);
        }
        let splits = self.bn_splits as usize;
        // What goes through the network at once is split.
        let (at_once, images) =
            train.chunk.map_or(("train.batch", train.batch), |chunk| ("train.chunk", chunk));
        let fits = splits >= 1 && images.is_multiple_of(splits) && images / splits.max(1) >= 2;
        let expected = format!("a divisor of {at_once} = {images} that leaves two images or more a split");
        problems.require(fits, &format!("{key}.bn_splits"), &splits, &expected);
        self.projector.check(&format!("{key}.projector"), problems);
    }

    fn notes(&self, key: &str, images: usize, _train: &Train) -> Vec<String> {
        longer_than_the_images(
            key,
            self.queue,
            images,
            "an image meets its own earlier keys among its negatives",
        )
    }

    fn info(&self) -> MethodInfo {
        MethodInfo { others: &Others::ALL, ..MethodInfo::of(ComparedViews::Pair) }
    }
}
