//! Brings data sets into the cache: fetched, verified, never half.

mod cifar10;
mod download;
mod fashion_mnist;
mod place;
mod program;

use std::path::{Path, PathBuf};

use crate::error::DataError;

/// The data sets that can be fetched.
pub const NAMES: [&str; 2] = [crate::cifar10::NAME, crate::fashion_mnist::NAME];

/// What fetching is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A new task begins.
    Doing(String),
    /// So much of the present download is there.
    Bytes {
        /// Bytes so far.
        done: u64,
        /// All bytes, where the server says it.
        total: Option<u64>,
    },
}

/// Fetches a data set into `cache/data/<name>` and returns that folder. Where it lies there already and is
/// whole, nothing is fetched; where it is damaged, it is replaced.
///
/// # Errors
/// When no data set has this name, every way to fetch it fails, or the cache cannot be written.
pub fn fetch(name: &str, cache: &Path, progress: &mut dyn FnMut(Progress)) -> Result<PathBuf, DataError> {
    let source = match name {
        crate::cifar10::NAME => cifar10::source(),
        crate::fashion_mnist::NAME => fashion_mnist::source(),
        _ => return Err(DataError::Unknown(name.to_owned())),
    };
    place::fetch(&source, cache, progress)
}
