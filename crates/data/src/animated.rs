//! Whether an image file is an animation of several frames: told from its blocks, without decoding.

use std::path::Path;

use crate::decode::MOST_FILE;
use crate::storage::Storage;

/// Most PNG files begin their pixels within so many bytes, and every WebP file says here whether it moves.
const HEAD: u64 = 4096;

/// Whether a file is a GIF, PNG or WebP of more than one frame. One that cannot be read, or is damaged where it says so, is
/// none: it is named when it is decoded.
pub(crate) fn is_animated(path: &Path, storage: &Storage) -> bool {
    let head = storage.head(path, HEAD);
    let known = if head.starts_with(b"GIF8") { None } else { moves(&head) };
    known.unwrap_or_else(|| storage.read(path, MOST_FILE).is_ok_and(|bytes| moves(&bytes).unwrap_or(false)))
}

/// None where the bytes end before they say it.
fn moves(bytes: &[u8]) -> Option<bool> {
    if bytes.starts_with(b"GIF8") {
        several_images(bytes)
    } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        png_moves(bytes)
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        webp_moves(bytes)
    } else {
        Some(false)
    }
}

/// GIF89a, sections 17 to 27: blocks until a second image descriptor.
fn several_images(bytes: &[u8]) -> Option<bool> {
    let palette = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    let mut at = 13 + palette(*bytes.get(10)?);
    let mut images = 0;
    loop {
        match bytes.get(at)? {
            0x21 => at += 2,
            0x2c => {
                images += 1;
                if images > 1 {
                    return Some(true);
                }
                at += 11 + palette(*bytes.get(at + 9)?);
            }
            _ => return Some(false),
        }
        // Sub-blocks, each with its length before it, until an empty one.
        loop {
            let length = usize::from(*bytes.get(at)?);
            at += 1 + length;
            if length == 0 {
                break;
            }
        }
    }
}

/// PNG third edition, section 11.3.3.1: `acTL` stands before the pixels, and holds the number of frames.
fn png_moves(bytes: &[u8]) -> Option<bool> {
    let mut at = 8;
    loop {
        let length = be_u32(bytes.get(at..at + 4)?);
        match bytes.get(at + 4..at + 8)? {
            b"acTL" => return Some(be_u32(bytes.get(at + 8..at + 12)?) > 1),
            b"IDAT" | b"IEND" => return Some(false),
            _ => at += 12 + length,
        }
    }
}

fn be_u32(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |number, &byte| number << 8 | usize::from(byte))
}

/// RFC 9649, section 2.7: a flag of the extended header; then a chunk `ANMF` a frame.
fn webp_moves(bytes: &[u8]) -> Option<bool> {
    if bytes.get(12..16)? != b"VP8X" || bytes.get(20)? & 2 == 0 {
        return Some(false);
    }
    let (mut at, mut frames) = (12, 0);
    while let Some(name) = bytes.get(at..at + 4) {
        frames += usize::from(name == b"ANMF");
        if frames > 1 {
            return Some(true);
        }
        let length =
            bytes.get(at + 4..at + 8)?.iter().rev().fold(0, |number, &byte| number << 8 | usize::from(byte));
        at += 8 + length + length % 2;
    }
    None
}
