//! Archives as folders: the images of tar and zip files, read where they lie.

mod class_numbers;
mod image_files;
mod index;

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{self, Error, ErrorKind, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use flate2::read::DeflateDecoder;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::error::DataError;
use crate::layout::{is_test, is_train};
use crate::regular;
use class_numbers::ClassNumbers;
pub use image_files::ImageFiles;
pub use index::is_archive;
pub(crate) use index::is_read;
use index::{Place, entries};

/// The files of one archive, or of several that are read as one folder.
#[derive(Debug)]
pub(crate) struct Archives {
    files: Vec<File>,
    /// Each file by its path: that of its archive, and behind it the one in the archive.
    members: HashMap<PathBuf, Member>,
    /// What lies in each folder, by the path that it would have below the root.
    folders: HashMap<PathBuf, Folder>,
    /// The folder that has the images.
    top: PathBuf,
    numbers: ClassNumbers,
}

#[derive(Debug)]
struct Member {
    archive: usize,
    place: Result<Place, String>,
}

/// What lies in a folder.
#[derive(Debug, Default)]
pub(crate) struct Folder {
    pub(crate) folders: BTreeSet<PathBuf>,
    pub(crate) files: BTreeSet<PathBuf>,
}

impl Archives {
    /// Reads what `archives` hold. Their files lie in the folder in which the archive lies, in `root` where it is the
    /// archive; where all in one folder are of a split by their names, such as `photos-val-003.tar`, in one of that name.
    ///
    /// # Errors
    /// Where one is no archive or is damaged.
    pub(crate) fn open(root: &Path, archives: &[PathBuf]) -> Result<Self, DataError> {
        let held: Vec<_> = archives.par_iter().map(|path| entries(path)).collect::<Result<_, _>>()?;
        let mut all = Self {
            files: Vec::with_capacity(archives.len()),
            members: HashMap::new(),
            folders: HashMap::new(),
            top: root.to_owned(),
            numbers: ClassNumbers::default(),
        };
        for (number, (archive, entries)) in archives.iter().zip(held).enumerate() {
            all.files.push(regular::open(archive).map_err(DataError::io(archive))?);
            let folder = if archive == root { root.to_owned() } else { folder_of(archive, archives) };
            for entry in entries {
                let path = archive.join(&entry.name);
                all.lay(root, &folder.join(&entry.name), &path);
                all.members.insert(path, Member { archive: number, place: entry.place });
            }
        }
        all.numbers = ClassNumbers::read(all.members.keys(), |path| all.read(path, 64))?;
        all.top = all.inner(root);
        Ok(all)
    }

    /// Puts a file into its folder, and that into the folders above.
    fn lay(&mut self, root: &Path, place: &Path, path: &Path) {
        let Some(folder) = place.parent() else { return };
        let known = self.folders.contains_key(folder);
        self.folders.entry(folder.to_owned()).or_default().files.insert(path.to_owned());
        if known {
            return;
        }
        let mut below = folder;
        while let Some(above) = below.parent().filter(|above| below != root && above.starts_with(root)) {
            if !self.folders.entry(above.to_owned()).or_default().folders.insert(below.to_owned()) {
                return;
            }
            below = above;
        }
    }

    /// Archives often hold one folder with everything in it: what is in that counts.
    fn inner(&self, root: &Path) -> PathBuf {
        let mut top = root;
        while let Some(Folder { folders, files }) = self.folders.get(top) {
            let only = folders.first().filter(|_| folders.len() == 1 && files.is_empty());
            let Some(only) = only else { break };
            let name =
                |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
            let splits = is_train(&name(only)) || is_test(&name(only));
            let stem = root.file_stem().is_some_and(|stem| Some(stem) == only.file_name());
            let holds = self.folders.get(only).is_some_and(|inner| !inner.folders.is_empty());
            if splits || !(stem || holds) {
                break;
            }
            top = only;
        }
        top.to_owned()
    }

    /// The folder that has the images: the root, or the only folder in it.
    pub(crate) fn top(&self) -> &Path {
        &self.top
    }

    pub(crate) fn folder(&self, path: &Path) -> Option<&Folder> {
        self.folders.get(path)
    }

    /// The numbers of classes that lie beside images, as WebDataset has them.
    pub(crate) fn numbers(&self) -> &ClassNumbers {
        &self.numbers
    }

    /// Whether a file is there.
    pub(crate) fn contains(&self, path: &Path) -> bool {
        self.members.contains_key(path)
    }

    /// The bytes of a file of at most so many.
    pub(crate) fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        let (file, place) = self.place(path)?;
        if place.size > most {
            return Err(regular::too_large(most, place.size));
        }
        let bytes = bytes(file, place, place.size)?;
        if place.crc.is_some_and(|crc| crc != crc32fast::hash(&bytes)) {
            return Err(damaged("its checksum in the archive is another"));
        }
        Ok(bytes)
    }

    /// The first bytes of a file; none of one that cannot be read.
    pub(crate) fn head(&self, path: &Path, length: u64) -> Vec<u8> {
        let head = self.place(path).and_then(|(file, place)| bytes(file, place, length.min(place.size)));
        head.unwrap_or_default()
    }

    fn place(&self, path: &Path) -> io::Result<(&File, Place)> {
        let Some(Member { archive, place }) = self.members.get(path) else {
            return Err(Error::new(ErrorKind::NotFound, "its archive has no such file"));
        };
        let place = place.as_ref().map_err(|reason| Error::new(ErrorKind::Unsupported, reason.clone()))?;
        Ok((&self.files[*archive], *place))
    }
}

/// The first `length` bytes of a file in an archive.
fn bytes(file: &File, place: Place, length: u64) -> io::Result<Vec<u8>> {
    if !place.deflated {
        let mut bytes = vec![0; length as usize];
        file.read_exact_at(&mut bytes, place.at)?;
        return Ok(bytes);
    }
    let part = Part { file, at: place.at, left: place.stored };
    let mut bytes = Vec::with_capacity(length as usize);
    DeflateDecoder::new(part).take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != length {
        return Err(damaged("it ends early in its archive"));
    }
    Ok(bytes)
}

fn damaged(reason: &str) -> Error {
    Error::new(ErrorKind::InvalidData, reason)
}

/// A part of a file, read at its place: threads share the file.
struct Part<'f> {
    file: &'f File,
    at: u64,
    left: u64,
}

impl Read for Part<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let read = self.file.read_at(&mut buffer[..most], self.at)?;
        self.at += read as u64;
        self.left -= read as u64;
        Ok(read)
    }
}

/// The folder for what an archive holds.
fn folder_of(archive: &Path, archives: &[PathBuf]) -> PathBuf {
    let parent = archive.parent().unwrap_or(Path::new(""));
    let mut siblings = archives.iter().filter(|other| other.parent() == archive.parent());
    match split_of(archive) {
        Some(split) if siblings.all(|other| split_of(other).is_some()) => parent.join(split),
        _ => parent.to_owned(),
    }
}

/// The split that the name of an archive says, as `val` in `photos-val-003.tar`.
fn split_of(archive: &Path) -> Option<String> {
    let stem = archive.file_stem()?.to_string_lossy().to_ascii_lowercase();
    let mut words = stem.split(|letter: char| !letter.is_alphanumeric());
    words.find(|word| is_train(word) || is_test(word)).map(str::to_owned)
}
