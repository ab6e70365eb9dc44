//! `[method.exemplar]`: exemplars (Dosovitskiy et al. 2014, arXiv 1406.6909).

use serde::{Deserialize, Serialize};

use super::{ComparedViews, Head, MethodInfo, MethodSpec, Pretext, Surroundings};
use crate::problems::Problems;

/// Exemplars: which image a view is of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Exemplar {
    /// Images that are a class each, at most; of a larger data set so many are chosen by the seed and trained on.
    ///
    /// Range: `train.batch` or above
    pub classes: usize,
    /// Between encoder and classifier, with ReLU after its last layer too.
    ///
    /// Range: as a head, below
    pub projector: Head,
}

impl MethodSpec for Exemplar {
    fn check(&self, key: &str, around: Surroundings<'_>, problems: &mut Problems) {
        let train = around.train;
        let classes_key = format!("{key}.classes");
        let expected = "at least 2, for there must be something to tell apart";
        problems.require(self.classes >= 2, &classes_key, &self.classes, expected);
        let whole = self.classes < 2 || self.classes >= train.batch;
        let expected = format!("at least train.batch = {}: a class is an image", train.batch);
        problems.require(whole, &classes_key, &self.classes, &expected);
        self.projector.check(&format!("{key}.projector"), problems);
    }

    fn info(&self) -> MethodInfo {
        let after_views = "The encoder sees them as they are; each image is a class of its own, and its views belong to it.";
        let asked = "The network is asked of which training image a view is, on the left; on the right is the image that it \
                     found. Answers are the images' numbers, from 0.";
        MethodInfo {
            pretext: Some(Pretext { asked: asked.to_owned(), of_training_images: true }),
            most_images: Some(self.classes),
            over_epochs: true,
            after_views: after_views.to_owned(),
            ..MethodInfo::of(ComparedViews::AnyOfOneSize)
        }
    }
}
