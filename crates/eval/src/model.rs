//! What is scored: an encoder, with the projector that stood on it in training, and what embeds texts beside it.

use crate::EvalError;
use kontrast_losses::unit;
use kontrast_methods::{Method, TextSpace};
use kontrast_models::{Encoder, Head};
use kontrast_torch_ext::Texts;
use tch::Tensor;

/// Texts that are embedded at once.
const TEXTS: usize = 256;

/// An encoder, and its projector where that is known.
#[derive(Clone, Copy)]
pub struct Model<'a> {
    /// Images become representations here.
    pub encoder: &'a dyn Encoder,
    /// Representations become embeddings here.
    pub projector: Option<&'a Head>,
    /// Texts become embeddings here, where those of images lie.
    pub texts: Option<&'a dyn TextSpace>,
}

/// What a training knew of texts.
#[derive(Clone, Copy)]
pub struct TextSide<'a> {
    /// From texts to ids.
    pub tokenizer: &'a dyn Tokenize,
    /// Classes whose images were not trained on.
    pub unseen: &'a [String],
}

/// Texts become ids here.
pub trait Tokenize {
    /// The ids of a text, those at its ends among them.
    ///
    /// # Errors
    /// In words, where the text has no ids.
    fn ids(&self, text: &str) -> Result<Vec<i64>, String>;
}

impl<'a> From<&'a dyn Encoder> for Model<'a> {
    fn from(encoder: &'a dyn Encoder) -> Self {
        Self { encoder, projector: None, texts: None }
    }
}

impl<'a> From<&'a Method> for Model<'a> {
    fn from(method: &'a Method) -> Self {
        Self { encoder: method.encoder(), projector: method.projector(), texts: method.texts() }
    }
}

/// Embeddings of texts.
///
/// # Shapes
/// - returns `[n, d]`, of unit length
///
/// # Errors
/// Where a text has no ids.
pub(crate) fn embedded(
    space: &dyn TextSpace,
    tokenizer: &dyn Tokenize,
    texts: &[String],
) -> Result<Tensor, EvalError> {
    let mut parts = Vec::new();
    for some in texts.chunks(TEXTS) {
        let ids = some.iter().map(|text| tokenizer.ids(text)).collect::<Result<Vec<_>, _>>();
        parts.push(space.embed_texts(&Texts::padded(&ids.map_err(EvalError::Text)?, 0)));
    }
    Ok(Tensor::cat(&parts, 0))
}

/// Embeddings of images where those of texts lie.
///
/// # Shapes
/// - `h`: `[n, width]`
/// - returns `[n, d]`, of unit length
pub(crate) fn projected(h: &Tensor, projector: Option<&Head>) -> Tensor {
    let z = projector.map_or_else(|| h.shallow_clone(), |head| head.forward(h, kontrast_models::Mode::Eval));
    unit(&z)
}
