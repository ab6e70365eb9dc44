//! Where files lie: on the disk, or in archives that are read as folders.

use std::fs::{self, DirEntry};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::archives::Archives;
use crate::error::DataError;
use crate::{own, regular};

/// Where files lie.
#[derive(Clone, Debug, Default)]
pub(crate) enum Storage {
    /// On the disk.
    #[default]
    Disk,
    /// In archives.
    Archives(Arc<Archives>),
}

/// What a name in a folder stands for.
#[derive(Debug)]
pub(crate) enum Entry {
    Folder(PathBuf),
    /// A link to a folder.
    Link(PathBuf),
    /// A file, or a link to one, or to nothing.
    File(PathBuf),
    /// A pipe, a socket or a device.
    Special(PathBuf),
}

impl Entry {
    /// Whether its name begins with a dot.
    pub(crate) fn is_hidden(&self) -> bool {
        let (Self::Folder(path) | Self::Link(path) | Self::File(path) | Self::Special(path)) = self;
        path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
    }
}

impl Storage {
    /// What lies in a folder, by name.
    pub(crate) fn entries(&self, folder: &Path) -> Result<Vec<Entry>, DataError> {
        let Self::Archives(archives) = self else { return on_disk(folder) };
        let Some(found) = archives.folder(folder) else { return Ok(Vec::new()) };
        let folders = found.folders.iter().cloned().map(Entry::Folder);
        Ok(folders.chain(found.files.iter().cloned().map(Entry::File)).collect())
    }

    /// What tells a folder from every other, whatever links lead to it; none in archives, which have no links.
    pub(crate) fn identity(&self, folder: &Path) -> Result<Option<(u64, u64)>, DataError> {
        let Self::Disk = self else { return Ok(None) };
        let found = fs::metadata(folder).map_err(DataError::io(folder))?;
        Ok(Some((found.dev(), found.ino())))
    }

    /// Whether a folder is that of a run.
    pub(crate) fn is_run(&self, folder: &Path) -> bool {
        matches!(self, Self::Disk) && own::is_run(folder)
    }

    /// Reads a regular file of at most so many bytes whole.
    pub(crate) fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        match self {
            Self::Disk => regular::read(path, most),
            Self::Archives(archives) => archives.read(path, most),
        }
    }

    /// The first bytes of a file; none of one that cannot be read.
    pub(crate) fn head(&self, path: &Path, length: u64) -> Vec<u8> {
        if let Self::Archives(archives) = self {
            return archives.head(path, length);
        }
        let mut head = Vec::new();
        if let Ok(file) = regular::open(path) {
            // What was read before an error has to do.
            let _ = file.take(length).read_to_end(&mut head);
        }
        head
    }
}

fn on_disk(folder: &Path) -> Result<Vec<Entry>, DataError> {
    let list = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<DirEntry>>>);
    let mut list = list.map_err(DataError::io(folder))?;
    list.sort_by_key(DirEntry::file_name);
    let mut entries = Vec::with_capacity(list.len());
    for entry in list {
        let path = entry.path();
        let own = entry.file_type().map_err(DataError::io(&path))?;
        entries.push(if own.is_dir() {
            Entry::Folder(path)
        } else if own.is_file() {
            Entry::File(path)
        } else {
            match fs::metadata(&path) {
                Ok(named) if named.is_dir() => Entry::Link(path),
                Ok(named) if !named.is_file() => Entry::Special(path),
                // A link to nothing is a file that cannot be read, and is named as such.
                _ => Entry::File(path),
            }
        });
    }
    Ok(entries)
}
