//! What is scored: an encoder, with the projector that stood on it in training.

use kontrast_methods::Method;
use kontrast_models::{Encoder, Head};

/// An encoder, and its projector where that is known.
#[derive(Clone, Copy)]
pub struct Model<'a> {
    /// Images become representations here.
    pub encoder: &'a dyn Encoder,
    /// Representations become embeddings here.
    pub projector: Option<&'a Head>,
}

impl<'a> From<&'a dyn Encoder> for Model<'a> {
    fn from(encoder: &'a dyn Encoder) -> Self {
        Self { encoder, projector: None }
    }
}

impl<'a> From<&'a Method> for Model<'a> {
    fn from(method: &'a Method) -> Self {
        Self { encoder: method.encoder(), projector: method.projector() }
    }
}
