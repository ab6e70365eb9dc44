//! `eval.zero_shot` and `eval.captions`: what texts and images find of each other.

use serde::{Deserialize, Serialize};

use super::some_each_once;
use super::spec::ProtocolSpec;
use crate::Encoder;
use crate::problems::Problems;
use crate::texts::check_prompts;

/// Classes told by what is said of them (CLIP, Radford et al. 2021, arXiv 2103.00020, section 3.1): an image is of the class whose
/// prompts are nearest to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ZeroShot {
    /// What is said of a class, with `{}` where its name stands; a class is the mean of its prompts' embeddings.
    ///
    /// Range: at least one sentence, each with one `{}`
    pub prompts: Vec<String>,
}

impl ProtocolSpec for ZeroShot {
    fn check(&self, _encoder: &Encoder, problems: &mut Problems) {
        let key = "eval.zero_shot.prompts";
        let some = some_each_once(&self.prompts);
        problems.require(some, key, &self.prompts, "at least one prompt, each once");
        check_prompts(key, &self.prompts, problems);
    }

    fn scores(&self) -> Vec<String> {
        vec!["zero_shot".to_owned()]
    }
}

/// How often an image finds its caption among those of all test images, and a caption its image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Captions {
    /// Among how many of the nearest it is looked for.
    ///
    /// Range: at least one, each from 1 and once
    pub ks: Vec<usize>,
}

impl ProtocolSpec for Captions {
    fn check(&self, _encoder: &Encoder, problems: &mut Problems) {
        let some = some_each_once(&self.ks) && self.ks.iter().all(|k| *k >= 1);
        problems.require(some, "eval.captions.ks", &self.ks, "at least one number, each at least 1 and once");
    }

    fn scores(&self) -> Vec<String> {
        vec!["captions".to_owned()]
    }
}
