//! The tokenizer, in builds with the feature `texts`; others say how to get one.

#[cfg(feature = "texts")]
pub(crate) use present::{Tokenizer, open, read, train};

#[cfg(not(feature = "texts"))]
pub(crate) use absent::{Tokenizer, open, read, train};

#[cfg(feature = "texts")]
mod present {
    use crate::Refusal;
    pub(crate) use kontrast_text::Tokenizer;
    use std::path::Path;

    fn refused(error: impl std::fmt::Display) -> Refusal {
        Refusal(error.to_string())
    }

    /// Reads a tokenizer's file.
    pub(crate) fn open(file: &Path, length: usize) -> Result<Tokenizer, Refusal> {
        Tokenizer::open(file, length).map_err(|error| Refusal(format!("texts.tokenizer: {error}")))
    }

    /// Learns a tokenizer from texts.
    pub(crate) fn train(texts: &[&str], vocabulary: usize, length: usize) -> Result<Tokenizer, Refusal> {
        Tokenizer::train(texts.iter().copied(), vocabulary, length).map_err(refused)
    }

    /// The tokenizer of a checkpoint's `tokenizer.json`.
    pub(crate) fn read(json: &str, length: usize) -> anyhow::Result<Tokenizer> {
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), json)?;
        Ok(open(file.path(), length)?)
    }
}

#[cfg(not(feature = "texts"))]
mod absent {
    use crate::Refusal;
    use std::convert::Infallible;
    use std::path::Path;

    /// There is none in this build.
    #[derive(Debug)]
    pub(crate) struct Tokenizer(Infallible);

    /// A text as ids.
    pub(crate) struct Encoded {
        pub(crate) ids: Vec<u32>,
        pub(crate) cut: bool,
    }

    impl Tokenizer {
        pub(crate) fn encode(&self, _text: &str) -> Result<Encoded, Refusal> {
            match self.0 {}
        }

        pub(crate) fn vocabulary(&self) -> usize {
            match self.0 {}
        }

        pub(crate) fn to_json(&self) -> Result<String, Refusal> {
            match self.0 {}
        }
    }

    fn refused() -> Refusal {
        Refusal(
            "texts: this build reads none; build it with `--features kontrast/texts`, or run it through `cargo xtask`, which \
             does"
                .to_owned(),
        )
    }

    pub(crate) fn open(_file: &Path, _length: usize) -> Result<Tokenizer, Refusal> {
        Err(refused())
    }

    pub(crate) fn train(_texts: &[&str], _vocabulary: usize, _length: usize) -> Result<Tokenizer, Refusal> {
        Err(refused())
    }

    pub(crate) fn read(_json: &str, _length: usize) -> anyhow::Result<Tokenizer> {
        Err(refused().into())
    }
}
