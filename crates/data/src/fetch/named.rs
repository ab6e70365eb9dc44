//! Fetches a data set by its name.

use std::path::{Path, PathBuf};

use super::known::known;
use super::place;
use super::progress::FetchProgress;
use crate::error::DataError;

/// Fetches a data set into `cache/data/<name>` and returns that folder. Where it lies there already and is
/// whole, nothing is fetched; where it is damaged, it is replaced.
///
/// # Errors
/// When no data set has this name, every way to fetch it fails, or the cache cannot be written.
pub fn fetch(
    name: &str,
    cache: &Path,
    progress: &mut dyn FnMut(FetchProgress),
) -> Result<PathBuf, DataError> {
    place::fetch(&(known(name)?.source)(), cache, progress)
}
