//! Reading a configuration's text: what kind of file it is, how large, and in which letters.

use std::fs::{self, File, FileType};
use std::io::{self, Read};
use std::path::Path;

/// The largest file that is read, in bytes: a hundred times the largest that anyone has written.
const LARGEST: u64 = 1 << 20;

/// Why there is no text.
#[derive(Debug)]
pub(crate) enum NoText {
    /// The system says so.
    Unreadable(io::Error),
    /// What was expected, what was found, what to do.
    Wrong(String),
}

/// The text of a file, without a mark of its byte order. Only regular files are read, and only such of a bounded size.
pub(crate) fn read_text(path: &Path) -> Result<String, NoText> {
    let found = fs::metadata(path).map_err(NoText::Unreadable)?;
    if !found.is_file() {
        return Err(NoText::Wrong(format!("expected a file of text, found {}", kind(found.file_type()))));
    }
    let mut bytes = Vec::new();
    if found.len() <= LARGEST {
        let file = File::open(path).map_err(NoText::Unreadable)?;
        file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(NoText::Unreadable)?;
    }
    let length = found.len().max(bytes.len() as u64);
    if length > LARGEST {
        let advice = "name the experiment's own file";
        return Err(NoText::Wrong(format!("expected at most {LARGEST} bytes, found {length}; {advice}")));
    }
    decoded(bytes).map_err(NoText::Wrong)
}

fn decoded(bytes: Vec<u8>) -> Result<String, String> {
    if let Some(encoding) = encoding(&bytes) {
        return Err(format!("expected a text in UTF-8, found {encoding}; save it as UTF-8"));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let (whole, _) = error.as_bytes().split_at(error.utf8_error().valid_up_to());
        let line = whole.split(|byte| *byte == b'\n').count();
        format!("expected a text in UTF-8, found a byte in line {line} that is none; save it as UTF-8")
    })?;
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}

/// Another encoding than UTF-8, by its mark or by the zeros that it writes beside Latin letters.
fn encoding(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => return Some("UTF-32"),
        [0xff, 0xfe, ..] => return Some("UTF-16, little-endian"),
        [0xfe, 0xff, ..] => return Some("UTF-16, big-endian"),
        _ => {}
    }
    let zeros = |first: usize| bytes.iter().skip(first).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    // Of letters that are not Latin there are no zeros, but keys, spaces and ends of lines are.
    let most = |one: usize, other: usize| one > bytes.len() / 8 && other <= one / 8;
    if most(odd, even) {
        Some("UTF-16, little-endian, without a mark of its byte order")
    } else if most(even, odd) {
        Some("UTF-16, big-endian, without a mark of its byte order")
    } else {
        None
    }
}

fn kind(found: FileType) -> &'static str {
    if found.is_dir() {
        return "a folder; name a file in it";
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;

        if found.is_fifo() {
            return "a named pipe; write the text to a file";
        }
        if found.is_char_device() || found.is_block_device() {
            return "a device; name a file";
        }
        if found.is_socket() {
            return "a socket; name a file";
        }
    }
    "something else; name a file"
}
