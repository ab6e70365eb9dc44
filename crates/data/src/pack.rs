//! A packed data set: one file of images that are decoded and resized already, read at offsets.
//!
//! Layout: the magic bytes, the length of the table (u64, little-endian), the SHA-256 of the table, the images' bytes one
//! after another, the table as JSON. Every image has a CRC-32, which is checked at each read.

mod read;
mod table;
mod write;

pub use read::PackedImages;
pub(crate) use read::open;
pub use write::{PackSummary, Packing, pack, remove_unfinished};

use crate::error::DataError;
use crate::regular;
use std::io::Read;
use std::path::Path;
use table::MAGIC;

/// Whether a file is a pack, of whatever version.
///
/// # Errors
/// When it cannot be read.
pub fn is_pack(path: &Path) -> Result<bool, DataError> {
    let mut head = Vec::new();
    let file = regular::open(path).map_err(DataError::io(path))?;
    file.take(5).read_to_end(&mut head).map_err(DataError::io(path))?;
    Ok(head == MAGIC[..5])
}
