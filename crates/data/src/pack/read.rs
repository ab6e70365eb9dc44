//! Reading a pack: the table when it is opened, an image at its offset whenever it is asked for.

use super::table::{HEAD, MAGIC, Record, Table};
use crate::classes::Classes;
use crate::dataset::{Dataset, Labelled};
use crate::error::DataError;
use crate::regular;
use crate::split::{Split, Splits};
use kontrast_augment::{ImageRef, MOST_CHANNELS, has_alpha};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Images of a pack.
#[derive(Debug)]
pub struct PackedImages {
    file: Arc<(PathBuf, File)>,
    records: Vec<Record>,
    channels: usize,
    /// The command that makes the pack again.
    again: Arc<str>,
}

/// Opens a pack for images of `wanted` channels and checks its table. Also says how many channels it has.
///
/// # Errors
/// When the file is no pack, is cut short, its table is damaged, or its images have an alpha that is not wanted.
pub(crate) fn open(path: &Path, wanted: usize) -> Result<(Splits, usize), DataError> {
    let again = Table::default().again(path);
    let refused = |reason: String| DataError::Format { path: path.to_owned(), reason };
    let wrong = |reason: &str| refused(format!("{reason}; make it again with: {again}"));
    let io = |source| DataError::Io { path: path.to_owned(), source };
    if path.is_dir() {
        let reason =
            "this is a folder, no pack; name the file, or train on the folder with data.name = \"folder\"";
        return Err(DataError::NoPack { path: path.to_owned(), reason: reason.to_owned() });
    }
    if !path.exists() {
        let reason = format!("there is no such pack; make it with: {again}");
        return Err(DataError::NoPack { path: path.to_owned(), reason });
    }
    let file = regular::open(path).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    let mut head = [0; HEAD as usize];
    file.read_exact_at(&mut head, 0).map_err(|_| wrong("this is no pack: it is too short"))?;
    if head[..8] != MAGIC[..] {
        return Err(wrong("this is no pack, or one of another version"));
    }
    let size = u64::from_le_bytes(head[8..16].try_into().expect("eight bytes"));
    let start = length.checked_sub(size).filter(|&start| start >= HEAD);
    let start = start.ok_or_else(|| wrong("the pack is cut short"))?;
    let mut json = vec![0; size as usize];
    file.read_exact_at(&mut json, start).map_err(io)?;
    if head[16..] != Sha256::digest(&json)[..] {
        return Err(wrong("the pack's table is damaged, or the file is cut short"));
    }
    let table: Table =
        serde_json::from_slice(&json).map_err(|_| wrong("the pack's table is not understood"))?;
    let again = table.again(path);
    let wrong = |reason: &str| refused(format!("{reason}; make it again with: {again}"));
    let channels = table.channels();
    if !(1..=MOST_CHANNELS).contains(&channels) {
        return Err(wrong("the pack's table is not understood"));
    }
    refuse_alpha(path, channels, wanted)?;
    let Table { class_names, train, test, .. } = table;
    let inside = |record: &Record| record.inside(channels, start);
    let labelled = |record: &Record| class_names.is_empty() || (record.label as usize) < class_names.len();
    if !train.iter().chain(&test).all(|record| inside(record) && labelled(record)) {
        return Err(wrong("the pack's table points outside of it"));
    }
    if train.is_empty() {
        return Err(wrong("the pack holds no training image"));
    }
    let file = Arc::new((path.to_owned(), file));
    let images =
        |records| PackedImages { file: Arc::clone(&file), records, channels, again: again.as_str().into() };
    if class_names.is_empty() {
        let train = Split::Unlabelled(Arc::new(images(train)));
        return Ok((Splits::new(train, None), channels));
    }
    let classes = |records: Vec<Record>| {
        let labels = records.iter().map(|record| record.label).collect();
        Classes::new(images(records), labels, class_names.clone())
    };
    let test = (!test.is_empty()).then(|| Arc::new(classes(test)) as Arc<dyn Labelled>);
    let train = Split::Labelled(Arc::new(classes(train)));
    Ok((Splits::new(train, test), channels))
}

/// Nothing says what transparent pixels of a pack could be laid over.
fn refuse_alpha(path: &Path, channels: usize, wanted: usize) -> Result<(), DataError> {
    if !has_alpha(channels) || has_alpha(wanted) {
        return Ok(());
    }
    let reason = format!(
        "the images of the pack have {channels} channels, alpha among them, and {wanted} without are wanted; give \
         data.mean and data.std {channels} numbers, or pack the folder again with --channels {wanted}"
    );
    Err(DataError::NoPack { path: path.to_owned(), reason })
}

impl Dataset for PackedImages {
    fn len(&self) -> usize {
        self.records.len()
    }

    fn size(&self, index: usize) -> Result<(usize, usize), DataError> {
        let Record { width, height, .. } = self.records[index];
        Ok((width as usize, height as usize))
    }

    fn image<'a>(&'a self, index: usize, buffer: &'a mut Vec<u8>) -> Result<ImageRef<'a>, DataError> {
        let record = self.records[index];
        let (path, file) = &*self.file;
        buffer.resize(record.bytes(self.channels), 0);
        file.read_exact_at(buffer, record.offset)
            .map_err(|source| DataError::Io { path: path.clone(), source })?;
        if crc32fast::hash(buffer) != record.crc {
            let reason = format!(
                "image {index} is damaged: its checksum differs; make the pack again with: {}",
                self.again
            );
            return Err(DataError::Format { path: path.clone(), reason });
        }
        Ok(ImageRef::new(record.width as usize, record.height as usize, buffer))
    }
}
