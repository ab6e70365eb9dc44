//! `[method.nnclr]`: NNCLR (Dwibedi et al. 2021, arXiv 2104.14548).

use serde::{Deserialize, Serialize};

use super::checks::{longer_than_the_images, predicts, whole_batches};
use super::{ComparedViews, Head, MethodInfo, MethodSpec, Surroundings};
use crate::Train;
use crate::pairs::Others;
use crate::problems::Problems;

/// NNCLR: the positive is the nearest neighbour among the embeddings of earlier batches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Nnclr {
    /// Divides the similarities.
    ///
    /// Range: above 0
    pub temperature: f64,
    /// Embeddings of earlier batches, among which neighbours are looked for.
    ///
    /// Range: a multiple of `train.batch`
    pub queue: usize,
    /// The head on the encoder: `{ widths, batch_norm }`.
    ///
    /// Range: as a head, below
    pub projector: Head,
    /// The head on an embedding: `{ widths, batch_norm }`. Its last width is the projector's; `widths = []` is no
    /// predictor.
    ///
    /// Range: as a head, below
    pub predictor: Head,
}

impl MethodSpec for Nnclr {
    fn check(&self, key: &str, around: Surroundings<'_>, problems: &mut Problems) {
        let train = around.train;
        problems.positive(&format!("{key}.temperature"), self.temperature);
        whole_batches(&format!("{key}.queue"), self.queue, train.batch, problems);
        self.projector.check(&format!("{key}.projector"), problems);
        self.predictor.check(&format!("{key}.predictor"), problems);
        predicts(key, &self.predictor, &self.projector, problems);
    }

    fn notes(&self, key: &str, images: usize, _train: &Train) -> Vec<String> {
        longer_than_the_images(
            key,
            self.queue,
            images,
            "an image's nearest neighbour is likely itself, an epoch ago",
        )
    }

    fn info(&self) -> MethodInfo {
        MethodInfo { others: &Others::OF_ONE_POSITIVE, ..MethodInfo::of(ComparedViews::Pair) }
    }
}
