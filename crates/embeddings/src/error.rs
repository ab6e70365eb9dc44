//! What keeps vectors from being read, written or compared.

use std::path::PathBuf;

/// What keeps vectors from being read, written or compared.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddingsError {
    /// A column of another length than the table.
    #[error("{column}: expected one for each of the {rows} rows, found {found}")]
    Length {
        /// `names`, `labels` or `groups`.
        column: &'static str,
        /// Rows of the table.
        rows: usize,
        /// Entries of the column.
        found: usize,
    },
    /// A value that is no number.
    #[error("row {row}, value {column} (both counted from 0): {value}; expected finite numbers")]
    NotFinite {
        /// The row, from 0.
        row: usize,
        /// The column, from 0.
        column: usize,
        /// What stands there.
        value: f32,
    },
    /// Tables of different width.
    #[error(
        "vectors of {found} values, where the others have {expected}; embed both with the same encoder, and both before or \
         both after the projector"
    )]
    Width {
        /// Values of a vector of the table.
        expected: usize,
        /// Values of a vector that is compared with them.
        found: usize,
    },
    /// A table without rows or without columns.
    #[error("a table of {rows} rows and {width} values; expected at least one of each")]
    Empty {
        /// Rows.
        rows: usize,
        /// Values of a row.
        width: usize,
    },
    /// A column that is needed and not there.
    #[error("the table has no {column}; {advice}")]
    Lacks {
        /// `names`, `labels` or `groups`.
        column: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// More asked for than there is.
    #[error("{what} = {asked}: expected {expected}")]
    Setting {
        /// What was asked for.
        what: &'static str,
        /// How much.
        asked: usize,
        /// What would do.
        expected: String,
    },
    /// A threshold that is no cosine.
    #[error("threshold = {0}: expected a cosine, from -1 to 1")]
    Threshold(f32),
    /// A setting of t-SNE that lays nothing out.
    #[error("{what}")]
    Layout {
        /// What was expected and found.
        what: String,
    },
    /// A file that is not what its ending says, or holds something else.
    #[error("{}: {what}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What was expected and found.
        what: String,
    },
    /// A file that is there, and is not to be replaced.
    #[error("{}: there is such a file already; name another, or have it replaced", .0.display())]
    Exists(PathBuf),
    /// The system's refusal.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}
