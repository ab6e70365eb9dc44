//! Writing a pack: every image decoded, resized and appended, the table last; then the file gets its name.

use super::table::{HEAD, MAGIC, Record, Table};
use crate::dataset::{Dataset, Labelled};
use crate::error::DataError;
use crate::split::Splits;
use kontrast_augment::{ImageRef, Op, Recipe, Scratch, by_short_side, render_into};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Images that are decoded side by side before they are written: memory is bounded, and no core waits long.
const AT_ONCE: usize = 64;

/// How a folder is packed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Packing {
    /// Pixels of the short side of larger images; they keep their sizes where it is left out.
    pub short: Option<usize>,
    /// The fraction that became the test split, which the pack remembers for its messages.
    pub holdout: Option<f64>,
}

/// What was packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackSummary {
    /// Training images.
    pub train: usize,
    /// Test images.
    pub test: usize,
    /// Size of the file.
    pub bytes: u64,
}

/// Writes all images of `splits` to `out`, resized (antialiased bilinear) to the short side where one is given and the
/// image is larger. `progress` hears of images done and of all, and may stop the work.
///
/// # Errors
/// When an image cannot be read, the file cannot be written, or `progress` stops; an earlier file of that name then stays
/// as it is.
pub fn pack(
    splits: &Splits,
    packing: Packing,
    out: &Path,
    progress: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
) -> Result<PackSummary, DataError> {
    let io = |source| DataError::Io { path: out.to_owned(), source };
    let unfinished = unfinished(out);
    let file = File::create(&unfinished).map_err(io)?;
    let written = Writer { file: BufWriter::new(file), at: HEAD, channels: None, path: out }
        .all(splits, packing, progress);
    let named = written.and_then(|summary| std::fs::rename(&unfinished, out).map_err(io).map(|()| summary));
    if named.is_err() {
        // The error that stopped the packing is the one to tell.
        let _ = std::fs::remove_file(&unfinished);
    }
    named
}

/// Removes what a killed packing to `out` left, and says whether there was something.
///
/// # Errors
/// When it cannot be removed.
pub fn remove_unfinished(out: &Path) -> Result<bool, DataError> {
    let unfinished = unfinished(out);
    match std::fs::remove_file(&unfinished) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(DataError::Io { path: unfinished, source }),
    }
}

/// The name of a pack that is being written.
fn unfinished(out: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(out.file_name().unwrap_or_default());
    name.push(".part");
    out.with_file_name(name)
}

struct Writer<'p> {
    file: BufWriter<File>,
    at: u64,
    /// Channels of the images, once one was written.
    channels: Option<usize>,
    path: &'p Path,
}

impl Writer<'_> {
    fn all(
        mut self,
        splits: &Splits,
        Packing { short, holdout }: Packing,
        progress: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
    ) -> Result<PackSummary, DataError> {
        let (train, labelled, test) =
            (splits.train.images(), splits.train.labelled(), splits.test.as_deref());
        let total = train.len() + test.map_or(0, Dataset::len);
        let class_names = labelled.as_ref().map_or(Vec::new(), |images| images.class_names().to_vec());
        let mut table = Table { short, holdout, class_names, ..Table::default() };
        self.write(&vec![0; HEAD as usize])?;
        let label = |index: usize| labelled.as_ref().map_or(0, |images| images.label(index));
        table.train = self.images(&*train, &label, short, &mut |done| progress(done, total))?;
        if let Some(test) = test {
            let before = table.train.len();
            let label = |index: usize| Labelled::label(test, index);
            table.test = self.images(test, &label, short, &mut |done| progress(before + done, total))?;
        }
        table.channels = self.channels;
        let json = serde_json::to_vec(&table).expect("a table of numbers and names");
        self.write(&json)?;
        let bytes = self.at + json.len() as u64;
        self.head(&json)?;
        Ok(PackSummary { train: table.train.len(), test: table.test.len(), bytes })
    }

    fn images(
        &mut self,
        images: &dyn Dataset,
        label: &dyn Fn(usize) -> u32,
        short: Option<usize>,
        done: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Vec<Record>, DataError> {
        let mut records = Vec::with_capacity(images.len());
        for first in (0..images.len()).step_by(AT_ONCE) {
            let end = images.len().min(first + AT_ONCE);
            let block: Result<Vec<_>, _> =
                (first..end).into_par_iter().map(|index| resized(images, index, short)).collect();
            for (index, (width, height, pixels)) in (first..end).zip(block?) {
                self.channels = Some(pixels.len() / (width * height));
                let crc = crc32fast::hash(&pixels);
                let (width, height) = (width as u32, height as u32);
                records.push(Record { offset: self.at, width, height, label: label(index), crc });
                self.write(&pixels)?;
                self.at += pixels.len() as u64;
            }
            if done(end).is_break() {
                return Err(DataError::Interrupted(self.path.to_owned()));
            }
        }
        Ok(records)
    }

    /// The head, once everything behind it is on the disk.
    fn head(mut self, table: &[u8]) -> Result<(), DataError> {
        let path = self.path;
        let io = |source| DataError::Io { path: path.to_owned(), source };
        self.file.flush().map_err(io)?;
        let mut head = MAGIC.to_vec();
        head.extend((table.len() as u64).to_le_bytes());
        head.extend(Sha256::digest(table));
        self.file.seek(SeekFrom::Start(0)).map_err(io)?;
        self.write(&head)?;
        self.file.flush().map_err(io)?;
        self.file.get_ref().sync_all().map_err(io)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), DataError> {
        let path = self.path;
        self.file.write_all(bytes).map_err(|source| DataError::Io { path: path.to_owned(), source })
    }
}

/// Width, height and pixels; images are made smaller only.
fn resized(
    images: &dyn Dataset,
    index: usize,
    short: Option<usize>,
) -> Result<(usize, usize, Vec<u8>), DataError> {
    let mut buffer = Vec::new();
    let image: ImageRef<'_> = match short {
        Some(short) => images.image_at_least(index, short, &mut buffer)?,
        None => images.image(index, &mut buffer)?,
    };
    let (width, height) = image.size();
    let Some(short) = short.filter(|&short| short < width.min(height)) else {
        return Ok((width, height, image.pixels.to_vec()));
    };
    let (width, height) = by_short_side((width, height), short);
    let recipe = Recipe { size: (width, height), ops: vec![Op::Resize { width, height }] };
    let mut pixels = vec![0; width * height * image.channels()];
    render_into(&recipe, image, &mut pixels, &mut Scratch::default());
    Ok((width, height, pixels))
}
