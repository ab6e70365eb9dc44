//! What keeps a tokenizer from being read or made.

use std::path::PathBuf;

/// What keeps a tokenizer from being read or made.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// The file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is of another kind.
    #[error(
        "{}: {found}; expected a tokenizer.json, as Hugging Face's tokenizers write it, or CLIP's byte pairs, such as \
         bpe_simple_vocab_16e6.txt.gz",
        path.display()
    )]
    Unknown {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        found: String,
    },
    /// A line of byte pairs that is none.
    #[error("{}, line {line}: expected two tokens with a space between them, found {found:?}", path.display())]
    Pair {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What stands there.
        found: String,
    },
    /// A tokenizer that says of no token that it ends a text.
    #[error(
        "{}: nothing is added at the end of a text, where a text tower reads its feature; expected a post-processor that \
         adds a token, such as <|endoftext|> or [SEP]",
        path.display()
    )]
    NoEnd {
        /// The file.
        path: PathBuf,
    },
    /// A vocabulary too small for its bytes.
    #[error(
        "a vocabulary of {found}: expected at least {least}, a token for each byte and two for begin and end"
    )]
    Vocabulary {
        /// The size that was asked for.
        found: usize,
        /// The least size.
        least: usize,
    },
    /// Nothing to learn a vocabulary from.
    #[error("expected texts to learn a vocabulary from, found none that has a letter")]
    NoTexts,
    /// A prompt without a place for the class.
    #[error(
        "the prompt {prompt:?}: expected {{}} once, where the name of the class stands, found it {found} times"
    )]
    Prompt {
        /// The prompt.
        prompt: String,
        /// How often it has `{}`.
        found: usize,
    },
    /// Two classes that no prompt tells apart.
    #[error(
        "classes {first} and {second} (counted from 0) are both named {name:?}; no prompt tells them apart"
    )]
    SameName {
        /// The first of them.
        first: usize,
        /// The second of them.
        second: usize,
        /// Their name.
        name: String,
    },
    /// A class without a name.
    #[error("class {class} (counted from 0) has no name, which a prompt needs")]
    NoName {
        /// The class.
        class: usize,
    },
    /// What the library says.
    #[error("{0}")]
    Library(String),
}

impl TextError {
    #[cfg(feature = "tokenizers")]
    /// An error of reading or writing this file.
    pub(crate) fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }

    #[cfg(feature = "tokenizers")]
    /// An error of the library.
    pub(crate) fn library(source: impl std::fmt::Display) -> Self {
        Self::Library(source.to_string())
    }
}
