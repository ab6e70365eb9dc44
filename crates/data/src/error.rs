//! What can go wrong with data, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// The formats that are read.
const FORMATS: &str = "JPEG, PNG, WebP, BMP, TIFF or GIF";

/// An error of reading, fetching or loading images.
#[derive(Debug, Error)]
pub enum DataError {
    /// The data set is not in the cache.
    #[error("{}: {dataset} is not there; fetch it with: cargo xtask data {dataset}", folder.display())]
    Missing {
        /// Its name.
        dataset: &'static str,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// Scans, in a build that reads none.
    #[error(
        "{}: this build reads no DICOM and NIfTI files; with cargo xtask a command that names a file with data.name = \"scans\" builds \
         one that does, else build with --features scans",
        folder.display()
    )]
    NoScans {
        /// The folder of scans.
        folder: PathBuf,
    },
    /// No data set of this name can be fetched.
    #[error("no data set is called {name:?}; there are {}", known.join(", "))]
    Unknown {
        /// What was asked for.
        name: String,
        /// The data sets that can be fetched.
        known: &'static [&'static str],
    },
    /// A file is shorter or longer than it should be.
    #[error("{}: expected {expected} bytes, found {found}; fetch again with: cargo xtask data {dataset}", path.display())]
    Size {
        /// The file.
        path: PathBuf,
        /// The data set's name.
        dataset: &'static str,
        /// Bytes it should have.
        expected: u64,
        /// Bytes it has.
        found: u64,
    },
    /// A file has the right length and other bytes.
    #[error("{}: expected the SHA-256 {expected}, found {found}; fetch again with: cargo xtask data {dataset}", path.display())]
    Checksum {
        /// The file.
        path: PathBuf,
        /// The data set's name.
        dataset: &'static str,
        /// 64 hexadecimal digits.
        expected: String,
        /// 64 hexadecimal digits.
        found: String,
    },
    /// A label that names no class.
    #[error(
        "{}: image {image} has the label {label}; expected a number below {classes}; fetch again with: \
         cargo xtask data {dataset}",
        path.display()
    )]
    Label {
        /// The file.
        path: PathBuf,
        /// The data set's name.
        dataset: &'static str,
        /// The image's position in it.
        image: usize,
        /// What was found.
        label: u32,
        /// Number of classes.
        classes: usize,
    },
    /// No pack where one is named.
    #[error("{}: {reason}", path.display())]
    NoPack {
        /// As given.
        path: PathBuf,
        /// What is there, and what to do.
        reason: String,
    },
    /// A file that is not what its name says.
    #[error("{}: {reason}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What was expected and what was found.
        reason: String,
    },
    /// A folder without images.
    #[error(
        "{}: no images found{others}; expected {} files, in one folder a class or side by side",
        folder.display(),
        FORMATS
    )]
    EmptyFolder {
        /// The folder.
        folder: PathBuf,
        /// How many images of other formats lie there, as in `, but 3 .webp`; empty without any.
        others: String,
    },
    /// A folder of images that is not there.
    #[error(
        "{}: data.root names no folder that is there; {}a relative path begins in the folder in which the command runs, {}",
        folder.display(),
        home(folder),
        here.display()
    )]
    NoFolder {
        /// As given.
        folder: PathBuf,
        /// Where the command runs.
        here: PathBuf,
    },
    /// Bands are wanted of images that have others, or none.
    #[error(
        "expected images of {wanted} channels, found images of {stored}; give as many numbers in data.mean and data.std, or name \
         other images"
    )]
    Bands {
        /// Channels of the images.
        stored: usize,
        /// Channels that are wanted.
        wanted: usize,
    },
    /// A holdout that the folder does not bear.
    #[error("{}: data.holdout = {fraction} {reason}", folder.display())]
    Holdout {
        /// The folder.
        folder: PathBuf,
        /// As given.
        fraction: f64,
        /// Why not, and what to do.
        reason: String,
    },
    /// A folder of images none of which can be decoded.
    #[error(
        "{}: expected images, found {images} files of which none can be read: {named}; mend them, or name another folder \
         with data.root",
        folder.display()
    )]
    NoneReadable {
        /// The folder.
        folder: PathBuf,
        /// How many files.
        images: usize,
        /// The first of them, with the reason.
        named: String,
    },
    /// Images that cannot be decoded.
    #[error(
        "{count} of {images} images cannot be read: {named}; mend or remove them, or set data.unreadable = \"skip\""
    )]
    Unreadable {
        /// How many.
        count: usize,
        /// Of how many.
        images: usize,
        /// The first of them, with the reason.
        named: String,
    },
    /// A setting of the image folder that does not fit what lies in it.
    #[error("{}: {reason}", folder.display())]
    Layout {
        /// The folder.
        folder: PathBuf,
        /// What does not fit, and what to do.
        reason: String,
    },
    /// More images asked for than there are.
    #[error(
        "data.subset = {asked}, but there are {available} training images; ask for a number from 1 to {available}, or \
         for all of them with data.subset = \"all\""
    )]
    Subset {
        /// As given.
        asked: usize,
        /// Images there are.
        available: usize,
    },
    /// Fewer images asked for than one group has.
    #[error(
        "data.subset = {asked}: groups of images stay whole, and the first that the seed draws has more; ask for more images"
    )]
    Groups {
        /// As given.
        asked: usize,
    },
    /// Partners are wanted of images whose groups have none to give.
    #[error("data.pairs: {reason}")]
    Pairs {
        /// What was expected, what was found, what to do.
        reason: String,
    },
    /// A line of a file that names images.
    #[error("{}:{line}: {reason}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: u64,
        /// What was expected, what was found, what to do.
        reason: String,
    },
    /// A batch larger than the data set.
    #[error(
        "train.batch = {batch}, but there are {images} training images, so that an epoch would have no step; ask for at \
         most {images}"
    )]
    Batch {
        /// As given.
        batch: usize,
        /// Images there are.
        images: usize,
    },
    /// Images of several sizes where a device holds them all in one tensor.
    #[error(
        "train.feed = \"device\": expected images of one size, found {first} and {other}; use train.feed = \"host\", or pack \
         images of equal proportions at one size: kontrast pack FOLDER FILE --short N"
    )]
    Sizes {
        /// An image and its size, in words.
        first: String,
        /// Another one.
        other: String,
    },
    /// Drawn shapes that cannot be drawn.
    #[error("data.{table}.{key} = {found}; expected {expected}")]
    Synthetic {
        /// The table of the file: `synthetic` or `synthetic_video`.
        table: &'static str,
        /// The key.
        key: &'static str,
        /// As given.
        found: usize,
        /// What would do.
        expected: String,
    },
    /// Every way to fetch a data set failed.
    #[error("{dataset} cannot be fetched: {}; see whether the network is up, and try again", attempts.join("; "))]
    Fetch {
        /// Its name.
        dataset: &'static str,
        /// One sentence a way.
        attempts: Vec<String>,
    },
    /// A helper program that fetching needs failed or is not there.
    #[error("{program}: {reason}")]
    Program {
        /// What was run.
        program: String,
        /// What it said, and what to do.
        reason: String,
    },
    /// A download failed whose file may as well be brought by hand.
    #[error("{reason}; or fetch {name} elsewhere and put it into {}", folder.display())]
    ByHand {
        /// How the download failed.
        reason: String,
        /// The file that is wanted.
        name: String,
        /// Where it is looked for.
        folder: PathBuf,
    },
    /// Who asked for the work stopped it.
    #[error("{}: stopped before it was whole, and removed", .0.display())]
    Interrupted(PathBuf),
    /// The loader's threads stopped: why, and what to do.
    #[error("the loader stopped: {0}")]
    Stopped(String),
    /// The operating system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

/// What to do about a path of which only a shell knows what it means.
fn home(folder: &Path) -> &'static str {
    if folder.starts_with("~") { "~ is not expanded, write the whole path; " } else { "" }
}

impl DataError {
    /// An error of the operating system about this path: `map_err(DataError::io(path))`.
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}
