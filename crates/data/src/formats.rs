//! Which files of a folder are images, and which of these are read.

use std::path::Path;

use image::ImageFormat;

use crate::storage::Storage;
use crate::{bands, own};

/// Their endings.
const READ: [&str; 11] = ["bmp", "dib", "gif", "jfif", "jpe", "jpeg", "jpg", "png", "tif", "tiff", "webp"];

/// Endings of images that are not read: of newer formats, of cameras, of drawings, of editors.
const OTHERS: [&str; 42] = [
    "arw", "avif", "avifs", "cr2", "cr3", "dcm", "dds", "dng", "eps", "exr", "fits", "hdr", "heic", "heif",
    "hif", "ico", "j2k", "jp2", "jpf", "jpm", "jpx", "jxl", "jxr", "mpo", "nef", "orf", "pam", "pbm", "pcx",
    "pef", "pgm", "pnm", "ppm", "psd", "qoi", "raf", "raw", "rw2", "srw", "svg", "tga", "xcf",
];

/// Bytes by which a format is known, and a picture of our own.
const HEAD: u64 = 160;

/// What a regular file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An image that is read.
    Image,
    /// An image that is not read, with its ending.
    Other(String),
    /// A picture that Kontrast wrote.
    Own,
    /// No image.
    Nothing,
}

impl Kind {
    /// By the ending, and by the first bytes where the ending is that of no format that is read. What has the ending of
    /// an image and cannot be read is named when it is decoded.
    pub(crate) fn of(path: &Path, storage: &Storage) -> Self {
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        let known = OTHERS.contains(&&*ending);
        match ending.as_str() {
            "png" if own::is_marked(&storage.head(path, HEAD)) => Self::Own,
            read if READ.contains(&read) => Self::Image,
            "npy" if bands::is_image(&storage.head(path, HEAD)) => Self::Image,
            _ => match format(&storage.head(path, HEAD)) {
                // Cameras' raw files begin as TIFFs do.
                Some(ImageFormat::Tiff) | None if known => Self::Other(ending),
                Some(_) if known || ending.is_empty() => Self::Image,
                Some(_) => Self::Other(ending),
                None => Self::Nothing,
            },
        }
    }
}

/// The format that these first bytes belong to, among those that are read.
fn format(head: &[u8]) -> Option<ImageFormat> {
    let format = image::guess_format(head).ok()?;
    match format {
        // Two letters, with which a text may begin too; four bytes of a bitmap's head are always 0.
        ImageFormat::Bmp => (head.get(6..10)? == [0; 4]).then_some(format),
        ImageFormat::Gif | ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::Tiff | ImageFormat::WebP => {
            Some(format)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;
    use crate::storage::Storage;
    use std::fs;

    #[test]
    fn field_files_are_known_by_ending_or_by_content() {
        let folder = tempfile::tempdir().unwrap();
        let jpeg: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF";
        let tiff: &[u8] = b"II*\0\x08\0\0\0";
        let npy = |shape: &str| {
            let text = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}");
            [b"\x93NUMPY\x01\x00\x76\x00", text.as_bytes()].concat()
        };
        let bitmap: &[u8] = b"BM\x46\0\0\0\0\0\0\0\x36\0";
        let other = |ending: &str| Kind::Other(ending.to_owned());
        let cases = [
            ("a.jpg", jpeg, Kind::Image),
            ("a.JFIF", jpeg, Kind::Image),
            ("a.webp", b"", Kind::Image),
            ("a", jpeg, Kind::Image),
            ("a.heic", jpeg, Kind::Image),
            ("bands.npy", &npy("(8, 6, 13)"), Kind::Image),
            ("vectors.npy", &npy("(50000, 128)"), Kind::Nothing),
            ("labels.npy", &npy("(50000,)"), Kind::Nothing),
            ("b.HEIC", b"\0\0\0\x18ftypheic", other("heic")),
            ("a.nef", tiff, other("nef")),
            ("a.svg", b"<svg/>", other("svg")),
            ("a.bak", jpeg, other("bak")),
            ("c", bitmap, Kind::Image),
            ("BMW", b"BMW and other makers", Kind::Nothing),
            ("a.txt", b"a note", Kind::Nothing),
            ("empty", b"", Kind::Nothing),
        ];
        for (name, content, kind) in cases {
            let path = folder.path().join(name);
            fs::write(&path, content).unwrap();
            assert_eq!(Kind::of(&path, &Storage::Disk), kind, "{name}");
        }
    }
}
