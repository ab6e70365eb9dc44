//! What is judged: an encoder, labelled images, and the features of both splits, computed once.

use crate::{EvalError, Extractor, FeatureBank, fingerprint};
use kontrast_data::Labelled;
use kontrast_models::Encoder;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// An encoder with its feature banks. Making one hashes the encoder, before the first image goes through it.
pub struct Subject<'a> {
    /// The encoder, whose variables stay as they are.
    pub encoder: &'a dyn Encoder,
    /// Labelled images that protocols may learn from.
    pub train: &'a dyn Labelled,
    /// Labelled images that the score is of.
    pub test: &'a dyn Labelled,
    /// Features of `train`.
    pub train_bank: FeatureBank,
    /// Features of `test`.
    pub test_bank: FeatureBank,
    /// The extractor's stop flag.
    pub(crate) stop: Arc<AtomicBool>,
    before: String,
}

impl<'a> Subject<'a> {
    /// Computes the features of both splits in evaluation mode.
    ///
    /// # Errors
    /// Where an image cannot be read, or the encoder's variables moved.
    pub fn new(
        encoder: &'a dyn Encoder,
        train: &'a dyn Labelled,
        test: &'a dyn Labelled,
        extractor: &Extractor,
    ) -> Result<Self, EvalError> {
        let before = fingerprint(encoder);
        let train_bank = extractor.bank(encoder, train)?;
        let test_bank = extractor.bank(encoder, test)?;
        let subject =
            Self { encoder, train, test, train_bank, test_bank, stop: Arc::clone(&extractor.stop), before };
        subject.assert_still("the computation of features")?;
        Ok(subject)
    }

    /// Classes of the data set.
    pub fn classes(&self) -> i64 {
        self.train.class_names().len() as i64
    }

    pub(crate) fn assert_still(&self, protocol: &str) -> Result<(), EvalError> {
        let after = fingerprint(self.encoder);
        if after == self.before {
            return Ok(());
        }
        Err(EvalError::EncoderMoved { protocol: protocol.to_owned(), before: self.before.clone(), after })
    }
}
