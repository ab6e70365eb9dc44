//! What commands on tables of vectors share: how a row is called, and whose mistake it is that a table cannot be used.

use crate::Refusal;
use kontrast_embeddings::{EmbeddingsError, Table};

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
        EmbeddingsError::Io { .. } => error.into(),
        other => Refusal(other.to_string()).into(),
    }
}
