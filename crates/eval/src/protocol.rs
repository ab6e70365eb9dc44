//! A protocol turns a frozen encoder into a score; all of them run over one subject.

use crate::{Knn, Linear, Score, Subject};
use kontrast_config::Eval;
use kontrast_data::DataError;
use kontrast_runlog::human;
use std::collections::BTreeMap;

/// What keeps an encoder from being judged.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// An image cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Evaluation must leave the encoder as it was.
    #[error(
        "the encoder changed while {protocol} judged it: its variables had the hash {before}, now {after}; the score \
         is void. This is a defect of Kontrast: please report it"
    )]
    EncoderMoved {
        /// The protocol at work.
        protocol: String,
        /// Hash before.
        before: String,
        /// Hash after.
        after: String,
    },
    /// An encoder whose weights diverged.
    #[error(
        "{broken} of {images} rows of features hold values that are not finite, and no score would mean anything: the run \
         diverged; lower optimizer lr, to a third or a tenth, and train again"
    )]
    NotFinite {
        /// Images with such features.
        broken: usize,
        /// Images looked at.
        images: usize,
    },
    /// The caller asked to stop, which is looked for before each batch.
    #[error("stopped while evaluating")]
    Stopped,
    /// The maps of one stage are more than the machine can hold.
    #[error(
        "the maps of stage {stage} over {grid}x{grid} for {probes} take {}, and {} of memory are available: name stages \
         with smaller maps in eval.layers.stages, leave conv, which sees whole maps, out of eval.layers.probes, lower \
         eval.layers.features for linear and mlp, or make room",
        human::bytes(*needed),
        human::bytes(*available)
    )]
    Memory {
        /// The stage, from 1.
        stage: usize,
        /// Cells on a side of the maps as they are held.
        grid: i64,
        /// Who sees them.
        probes: String,
        /// Bytes that the maps of both splits take.
        needed: u64,
        /// Bytes that are there.
        available: u64,
    },
    /// A split of the training set has to leave images on both sides.
    #[error(
        "eval.validation = {fraction} of {images} training images leaves nothing to choose on or nothing to learn \
         from; use more images or another fraction"
    )]
    Split {
        /// Fraction of the validation part.
        fraction: f64,
        /// Images to split.
        images: usize,
    },
}

/// A way to judge a frozen encoder.
pub trait Protocol {
    /// The protocol's name in `summary.json`.
    fn name(&self) -> &'static str;

    /// The score on the test set, with the settings that were chosen on a split of the training set.
    ///
    /// # Errors
    /// Where the training set is too small to be split.
    fn evaluate(&self, subject: &Subject<'_>) -> Result<Score, EvalError>;
}

/// The protocols that an experiment asks for.
pub fn protocols(config: &Eval, seed: u64) -> Vec<Box<dyn Protocol>> {
    let mut list: Vec<Box<dyn Protocol>> = Vec::new();
    if config.knn {
        list.push(Box::new(Knn::chosen(config.validation, seed)));
        list.push(Box::new(Knn::ten()));
        list.push(Box::new(Knn::two_hundred()));
    }
    if let Some(linear) = &config.linear {
        list.push(Box::new(Linear {
            epochs: linear.epochs,
            batch: linear.batch,
            lrs: linear.lrs.clone(),
            weight_decays: linear.weight_decays.clone(),
            validation: config.validation,
            seed,
        }));
    }
    list
}

/// Runs protocols over a subject, and asserts that none of them moved the encoder.
///
/// # Errors
/// Where a protocol fails, or the encoder's variables are not what they were.
pub fn evaluate(
    protocols: &[Box<dyn Protocol>],
    subject: &Subject<'_>,
) -> Result<BTreeMap<String, Score>, EvalError> {
    let mut scores = BTreeMap::new();
    for protocol in protocols {
        scores.insert(protocol.name().to_owned(), protocol.evaluate(subject)?.rounded());
        subject.assert_still(protocol.name())?;
    }
    Ok(scores)
}
