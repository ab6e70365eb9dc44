//! Files by their paths, whether they lie on the disk or in an archive.

use std::collections::HashMap;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use image::RgbImage;

use super::{Archives, is_read};
use crate::decode::{MOST_FILE, decode_bytes};
use crate::regular;

/// Reads image files by the paths that [`Dataset::path`](crate::Dataset::path) gives: those of files in an archive begin
/// with the archive's own, as in `photos.zip/cat/1.jpg`. An archive is looked through once.
#[derive(Debug, Default)]
pub struct ImageFiles {
    archives: HashMap<PathBuf, Option<Archives>>,
}

impl ImageFiles {
    /// Whether a file is there.
    pub fn contains(&mut self, path: &Path) -> bool {
        path.is_file() || self.archive(path).is_some_and(|archive| archive.contains(path))
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// Where there is none, or it cannot be read, or has more than 256 MiB.
    pub fn bytes(&mut self, path: &Path) -> std::io::Result<Vec<u8>> {
        if path.is_file() {
            return regular::read(path, MOST_FILE);
        }
        let Some(archive) = self.archive(path) else {
            return Err(Error::new(ErrorKind::NotFound, "there is no such file"));
        };
        archive.read(path, MOST_FILE)
    }

    /// The pixels of an image file, over white.
    ///
    /// # Errors
    /// In words, without the file's name.
    pub fn image(&mut self, path: &Path) -> Result<RgbImage, String> {
        decode_bytes(&self.bytes(path).map_err(|error| error.to_string())?)
    }

    /// The archive in which a file lies, where one can be read.
    fn archive(&mut self, path: &Path) -> Option<&Archives> {
        let above = path.ancestors().skip(1).find(|above| is_read(above) && above.is_file())?;
        if !self.archives.contains_key(above) {
            let opened = Archives::open(above, &[above.to_owned()]).ok();
            self.archives.insert(above.to_owned(), opened);
        }
        self.archives.get(above)?.as_ref()
    }
}
