//! A packed data set: one file of images that are decoded and resized already, read at offsets.
//!
//! Layout: the magic bytes, the length of the table (u64, little-endian), the SHA-256 of the table, the images' bytes one
//! after another, the table as JSON. Every image has a CRC-32, which is checked at each read.

mod read;
mod write;

pub(crate) use read::open;
pub use read::{PackedClasses, PackedImages};
pub use write::{PackSummary, pack};

use serde::{Deserialize, Serialize};

const MAGIC: &[u8; 8] = b"KPACK\0\0\x01";
/// Bytes before the first image.
const HEAD: u64 = 8 + 8 + 32;

/// What lies where.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Table {
    /// Pixels of every image's short side; none where images kept their sizes.
    short: Option<usize>,
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

impl Record {
    fn bytes(self) -> usize {
        self.width as usize * self.height as usize * 3
    }

    /// Whether it has pixels and lies before `end`.
    fn inside(self, end: u64) -> bool {
        let pixels = u64::from(self.width) * u64::from(self.height);
        let past = pixels.checked_mul(3).and_then(|bytes| self.offset.checked_add(bytes));
        pixels > 0 && self.offset >= HEAD && past.is_some_and(|past| past <= end)
    }
}
