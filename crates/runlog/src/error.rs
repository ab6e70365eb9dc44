//! What can go wrong with the files of a run.

use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use crate::human::printable;

/// What can go wrong with the files of a run. Its text is all that a user needs to see.
#[derive(Debug, thiserror::Error)]
pub enum RunlogError {
    /// A folder is no run directory, and has none in it.
    #[error("{}: expected a run directory, which holds a summary.json, or a folder of them, found none{}",
        printable(folder.display()), if folder.is_file() { "; name the folder that the file lies in" } else { "" })]
    NoRun {
        /// The folder.
        folder: PathBuf,
    },
    /// A file cannot be read.
    #[error("{}: cannot be read: {source}{}", printable(path.display()), advice(source))]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: Error,
    },
    /// A file cannot be written; whatever was there before is still there.
    #[error("{}: cannot be written: {source}{}", printable(path.display()), advice(source))]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: Error,
    },
    /// Another process owns the run directory.
    #[error(
        "{}: in use by {}; wait for it, stop it, or choose another folder with --out",
        printable(path.display()),
        match process { Some(process) => format!("process {process}"), None => "another process".to_owned() }
    )]
    InUse {
        /// The run directory.
        path: PathBuf,
        /// The process, where it left its number.
        process: Option<u32>,
    },
    /// The run directory is no longer there, or another in its place.
    #[error(
        "{}: the run directory was moved or deleted while the run was writing to it, and nothing more is written; move \
         it back and go on with --resume, or start again",
        printable(path.display())
    )]
    Gone {
        /// Where it was.
        path: PathBuf,
    },
    /// A file is not what it should be.
    #[error("{}:{line}: expected {expected}, found {found}; the file was changed by other hands", printable(path.display()))]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What was expected.
        expected: &'static str,
        /// What is wrong.
        found: String,
    },
}

impl RunlogError {
    pub(crate) fn read(path: &Path) -> impl FnOnce(Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Read { path, source }
    }

    pub(crate) fn write(path: &Path) -> impl FnOnce(Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Write { path, source }
    }
}

fn advice(source: &Error) -> &'static str {
    match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            "; free some space and start again with --resume: what was there before is untouched"
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "; make the folder writable, or choose another with --out"
        }
        _ => "",
    }
}
