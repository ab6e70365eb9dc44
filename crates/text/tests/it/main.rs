//! Tokenizers against open_clip's and BERT's, and files that are none.

mod golden;
mod own;
