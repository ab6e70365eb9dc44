//! `[method.clip]`: contrastive language-image pre-training (Radford et al. 2021, arXiv 2103.00020).

use serde::{Deserialize, Serialize};

use super::{ComparedViews, MethodInfo, MethodSpec, Surroundings};
use crate::pairs::Others;
use crate::problems::Problems;

/// CLIP: an image and what is said of it attract each other, other texts and other images repel. `[texts]` and `[text_encoder]` say
/// what reads the texts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ImageText {
    /// Values of an embedding of an image or a text; 512 in the paper's ViT-B.
    ///
    /// Range: 1 or above
    pub dimension: u32,
    /// Divides the similarities at first and is learned from there, 0.01 at least; 0.07 in the paper.
    ///
    /// Range: 0.01 or above
    pub temperature: f64,
}

impl MethodSpec for ImageText {
    fn check(&self, key: &str, around: Surroundings<'_>, problems: &mut Problems) {
        problems.require(
            self.dimension >= 1,
            &format!("{key}.dimension"),
            &self.dimension,
            "at least 1 value",
        );
        let warm = self.temperature >= 0.01 && self.temperature.is_finite();
        problems.require(warm, &format!("{key}.temperature"), &self.temperature, "0.01 or above");
        if around.is_shared {
            problems.require(false, key, &"a task", "a method of its own: texts belong to a whole training");
        }
    }

    fn info(&self) -> MethodInfo {
        let after_views =
            "The encoder sees them as they are, and the text encoder the image's text.".to_owned();
        let others = &Others::ALL;
        MethodInfo { others, after_views, ..MethodInfo::of(ComparedViews::BesideText) }
    }
}
