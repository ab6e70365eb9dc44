//! What keeps an encoder from being scored.

use crate::Needs;
use kontrast_data::DataError;
use kontrast_runlog::human;

/// What keeps an encoder, or features, from being scored.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// An image cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Features or labels that do not fit together.
    #[error("expected {expected}, found {found}; {hint}")]
    Features {
        /// What a bank or a subject holds.
        expected: String,
        /// What it was given.
        found: String,
        /// What to do.
        hint: &'static str,
    },
    /// The subject has less than the protocol needs.
    #[error(
        "{protocol} needs {needs}, and the subject on {dataset} has {found}: {}, or leave {protocol} out",
        needs.hint()
    )]
    Needs {
        /// The protocol.
        protocol: &'static str,
        /// What it reads.
        needs: Needs,
        /// What the subject has.
        found: Needs,
        /// The data set of the subject.
        dataset: String,
    },
    /// Evaluation must leave the encoder as it was.
    #[error(
        "the encoder changed during {protocol}: its variables had the hash {before}, now {after}; the score is void. \
         This is a defect of Kontrast: please report it"
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
    /// A text that has no ids, or classes that no prompt tells apart.
    #[error("{0}")]
    Text(String),
    /// The caller asked to stop.
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
    /// A setting that the images or the encoder do not allow.
    #[error("{key} = {value}: expected {expected}, found {found}")]
    Setting {
        /// The key of the experiment file.
        key: &'static str,
        /// What it says.
        value: String,
        /// What would do.
        expected: String,
        /// What there is.
        found: String,
    },
}
