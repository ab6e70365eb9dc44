//! Whether a JPEG is whole: its markers, walked by the lengths that they state (ITU-T T.81, annex B).
//!
//! The decoder paints a missing part gray and says nothing, so that it is looked for here. Phones put films, depth maps
//! and further JPEGs behind the end, and thumbnails inside of segments: neither is part of the picture.

const START: u8 = 0xd8;
const END: u8 = 0xd9;
const SCAN: u8 = 0xda;

/// Whether the picture's own end marker follows its scans. Whatever lies behind that end has no part in it.
///
/// A file without any scan counts as whole: the decoder says what it lacks.
pub(crate) fn ends(bytes: &[u8]) -> bool {
    // Behind the marker with which every JPEG starts.
    let mut at = 2;
    let mut scans = false;
    while let Some((marker, behind)) = next_marker(bytes, at) {
        at = behind;
        match marker {
            END => return true,
            // Another picture begins while this one has no end.
            START if scans => return false,
            // Markers that stand alone: temporary, restarts and, before any scan, a start that the decoder judges.
            0x01 | 0xd0..=START => {}
            _ => {
                let Some(length) = bytes.get(at..at + 2) else { break };
                // The length counts its own two bytes.
                at += usize::from(u16::from_be_bytes([length[0], length[1]])).max(2);
                scans |= marker == SCAN;
            }
        }
    }
    !scans
}

/// The first marker from `at` on, and the place behind it. Entropy-coded bytes are passed over: in them 255 is followed by
/// 0 or by a restart marker.
fn next_marker(bytes: &[u8], mut at: usize) -> Option<(u8, usize)> {
    loop {
        at += bytes.get(at..)?.iter().position(|&byte| byte == 0xff)?;
        // Any number of bytes 255 may stand before a marker's own.
        at += bytes[at..].iter().position(|&byte| byte != 0xff)?;
        match bytes[at] {
            0 | 0xd0..=0xd7 => at += 1,
            marker => return Some((marker, at + 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ends;
    use crate::decode_bytes;
    use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
    use std::io::Cursor;

    fn jpeg(width: u32, height: u32) -> Vec<u8> {
        let image =
            RgbImage::from_fn(width, height, |x, y| Rgb([(x * 37) as u8, (y * 59) as u8, (x * y) as u8]));
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::from(image).write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
        bytes.into_inner()
    }

    /// The JPEG with one more segment behind its start.
    fn with_segment(jpeg: &[u8], marker: u8, content: &[u8]) -> Vec<u8> {
        let length = (content.len() as u16 + 2).to_be_bytes();
        [&jpeg[..2], &[0xff, marker], &length, content, &jpeg[2..]].concat()
    }

    /// What cameras and people leave behind the end.
    fn behind() -> Vec<(&'static str, Vec<u8>)> {
        let film = [
            b"\0\0\0\x18ftypmp42\0\0\0\0isommp42\0\0\0\x10mdat".to_vec(),
            vec![0xff, 0xda, 0, 8, 1, 0xff, 0xd8],
        ];
        let second = jpeg(16, 16);
        let mut cut = second.clone();
        cut.truncate(cut.len() - 9);
        vec![
            ("a film, as in motion photos", film.concat()),
            ("a second JPEG, as in MPF", second.clone()),
            ("two more, as in Ultra HDR with a depth map", [&second[..], &second].concat()),
            ("a second JPEG that is cut short", cut),
            ("zeros", vec![0; 4096]),
            ("bytes 255", vec![0xff; 5]),
            ("the start of a scan", vec![0xff, 0xda]),
            ("text", b"<x:xmpmeta>a note</x:xmpmeta>\n".to_vec()),
            ("a second end", vec![0xff, 0xd9]),
        ]
    }

    #[test]
    fn field_bytes_behind_the_end_of_a_jpeg_change_nothing() {
        let whole = jpeg(48, 32);
        let pixels = decode_bytes(&whole).unwrap();
        for (what, behind) in behind() {
            let longer = [&whole[..], &behind].concat();
            assert!(decode_bytes(&longer).as_ref() == Ok(&pixels), "{what}");
        }
    }

    #[test]
    fn field_a_jpeg_cut_short_stays_refused_whatever_lies_inside_or_behind_it() {
        let thumbnail = with_segment(&jpeg(48, 32), 0xe1, &[b"Exif\0\0".to_vec(), jpeg(8, 8)].concat());
        let comment = with_segment(&jpeg(48, 32), 0xfe, &[0xff, 0xd9, 0xff, 0xda, 0xff, 0xd9]);
        for (what, whole) in [("plain", jpeg(48, 32)), ("thumbnail", thumbnail), ("comment", comment)] {
            assert!(decode_bytes(&whole).is_ok(), "{what}");
            let scan = whole.windows(4).rposition(|four| four == [0xff, 0xda, 0, 12]).unwrap();
            let cut = &whole[..scan + (whole.len() - scan) / 2];
            let said = "the JPEG is cut short: its last scan has no end";
            assert_eq!(decode_bytes(cut).unwrap_err(), said, "{what}");
            for padding in [vec![0; 4096], b"some text".to_vec(), jpeg(16, 16)] {
                assert_eq!(decode_bytes(&[cut, &padding].concat()).unwrap_err(), said, "{what}");
            }
        }
    }

    /// Only the markers: a frame, then scans with tables between them.
    #[test]
    fn field_the_scans_of_a_progressive_jpeg_are_walked_to_the_last() {
        let scan = b"\xff\xda\0\x08\x01\x01\0\0\x3f\0\x12\xff\0\x34\xff\xd0\x56\xff\xd7\x78";
        let table = b"\xff\xc4\0\x05\xff\xd9\x01";
        let start = b"\xff\xd8\xff\xc2\0\x05\xff\xd9\x01";
        for scans in 1..4 {
            let body = [&scan[..], table].concat().repeat(scans);
            let open = [&start[..], &body].concat();
            let whole = [&open[..], &[0xff, 0xd9]].concat();
            assert!(ends(&whole) && !ends(&open), "{scans} scans");
            assert!(ends(&[&whole[..], &scan[..]].concat()), "{scans} scans and one behind the end");
            // Bytes that fill the room before a marker.
            assert!(ends(&[&open[..], &[0xff, 0xff, 0xff, 0xd9]].concat()), "{scans} scans and filling");
            assert!((open.len() - 4..open.len()).all(|length| !ends(&open[..length])), "{scans} scans, cut");
        }
    }
}
