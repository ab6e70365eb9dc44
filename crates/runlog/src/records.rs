//! The records of an event file: length, a checksum of the length, the bytes, a checksum of the bytes.

use crate::crc32c::masked_crc32c;

const HEAD: usize = 12;

/// The bytes as a record.
pub(crate) fn framed(bytes: &[u8]) -> Vec<u8> {
    let length = (bytes.len() as u64).to_le_bytes();
    let checks = [&length, bytes].map(|part| masked_crc32c(part).to_le_bytes());
    [&length, &checks[0][..], bytes, &checks[1]].concat()
}

/// What an event file holds.
#[derive(Debug, Default)]
pub(crate) struct Found<'b> {
    /// The records whose checksums are right.
    pub(crate) records: Vec<&'b [u8]>,
    /// The end of the last of them.
    pub(crate) end: usize,
    /// Bytes of no record, but for one at the end that was being written.
    pub(crate) damaged: usize,
}

/// Reads all that is whole. Behind damage it goes on with the next record that is.
pub(crate) fn read_records(bytes: &[u8]) -> Found<'_> {
    let mut found = Found::default();
    let mut at = 0;
    while at < bytes.len() && !is_torn(&bytes[at..]) {
        if let Some(record) = record_at(&bytes[at..]) {
            at += record.len() + HEAD + 4;
            found.records.push(record);
            found.end = at;
            continue;
        }
        let next = (at + 1..bytes.len()).find(|next| record_at(&bytes[*next..]).is_some());
        let next = next.unwrap_or(bytes.len());
        found.damaged += next - at;
        at = next;
    }
    found
}

/// Whether this is the beginning of a record and ends before it does.
fn is_torn(bytes: &[u8]) -> bool {
    bytes.len() < HEAD || length(bytes).is_some_and(|length| bytes.len() - HEAD < length.saturating_add(4))
}

/// The record that begins here.
fn record_at(bytes: &[u8]) -> Option<&[u8]> {
    let (record, rest) = bytes[HEAD.min(bytes.len())..].split_at_checked(length(bytes)?)?;
    (rest.get(..4)? == masked_crc32c(record).to_le_bytes()).then_some(record)
}

/// The length that stands here, if its checksum is right.
fn length(bytes: &[u8]) -> Option<usize> {
    let (length, rest) = bytes.split_at_checked(8)?;
    let sound = rest.get(..4)? == masked_crc32c(length).to_le_bytes();
    usize::try_from(u64::from_le_bytes(length.try_into().ok()?)).ok().filter(|_| sound)
}
