//! What a text encoder is, and which there are.

use crate::{Bert, BertSpec, Init, Pass, TextTransformer, TextTransformerSpec};
use kontrast_torch_ext::{Parameter, StateDict, Texts};
use serde::{Deserialize, Serialize};
use tch::{Tensor, nn};

/// Texts become representations here.
pub trait TextEncoder: Send {
    /// Representations of texts.
    ///
    /// # Shapes
    /// - `texts`: `[n, length]`, at most as long as its spec says
    /// - returns `[n, width]`, fp32 at least
    fn forward(&self, texts: &Texts, pass: Pass<'_>) -> Tensor;

    /// Width of a representation.
    fn width(&self) -> i64;

    /// Its architecture.
    fn spec(&self) -> TextSpec;

    /// All variables under the names of its published weights, sharing memory with the encoder.
    fn variables(&self) -> StateDict;

    /// The trained ones among [`TextEncoder::variables`], each with its role and its depth.
    fn parameters(&self) -> Vec<Parameter>;

    /// Another handle on the same variables: a tensor may move to another thread, but not be shared with it.
    fn handle(&self) -> Box<dyn TextEncoder>;
}

/// Everything that decides a text encoder's shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TextSpec {
    /// CLIP's.
    Transformer(TextTransformerSpec),
    /// BERT.
    Bert(BertSpec),
}

impl TextSpec {
    /// Makes the encoder's variables in `store`, which holds nothing else.
    ///
    /// # Panics
    /// Where the heads do not divide the width.
    pub fn build(self, store: &nn::VarStore, init: Init) -> Box<dyn TextEncoder> {
        match self {
            Self::Transformer(spec) => Box::new(TextTransformer::new(store, spec, init)),
            Self::Bert(spec) => Box::new(Bert::new(store, spec, init)),
        }
    }

    /// The most tokens of a text.
    pub fn length(self) -> i64 {
        match self {
            Self::Transformer(spec) => spec.length,
            Self::Bert(spec) => spec.length,
        }
    }

    /// How many ids there are.
    pub fn vocabulary(self) -> i64 {
        match self {
            Self::Transformer(spec) => spec.vocabulary,
            Self::Bert(spec) => spec.vocabulary,
        }
    }
}

/// The rows of a table that ids name.
///
/// # Shapes
/// - `table`: `[vocabulary, width]`
/// - returns `[n, length, width]`, fp32 at least
///
/// # Panics
/// Where a text is longer than `longest`.
pub(crate) fn embedded(table: &Tensor, texts: &Texts, longest: i64) -> Tensor {
    let (_, length) = texts.ids().size2().expect("ids of two dimensions");
    assert!(length <= longest, "texts of {length} tokens: expected at most {longest}");
    crate::layers::fp32_at_least(&Tensor::embedding(table, texts.ids(), -1, false, false))
}
