//! What Kontrast wrote itself, which is no data: pictures that say so, and the folders of runs.

use std::io::Cursor;
use std::path::Path;

use image::{ImageFormat, RgbImage};

use crate::error::DataError;

/// A PNG's signature and its first chunk, behind which the mark stands.
const BEFORE: usize = 33;

/// The kind and the content of the chunk that marks a picture.
const MARK: &[u8] = b"tEXtSoftware\0Kontrast";

/// Writes a picture as a PNG that says that Kontrast made it, so that folders of images leave it out.
///
/// # Errors
/// When the file cannot be written.
pub fn save_picture(picture: &RgbImage, path: &Path) -> Result<(), DataError> {
    let mut png = Cursor::new(Vec::new());
    let encoded = picture.write_to(&mut png, ImageFormat::Png);
    encoded.map_err(|error| DataError::Format { path: path.to_owned(), reason: error.to_string() })?;
    let png = png.into_inner();
    let (before, behind) = png.split_at(BEFORE);
    let length = (MARK.len() as u32 - 4).to_be_bytes();
    let sum = crc32fast::hash(MARK).to_be_bytes();
    let marked = [before, &length, MARK, &sum, behind].concat();
    std::fs::write(path, marked).map_err(DataError::io(path))
}

/// Whether a file that begins so is a picture of [`save_picture`].
pub(crate) fn is_marked(head: &[u8]) -> bool {
    head.get(BEFORE + 4..).is_some_and(|chunk| chunk.starts_with(MARK))
}

/// Whether a folder is that of a run: it holds the configuration, and the events or the summary.
pub(crate) fn is_run(folder: &Path) -> bool {
    let holds = |name: &str| folder.join(name).is_file();
    holds("config.toml") && (holds("events.jsonl") || holds("summary.json"))
}

#[cfg(test)]
mod tests {
    use super::{is_marked, save_picture};
    use image::{Rgb, RgbImage};

    #[test]
    fn field_a_marked_picture_is_known_and_decodes_as_any_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("picture");
        for size in [1, 7, 300] {
            let picture = RgbImage::from_fn(size, 2, |x, y| Rgb([x as u8, y as u8, 9]));
            save_picture(&picture, &path).unwrap();
            let bytes = std::fs::read(&path).unwrap();
            assert!(is_marked(&bytes[..64]) && !is_marked(&bytes[..50]));
            assert_eq!(crate::decode_bytes(&bytes).unwrap(), picture);
        }
    }
}
