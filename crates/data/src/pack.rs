//! A packed data set: one file of images that are decoded and resized already, read at offsets.
//!
//! Layout: the magic bytes, the length of the table (u64, little-endian), the SHA-256 of the table, the images' bytes one
//! after another, the table as JSON. Every image has a CRC-32, which is checked at each read.

mod read;
mod write;

pub use read::PackedImages;
pub(crate) use read::open;
pub use write::{PackSummary, Packing, pack, remove_unfinished};

use crate::error::DataError;
use crate::regular;
use serde::{Deserialize, Serialize};
use std::fmt::Write;
use std::io::Read;
use std::path::Path;

const MAGIC: &[u8; 8] = b"KPACK\0\0\x01";
/// Bytes before the first image.
const HEAD: u64 = 8 + 8 + 32;
/// Channels of packs that do not say how many they have.
const RGB: usize = 3;

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

/// What lies where.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Table {
    /// Pixels of every image's short side; none where images kept their sizes.
    short: Option<usize>,
    /// The fraction of a folder that became the test split.
    #[serde(default)]
    holdout: Option<f64>,
    /// Channels of every image; packs of earlier versions do not say it, and have three.
    #[serde(default)]
    channels: Option<usize>,
    /// Empty without classes.
    class_names: Vec<String>,
    train: Vec<Record>,
    test: Vec<Record>,
}

/// One image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    offset: u64,
    width: u32,
    height: u32,
    /// 0 without classes.
    label: u32,
    crc: u32,
}

impl Table {
    /// The command that makes the pack again.
    fn again(&self, path: &Path) -> String {
        let mut command = format!("cargo xtask run -- pack FOLDER {}", path.display());
        if let Some(short) = self.short {
            let _ = write!(command, " --short {short}");
        }
        if let Some(holdout) = self.holdout {
            let _ = write!(command, " --holdout {holdout}");
        }
        if let Some(channels) = self.channels.filter(|channels| *channels != RGB) {
            let _ = write!(command, " --channels {channels}");
        }
        command
    }

    fn channels(&self) -> usize {
        self.channels.unwrap_or(RGB)
    }
}

impl Record {
    fn bytes(self, channels: usize) -> usize {
        self.width as usize * self.height as usize * channels
    }

    /// Whether it has pixels and lies before `end`.
    fn inside(self, channels: usize, end: u64) -> bool {
        let pixels = u64::from(self.width) * u64::from(self.height);
        let past = pixels.checked_mul(channels as u64).and_then(|bytes| self.offset.checked_add(bytes));
        pixels > 0 && self.offset >= HEAD && past.is_some_and(|past| past <= end)
    }
}
