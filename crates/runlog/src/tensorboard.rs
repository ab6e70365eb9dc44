//! TensorBoard scalars: one event file a run, which survives kills and resumes.
//!
//! A record is its length, a checksum of the length, the bytes, a checksum of the bytes. The bytes are the
//! protocol buffer `Event` of TensorFlow, of which scalars need six fields.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::RunlogError;
use crate::crc32c::masked_crc32c;

/// One point of a curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Scalar {
    /// Name of the curve; a slash groups.
    pub tag: String,
    /// Steps done.
    pub step: u64,
    /// The value.
    pub value: f32,
}

/// Writes scalars where TensorBoard finds them.
#[derive(Debug)]
pub struct ScalarWriter {
    path: PathBuf,
    file: File,
}

impl ScalarWriter {
    /// Opens the event file in this folder, new or where a run at `step` goes on. A torn record is cut off,
    /// and TensorBoard is told to forget what lies after `step`.
    ///
    /// # Errors
    /// When the file cannot be written. The folder is made, but not those around it.
    pub fn open(folder: &Path, step: u64) -> Result<Self, RunlogError> {
        let path = event_file(folder);
        let opened = (|| {
            make(folder)?;
            let mut file =
                OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            let length: usize = records(&bytes).map(|record| record.len() + FRAME).sum();
            file.set_len(length as u64)?;
            file.seek(SeekFrom::Start(length as u64))?;
            Ok((file, length == 0))
        })();
        let (file, new) = opened.map_err(RunlogError::write(&path))?;
        let mut writer = Self { path, file };
        if new {
            writer.record(&Message::event(0).bytes(3, b"brain.Event:2"))?;
        } else if let Some(next) = step.checked_add(1) {
            let session_start = Message::default().varint(1, 1);
            writer.record(&Message::event(next).bytes(7, &session_start.0))?;
        }
        Ok(writer)
    }

    /// Adds values of one step.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&mut self, step: u64, values: &[(&str, f64)]) -> Result<(), RunlogError> {
        let summary = values.iter().fold(Message::default(), |summary, (tag, value)| {
            let value = Message::default().bytes(1, tag.as_bytes()).float(2, *value as f32);
            summary.bytes(1, &value.0)
        });
        self.record(&Message::event(step).bytes(5, &summary.0))
    }

    fn record(&mut self, message: &Message) -> Result<(), RunlogError> {
        let bytes = &message.0;
        let length = (bytes.len() as u64).to_le_bytes();
        let mut record = Vec::with_capacity(bytes.len() + FRAME);
        record.extend(length);
        record.extend(masked_crc32c(&length).to_le_bytes());
        record.extend(bytes);
        record.extend(masked_crc32c(bytes).to_le_bytes());
        self.file.write_all(&record).map_err(RunlogError::write(&self.path))
    }
}

/// Reads the scalars of a folder, in the order they were written; checksums are checked, and reading ends
/// where one is wrong. What a resume made void is left out.
///
/// # Errors
/// When the file cannot be read.
pub fn read_scalars(folder: &Path) -> Result<Vec<Scalar>, RunlogError> {
    let path = event_file(folder);
    let bytes = fs::read(&path).map_err(RunlogError::read(&path))?;
    let mut scalars: Vec<Scalar> = Vec::new();
    for record in records(&bytes) {
        let mut step = 0;
        for (field, value) in fields(record) {
            match (field, value) {
                (2, Field::Varint(number)) => step = number,
                (5, Field::Bytes(summary)) => scalars.extend(points(step, summary)),
                (7, Field::Bytes(_)) => scalars.retain(|scalar| scalar.step < step),
                _ => {}
            }
        }
    }
    Ok(scalars)
}

const FRAME: usize = 16;

/// The folder alone: where the one around it is gone, it stays so.
fn make(folder: &Path) -> io::Result<()> {
    match fs::create_dir(folder) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

fn event_file(folder: &Path) -> PathBuf {
    folder.join("events.out.tfevents.0.kontrast")
}

/// The whole records from the beginning on.
fn records(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = bytes.split_at_checked(8)?;
        let (check, rest) = rest.split_at_checked(4)?;
        let size = u64::from_le_bytes(length.try_into().ok()?);
        let sound = masked_crc32c(length).to_le_bytes() == check;
        let (record, rest) = rest.split_at_checked(usize::try_from(size).ok().filter(|_| sound)?)?;
        let (check, rest) = rest.split_at_checked(4)?;
        bytes = rest;
        (masked_crc32c(record).to_le_bytes() == check).then_some(record)
    })
}

fn points(step: u64, summary: &[u8]) -> Vec<Scalar> {
    let values = fields(summary).filter_map(|(_, field)| match field {
        Field::Bytes(value) => Some(value),
        _ => None,
    });
    let point = |value| {
        let mut scalar = Scalar { tag: String::new(), step, value: 0.0 };
        for (number, field) in fields(value) {
            match (number, field) {
                (1, Field::Bytes(tag)) => scalar.tag = String::from_utf8_lossy(tag).into_owned(),
                (2, Field::Fixed32(bits)) => scalar.value = f32::from_bits(bits),
                _ => {}
            }
        }
        scalar
    };
    values.map(point).collect()
}

/// A protocol buffer as it grows.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    /// The time and the step, which every event has.
    fn event(step: u64) -> Self {
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let mut message = Self::default();
        message.key(1, 1);
        message.0.extend(time.to_le_bytes());
        message.varint(2, step)
    }

    fn varint(mut self, field: u64, value: u64) -> Self {
        self.key(field, 0);
        self.number(value);
        self
    }

    fn bytes(mut self, field: u64, value: &[u8]) -> Self {
        self.key(field, 2);
        self.number(value.len() as u64);
        self.0.extend(value);
        self
    }

    fn float(mut self, field: u64, value: f32) -> Self {
        self.key(field, 5);
        self.0.extend(value.to_le_bytes());
        self
    }

    fn key(&mut self, field: u64, wire_type: u64) {
        self.number(field << 3 | wire_type);
    }

    fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

enum Field<'b> {
    Varint(u64),
    Fixed64,
    Bytes(&'b [u8]),
    Fixed32(u32),
}

/// The fields of a protocol buffer; ends where it is malformed.
fn fields(mut bytes: &[u8]) -> impl Iterator<Item = (u64, Field<'_>)> {
    std::iter::from_fn(move || {
        let key = number(&mut bytes)?;
        let field = match key & 7 {
            0 => Field::Varint(number(&mut bytes)?),
            1 => take(&mut bytes, 8).map(|_| Field::Fixed64)?,
            2 => {
                let length = usize::try_from(number(&mut bytes)?).ok()?;
                Field::Bytes(take(&mut bytes, length)?)
            }
            5 => Field::Fixed32(u32::from_le_bytes(take(&mut bytes, 4)?.try_into().ok()?)),
            _ => return None,
        };
        Some((key >> 3, field))
    })
}

fn take<'b>(bytes: &mut &'b [u8], length: usize) -> Option<&'b [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

fn number(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(bytes, 1)?[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}
