//! The entries of a zip archive as `torch.save` writes it: stored, never compressed. Nothing is unpacked; an entry is a part
//! of the file's own bytes, checked against its CRC-32.

use std::collections::BTreeMap;

/// Signatures of the records.
const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
const END_64: u32 = 0x0606_4b50;
const LOCATOR_64: u32 = 0x0706_4b50;
/// Bytes of the end record, and the longest comment behind it.
const END_BYTES: usize = 22;
const COMMENT: usize = 1 << 16;
/// What stands in place of a number that only zip64's record holds.
const IN_64: u64 = 0xffff_ffff;

/// What is wrong with an archive.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum ZipError {
    /// A record or an entry reaches beyond the file, or the directory is not where it should be.
    #[error("a zip archive that is damaged or cut short ({0})")]
    Damaged(&'static str),
    /// Compressed or encrypted.
    #[error("its entry {0} is compressed or encrypted, which torch.save never does")]
    Compressed(String),
    /// Bytes that changed.
    #[error("its entry {0} is damaged: its checksum is another one")]
    Checksum(String),
}

/// Where an entry's bytes lie.
#[derive(Clone, Debug)]
struct Entry {
    start: usize,
    length: usize,
    crc32: u32,
    /// Whether they are as they were.
    stored: bool,
}

/// An archive by the names of its entries.
#[derive(Debug)]
pub(crate) struct Archive<'b> {
    bytes: &'b [u8],
    entries: BTreeMap<String, Entry>,
}

impl<'b> Archive<'b> {
    /// Whether a file begins like an archive.
    pub(crate) fn is_one(bytes: &[u8]) -> bool {
        bytes.starts_with(&LOCAL.to_le_bytes()) || bytes.starts_with(&END.to_le_bytes())
    }

    /// Reads the directory at the end of the file.
    ///
    /// # Errors
    /// Where it is not whole.
    pub(crate) fn open(bytes: &'b [u8]) -> Result<Self, ZipError> {
        let from = bytes.len().saturating_sub(END_BYTES + COMMENT);
        let signature = END.to_le_bytes();
        let end = (from..=bytes.len().saturating_sub(END_BYTES))
            .rev()
            .find(|&at| bytes.get(at..at + 4) == Some(&signature))
            .ok_or(ZipError::Damaged("no directory at its end"))?;
        let (count, start) = directory(bytes, end).ok_or(ZipError::Damaged("no directory"))?;
        let mut entries = BTreeMap::new();
        let mut at = start;
        // Each entry takes bytes of the file, so a count that lies ends in an error.
        for _ in 0..count {
            let (name, entry, next) = entry(bytes, at)?;
            entries.insert(name, entry);
            at = next;
        }
        Ok(Self { bytes, entries })
    }

    /// The names of its entries, in their order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// The bytes of an entry; none where there is none of this name.
    ///
    /// # Errors
    /// Where they are not those that were written, or were not written as they are.
    pub(crate) fn read(&self, name: &str) -> Result<Option<&'b [u8]>, ZipError> {
        let Some(entry) = self.entries.get(name) else { return Ok(None) };
        if !entry.stored {
            return Err(ZipError::Compressed(name.to_owned()));
        }
        let end = entry.start.checked_add(entry.length);
        let bytes = end.and_then(|end| self.bytes.get(entry.start..end));
        let bytes = bytes.ok_or(ZipError::Damaged("an entry is not whole"))?;
        if crc32fast::hash(bytes) != entry.crc32 {
            return Err(ZipError::Checksum(name.to_owned()));
        }
        Ok(Some(bytes))
    }
}

/// How many entries there are, and where the first is described.
fn directory(bytes: &[u8], end: usize) -> Option<(u64, usize)> {
    let (count, start) = (u64::from(u16_at(bytes, end + 10)?), u64::from(u32_at(bytes, end + 16)?));
    let locator = end.checked_sub(20).filter(|&at| u32_at(bytes, at) == Some(LOCATOR_64));
    let (count, start) = match locator {
        Some(at) => {
            let record = usize::try_from(u64_at(bytes, at + 8)?).ok()?;
            (u32_at(bytes, record)? == END_64).then_some(())?;
            (u64_at(bytes, record.checked_add(32)?)?, u64_at(bytes, record.checked_add(48)?)?)
        }
        None => (count, start),
    };
    Some((count, usize::try_from(start).ok()?))
}

/// An entry of the directory: its name, its bytes, and where the next one is described.
fn entry(bytes: &[u8], at: usize) -> Result<(String, Entry, usize), ZipError> {
    let cut = || ZipError::Damaged("its directory is not whole");
    let number = |offset: usize| u32_at(bytes, at.checked_add(offset)?);
    let short = |offset: usize| u16_at(bytes, at.checked_add(offset)?);
    if number(0) != Some(CENTRAL) {
        return Err(cut());
    }
    let (flags, method) = (short(8).ok_or_else(cut)?, short(10).ok_or_else(cut)?);
    let lengths = [28, 30, 32].map(|offset| short(offset).map(usize::from));
    let [Some(name), Some(extra), Some(comment)] = lengths else { return Err(cut()) };
    let behind = at + 46 + name;
    let name = bytes.get(at + 46..behind).ok_or_else(cut)?;
    let name = String::from_utf8_lossy(name).into_owned();
    let stored = flags & 1 == 0 && method == 0;
    let sizes = [24, 20, 42].map(|offset| number(offset).map(u64::from));
    let [Some(length), Some(packed), Some(local)] = sizes else { return Err(cut()) };
    let extras = bytes.get(behind..behind + extra).ok_or_else(cut)?;
    // A compressed entry's two lengths differ; it is never read.
    let [length, _, local] = widened(extras, [length, packed, local]).ok_or_else(cut)?;
    let (length, local) = (usize::try_from(length), usize::try_from(local));
    let (Ok(length), Ok(local)) = (length, local) else { return Err(cut()) };
    let start = data(bytes, local).ok_or_else(cut)?;
    let crc32 = number(16).ok_or_else(cut)?;
    Ok((name, Entry { start, length, crc32, stored }, behind + extra + comment))
}

/// The numbers of an entry, those of zip64's field in place of those that do not fit.
fn widened(mut extras: &[u8], mut numbers: [u64; 3]) -> Option<[u64; 3]> {
    while extras.len() >= 4 {
        let (id, length) = (u16_at(extras, 0)?, usize::from(u16_at(extras, 2)?));
        let field = extras.get(4..4 + length)?;
        if id == 1 {
            let mut at = 0;
            for number in numbers.iter_mut().filter(|number| **number == IN_64) {
                *number = u64_at(field, at)?;
                at += 8;
            }
        }
        extras = &extras[4 + length..];
    }
    Some(numbers)
}

/// Where the bytes of an entry begin, whose own header stands at `local`.
fn data(bytes: &[u8], local: usize) -> Option<usize> {
    (u32_at(bytes, local)? == LOCAL).then_some(())?;
    let [name, extra] = [26, 28].map(|offset| u16_at(bytes, local + offset).map(usize::from));
    Some(local + 30 + name? + extra?)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at.checked_add(2)?)?.try_into().ok().map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at.checked_add(4)?)?.try_into().ok().map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..at.checked_add(8)?)?.try_into().ok().map(u64::from_le_bytes)
}
