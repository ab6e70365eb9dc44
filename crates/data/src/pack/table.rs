//! The table of a pack: what lies where.

use serde::{Deserialize, Serialize};
use std::fmt::Write;
use std::path::Path;

/// The first bytes of every pack.
pub(super) const MAGIC: &[u8; 8] = b"KPACK\0\0\x01";
/// Bytes before the first image.
pub(super) const HEAD: u64 = 8 + 8 + 32;
/// Channels of packs that do not say how many they have.
const RGB: usize = 3;

/// What lies where.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Table {
    /// Pixels of every image's short side; none where images kept their sizes.
    pub(super) short: Option<usize>,
    /// The fraction of a folder that became the test split.
    #[serde(default)]
    pub(super) holdout: Option<f64>,
    /// Channels of every image; packs of earlier versions do not say it, and have three.
    #[serde(default)]
    pub(super) channels: Option<usize>,
    /// Empty without classes.
    pub(super) class_names: Vec<String>,
    pub(super) train: Vec<Record>,
    pub(super) test: Vec<Record>,
}

/// One image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) offset: u64,
    pub(super) width: u32,
    pub(super) height: u32,
    /// 0 without classes.
    pub(super) label: u32,
    pub(super) crc: u32,
}

impl Table {
    /// The command that makes the pack again.
    pub(super) fn again(&self, path: &Path) -> String {
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

    pub(super) fn channels(&self) -> usize {
        self.channels.unwrap_or(RGB)
    }
}

impl Record {
    pub(super) fn bytes(self, channels: usize) -> usize {
        self.width as usize * self.height as usize * channels
    }

    /// Whether it has pixels and lies before `end`.
    pub(super) fn inside(self, channels: usize, end: u64) -> bool {
        let pixels = u64::from(self.width) * u64::from(self.height);
        let past = pixels.checked_mul(channels as u64).and_then(|bytes| self.offset.checked_add(bytes));
        pixels > 0 && self.offset >= HEAD && past.is_some_and(|past| past <= end)
    }
}
