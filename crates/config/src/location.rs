//! Where something stands in the sources of a configuration.

use std::fmt;
use std::path::PathBuf;

use kontrast_runlog::human::printable;

/// Where something stands: what a person needs to find it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// In a file; line and column count from 1.
    File {
        /// The file.
        path: PathBuf,
        /// Its line.
        line: usize,
        /// The character in that line.
        column: usize,
    },
    /// In an argument of `--set`.
    Argument(String),
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line, column } => write!(f, "{}:{line}:{column}", printable(path.display())),
            Self::Argument(argument) => write!(f, "--set {}", printable(argument)),
        }
    }
}
