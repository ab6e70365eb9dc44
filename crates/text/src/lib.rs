//! From texts to token ids, and from class names to prompts.
//!
#![doc = include_str!("../README.md")]

#[cfg(feature = "tokenizers")]
mod byte_pairs;
mod error;
mod prompts;
#[cfg(feature = "tokenizers")]
mod tokenizer;
#[cfg(feature = "tokenizers")]
mod trained;

pub use error::TextError;
pub use prompts::{Prompt, prompts};
#[cfg(feature = "tokenizers")]
pub use tokenizer::{Encoded, Tokenizer};
