//! Tells whether an error is the user's to mend (a file, an argument), the machine's, or a defect of ours.

use kontrast_config::ConfigError;
use kontrast_data::DataError;
use kontrast_eval::EvalError;
use kontrast_methods::{BuildError, ViewError};
use kontrast_pretext::permutations::PermutationError;
use kontrast_training::{CheckpointError, FeedError};
use std::any::Any;

/// How libtorch says that memory is missing, of the CPU and of a GPU.
const NO_MEMORY: [&str; 3] = ["can't allocate memory", "out of memory", "std::bad_alloc"];

/// What is not done as it was asked: the arguments have to change.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub String);

/// What a panic says, and whose news it is: no memory is the machine's, all else is a defect of ours.
pub fn panic_words(panic: &(dyn Any + Send)) -> String {
    let text =
        panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    let text = text.unwrap_or("no message");
    // libtorch's messages go on for pages of C++ frames; the first line says what happened.
    let first = text.split("\\nException raised").next().unwrap_or(text).trim();
    if NO_MEMORY.iter().any(|words| text.contains(words)) {
        format!(
            "out of memory: make room and go on with --resume; or train another run with a lower train.batch, smaller views, \
             or train.chunk, which embeds the batch in parts. libtorch said: {first}"
        )
    } else {
        format!("{first}; this is a defect of Kontrast, please report it")
    }
}

/// Whether the values of the file or the arguments are the cause, and have to change.
pub fn is_refused(error: &anyhow::Error) -> bool {
    use DataError::{
        Bands, Batch, EmptyFolder, Groups, Holdout, Layout, Line, NoFolder, NoPack, Pairs, Subset, Synthetic,
        Unknown,
    };
    let of_data = matches!(
        error.downcast_ref(),
        Some(
            Bands { .. }
                | Unknown { .. }
                | Subset { .. }
                | Batch { .. }
                | Synthetic { .. }
                | Layout { .. }
                | NoFolder { .. }
                | EmptyFolder { .. }
                | Groups { .. }
                | Holdout { .. }
                | Line { .. }
                | NoPack { .. }
                | Pairs { .. }
        )
    );
    let of_evaluation = matches!(
        error.downcast_ref(),
        Some(
            EvalError::Split { .. }
                | EvalError::Setting { .. }
                | EvalError::Memory { .. }
                | EvalError::Needs { .. }
        )
    );
    let of_views = error.is::<ViewError>() || error.is::<BuildError>();
    let of_permutations = error.is::<PermutationError>();
    let of_checkpoints = matches!(
        error.downcast_ref(),
        Some(CheckpointError::OtherImages { .. } | CheckpointError::BeyondTheEnd { .. })
    );
    let of_feed = matches!(
        error.downcast_ref(),
        Some(FeedError::Memory { .. } | FeedError::Data(DataError::Sizes { .. }))
    );
    of_data
        || of_checkpoints
        || of_evaluation
        || of_permutations
        || of_views
        || error.is::<ConfigError>()
        || of_feed
        || error.is::<Refusal>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_no_memory_is_news_of_the_machine_and_no_defect() {
        for text in [
            "[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: you tried",
            "CUDA out of memory. Tried to allocate 2.00 GiB\\nException raised from malloc",
            "std::bad_alloc",
        ] {
            let words = panic_words(&text.to_owned());
            assert!(words.contains("train.batch") && words.contains("train.chunk"), "{words}");
            assert!(!words.contains("defect") && !words.contains("Exception raised"), "{words}");
        }
        for text in ["index out of bounds", "linalg.eigh: the algorithm failed", "shape mismatch"] {
            assert!(panic_words(&text).ends_with("this is a defect of Kontrast, please report it"));
        }
    }
}
