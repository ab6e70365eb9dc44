//! From texts to token ids, and from class names to prompts.
//!
#![doc = include_str!("../README.md")]

mod byte_pairs;
mod error;
mod prompts;
mod tokenizer;
mod trained;

pub use error::TextError;
pub use prompts::{Prompt, prompts};
pub use tokenizer::{Encoded, Tokenizer};
