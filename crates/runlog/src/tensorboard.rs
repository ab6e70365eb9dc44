//! TensorBoard scalars: one event file a run, which survives kills and resumes.
//!
//! The bytes of a record are the protocol buffer `Event` of TensorFlow, of which scalars need six fields.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::human::printable;
use crate::records::{framed, read_records};
use crate::{RunlogError, atomic_write};

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
    /// The points of the step that was written last.
    there: Vec<Scalar>,
    note: Option<String>,
}

impl ScalarWriter {
    /// Opens the event file in this folder, new or where a run at `step` goes on. A torn record is cut off,
    /// and TensorBoard is told to forget what lies after `step`. A damaged file is set aside, see [`ScalarWriter::note`].
    ///
    /// # Errors
    /// When the file cannot be written. The folder is made, but not those around it.
    pub fn open(folder: &Path, step: u64) -> Result<Self, RunlogError> {
        let path = event_file(folder);
        let (bytes, note) = mended(folder, &path)?;
        let found = read_records(&bytes);
        let mut there = scalars(&found.records);
        there.retain(|scalar| scalar.step == step);
        let end = found.end as u64;
        let opened = (|| {
            let mut file = OpenOptions::new().write(true).create(true).truncate(false).open(&path)?;
            file.set_len(end)?;
            file.seek(SeekFrom::Start(end))?;
            Ok(file)
        })();
        let file = opened.map_err(RunlogError::write(&path))?;
        let mut writer = Self { path, file, there, note };
        if end == 0 {
            writer.record(&Message::event(0).bytes(3, b"brain.Event:2"))?;
        } else if let Some(next) = step.checked_add(1) {
            writer.forget(next)?;
        }
        Ok(writer)
    }

    /// What a person should know: that the file was damaged, and where it lies now.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Adds values of one step. A value that the curve has at this step is not written again, and another one takes its
    /// place; that holds for the step at which the file was opened and for the one written last.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&mut self, step: u64, values: &[(&str, f64)]) -> Result<(), RunlogError> {
        self.there.retain(|scalar| scalar.step == step);
        let scalar =
            |(tag, value): &(&str, f64)| Scalar { tag: (*tag).to_owned(), step, value: *value as f32 };
        let mut new: Vec<_> = values.iter().map(scalar).collect();
        new.retain(|scalar| !self.there.iter().any(|there| is_same(there, scalar)));
        let before = self.there.len();
        self.there.retain(|there| new.iter().all(|scalar| scalar.tag != there.tag));
        if self.there.len() < before {
            // Only a whole step can be forgotten.
            self.forget(step)?;
            new.splice(..0, self.there.drain(..));
        }
        if new.is_empty() {
            return Ok(());
        }
        let summary = new.iter().fold(Message::default(), |summary, scalar| {
            let value = Message::default().bytes(1, scalar.tag.as_bytes()).float(2, scalar.value);
            summary.bytes(1, &value.0)
        });
        self.there.extend(new);
        self.record(&Message::event(step).bytes(5, &summary.0))
    }

    /// Tells readers to forget what lies from this step on.
    fn forget(&mut self, step: u64) -> Result<(), RunlogError> {
        let session_start = Message::default().varint(1, 1);
        self.record(&Message::event(step).bytes(7, &session_start.0))
    }

    fn record(&mut self, message: &Message) -> Result<(), RunlogError> {
        self.file.write_all(&framed(&message.0)).map_err(RunlogError::write(&self.path))
    }
}

/// Reads the scalars of a folder, in the order they were written; records with a wrong checksum are passed over, and what
/// a resume made void is left out.
///
/// # Errors
/// When the file cannot be read.
pub fn read_scalars(folder: &Path) -> Result<Vec<Scalar>, RunlogError> {
    let path = event_file(folder);
    let bytes = fs::read(&path).map_err(RunlogError::read(&path))?;
    Ok(scalars(&read_records(&bytes).records))
}

fn scalars(records: &[&[u8]]) -> Vec<Scalar> {
    let mut scalars: Vec<Scalar> = Vec::new();
    for record in records {
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
    scalars
}

/// To the bit, so that a value that is no number is itself.
fn is_same(a: &Scalar, b: &Scalar) -> bool {
    (a.step, &a.tag, a.value.to_bits()) == (b.step, &b.tag, b.value.to_bits())
}

/// The bytes of the event file, of none where it is new. A damaged one is set aside for its whole records, and this is said.
fn mended(folder: &Path, path: &Path) -> Result<(Vec<u8>, Option<String>), RunlogError> {
    make(folder).map_err(RunlogError::write(path))?;
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        read => read.map_err(RunlogError::read(path))?,
    };
    let found = read_records(&bytes);
    if found.damaged == 0 {
        return Ok((bytes, None));
    }
    let whole: Vec<u8> = found.records.iter().flat_map(|record| framed(record)).collect();
    let note = set_aside(path, found.damaged)?;
    atomic_write(path, &whole)?;
    Ok((whole, Some(note)))
}

/// Copies a damaged file beside itself, under a name that TensorBoard does not read, and says so.
fn set_aside(path: &Path, damaged: usize) -> Result<String, RunlogError> {
    let mut number = 1;
    let aside = loop {
        let aside = path.with_file_name(format!("damaged-{number}.kontrast"));
        if !aside.exists() {
            break aside;
        }
        number += 1;
    };
    fs::copy(path, &aside).map_err(RunlogError::write(&aside))?;
    Ok(format!(
        "{}: expected records with their checksums, found {damaged} bytes of none; the damaged file lies beside it as \
         {}, and the curves go on with what is whole, so they may have gaps",
        printable(path.display()),
        aside.file_name().unwrap_or_default().display()
    ))
}

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
