//! What commands on tables of vectors share: how a row is called, and whose mistake it is that a table cannot be used.

use crate::Refusal;
use kontrast_embeddings::{EmbeddingsError, Table};
use std::io::ErrorKind;

/// A row by its name, and its class where there is one.
pub(crate) fn row_in_words(table: &Table, row: usize) -> String {
    let name = table.names().map_or_else(|| format!("row {row}"), |names| names[row].clone());
    match table.labels() {
        Some(labels) => format!("{name} ({})", labels[row]),
        None => name,
    }
}

/// What a table cannot be is the user's to change.
pub(crate) fn refused(error: EmbeddingsError) -> anyhow::Error {
    match error {
        EmbeddingsError::Io { path, source } if source.kind() == ErrorKind::NotFound => {
            let text = format!("{}: there is no such file; `kontrast embed` writes tables", path.display());
            Refusal(text).into()
        }
        EmbeddingsError::Io { .. } => error.into(),
        other => Refusal(other.to_string()).into(),
    }
}
