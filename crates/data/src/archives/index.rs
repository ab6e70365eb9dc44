//! What an archive holds: the name of each file in it, and where its bytes lie.

use std::ffi::OsString;
use std::fs::File;
use std::io::BufReader;
use std::path::{Component, Path, PathBuf};

use zip::{CompressionMethod, ZipArchive};

use crate::error::DataError;
use crate::regular;

/// A file in an archive.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its path, as it would be below the folder into which the archive is unpacked.
    pub(super) name: PathBuf,
    /// Where it lies, or why it cannot be read.
    pub(super) place: Result<Place, String>,
}

/// Where the bytes of a file lie in its archive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) at: u64,
    /// Bytes in the archive.
    pub(super) stored: u64,
    /// Bytes of the file.
    pub(super) size: u64,
    pub(super) deflated: bool,
    /// The checksum of the file, where the archive has one.
    pub(super) crc: Option<u32>,
}

/// An archive that is read where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Tar,
    Zip,
}

/// Endings of archives that are known and not read, with what makes one of them that is.
const OTHERS: [(&str, &str); 9] = [
    ("7z", "unpack it"),
    ("bz2", "bunzip2 it"),
    ("gz", "gunzip it"),
    ("lz4", "unpack it"),
    ("rar", "unpack it"),
    ("tgz", "gunzip it"),
    ("txz", "unxz it"),
    ("xz", "unxz it"),
    ("zst", "unzstd it"),
];

fn ending(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase()
}

fn format(path: &Path) -> Option<Format> {
    match ending(path).as_str() {
        "tar" => Some(Format::Tar),
        "zip" => Some(Format::Zip),
        _ => None,
    }
}

/// Whether a file is an archive by its ending: one that is read as a folder, `.tar` or `.zip`, or one whose opening says what
/// to do with it, such as `.tar.gz`.
pub fn is_archive(path: &Path) -> bool {
    is_read(path) || OTHERS.iter().any(|(known, _)| *known == ending(path))
}

/// Whether a file is an archive that is read as a folder, by its ending.
pub(crate) fn is_read(path: &Path) -> bool {
    format(path).is_some()
}

/// The files of an archive, in its order.
pub(super) fn entries(path: &Path) -> Result<Vec<Entry>, DataError> {
    let wrong = |reason: String| DataError::Format { path: path.to_owned(), reason };
    let ending = ending(path);
    let Some(format) = format(path) else {
        let other = OTHERS.iter().find(|(known, _)| *known == ending).map(|(_, how)| *how);
        let reason = match other {
            Some(how) => format!(
                "images are read from the middle of an archive, which .{ending} does not allow; {how} once, and name the \
                 tar or the folder that comes out"
            ),
            None => "expected a folder of images, or an archive of them that ends in .tar or .zip; a file of kontrast \
                     pack is data.name = \"pack\", a CSV file data.name = \"csv\""
                .to_owned(),
        };
        return Err(DataError::Layout { folder: path.to_owned(), reason });
    };
    let file = regular::open(path).map_err(DataError::io(path))?;
    match format {
        Format::Tar => of_tar(file).map_err(|error| {
            wrong(format!("expected a tar archive that is whole: {error}; fetch or make it again"))
        }),
        Format::Zip => of_zip(file).map_err(|error| {
            wrong(format!("expected a zip archive that is whole: {error}; fetch or make it again"))
        }),
    }
}

fn of_tar(file: File) -> std::io::Result<Vec<Entry>> {
    let length = file.metadata()?.len();
    let mut archive = tar::Archive::new(file);
    let mut entries = Vec::new();
    for entry in archive.entries_with_seek()? {
        let entry = entry?;
        let kind = entry.header().entry_type();
        if kind.is_dir() {
            continue;
        }
        let Some(name) = below(&entry.path()?) else { continue };
        let (at, size) = (entry.raw_file_position(), entry.size());
        let place = match () {
            () if !kind.is_file() && !kind.is_contiguous() => {
                Err("it is a link or a sparse file in its archive, and these are not followed".to_owned())
            }
            () if at.checked_add(size).is_none_or(|end| end > length) => {
                return Err(std::io::Error::other(format!("{} is cut short", name.display())));
            }
            () => Ok(Place { at, stored: size, size, deflated: false, crc: None }),
        };
        entries.push(Entry { name, place });
    }
    Ok(entries)
}

fn of_zip(file: File) -> zip::result::ZipResult<Vec<Entry>> {
    let mut archive = ZipArchive::new(BufReader::new(file))?;
    let mut entries = Vec::with_capacity(archive.len());
    for index in 0..archive.len() {
        let (name, place) = {
            let file = archive.by_index_raw(index)?;
            if file.is_dir() {
                continue;
            }
            let Some(name) = file.enclosed_name().and_then(below) else { continue };
            let deflated = match file.compression() {
                CompressionMethod::Stored => Some(false),
                CompressionMethod::Deflated => Some(true),
                _ => None,
            };
            let place = deflated.map(|deflated| Place {
                at: file.data_start(),
                stored: file.compressed_size(),
                size: file.size(),
                deflated,
                crc: Some(file.crc32()),
            });
            (name, place)
        };
        let place = match place {
            None => {
                Err("its archive packs it by another method than deflate; pack it again, or unpack it"
                    .to_owned())
            }
            // Refuses what is encrypted.
            Some(place) => archive.by_index(index).map(|_| place).map_err(|error| error.to_string()),
        };
        entries.push(Entry { name, place });
    }
    Ok(entries)
}

/// The path without what leads out of the folder; none for what a Mac writes beside the files.
fn below(path: &Path) -> Option<PathBuf> {
    let mut names = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        _ => None,
    });
    let first: OsString = names.next()?;
    if first == "__MACOSX" {
        return None;
    }
    let mut below = PathBuf::from(first);
    below.extend(names);
    Some(below)
}
