//! DICOM files: what the header says of an image, and its values in the units of the modality.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use dicom_object::{InMemDicomObject, OpenFileOptions, Tag};
use dicom_pixeldata::PixelDecoder;

use super::volume::Point;
use super::{MOST_VALUES, finite};
use crate::decode::guarded;
use crate::regular;

/// Where the values of an image stand.
const PIXEL_DATA: Tag = Tag(0x7FE0, 0x0010);

/// An image of a file, before its values are read.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    pub(crate) path: PathBuf,
    /// Patient ID, where it is not empty.
    pub(crate) patient: Option<String>,
    /// Which images belong to one volume.
    pub(crate) series: String,
    /// Instance number.
    pub(crate) number: i64,
    /// Rows and columns.
    pub(crate) size: [usize; 2],
    pub(crate) frames: Vec<Frame>,
    /// Whether small values are bright.
    pub(crate) inverted: bool,
}

/// An image of a file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Frame {
    /// Directions from column to column and from row to row.
    pub(crate) directions: Option<[Point; 2]>,
    /// Of the first pixel, in mm.
    pub(crate) position: Option<Point>,
    /// Of a pixel in mm, across and down.
    pub(crate) pixel: Option<[f64; 2]>,
    /// Slope and intercept.
    pub(crate) scaling: Option<[f64; 2]>,
}

/// What the header of a file says; none where the file holds no image.
///
/// # Errors
/// In words without the file's name.
pub(crate) fn header(path: &Path) -> Result<Option<Header>, String> {
    regular::open(path).map_err(|error| error.to_string())?;
    let open =
        || OpenFileOptions::new().read_until(PIXEL_DATA).open_file(path).map_err(|error| words(&error));
    let object = guarded(open)?;
    let (Some(rows), Some(columns)) = (numbers(&object, "Rows"), numbers(&object, "Columns")) else {
        return Ok(None);
    };
    let size = [rows[0] as usize, columns[0] as usize];
    let frames = numbers(&object, "NumberOfFrames").map_or(1, |frames| frames[0].max(1.0) as usize);
    if size.contains(&0) || size[0].saturating_mul(size[1]).saturating_mul(frames) > MOST_VALUES {
        return Err(format!(
            "its header promises {frames} images of {} x {} pixels; expected 1 to {MOST_VALUES} pixels in all",
            size[1], size[0]
        ));
    }
    let samples = numbers(&object, "SamplesPerPixel").map_or(1.0, |samples| samples[0]);
    let kind = text(&object, "PhotometricInterpretation").unwrap_or_default();
    if samples > 1.0 || kind == "PALETTE COLOR" {
        return Err(format!(
            "it holds colours ({kind}); expected one value a pixel: write it as PNG, for data.name = \"folder\""
        ));
    }
    require_read(object.meta().transfer_syntax())?;
    let frames: Vec<Frame> = (0..frames).map(|frame| of_frame(&object, frame)).collect();
    // A localizer lies across the slices of its own series.
    let place = frames[0]
        .directions
        .map(|directions| directions.map(|way| way.map(|part| (part * 1e3).round() as i64)));
    let series = text(&object, "SeriesInstanceUID").unwrap_or_else(|| path.display().to_string());
    let kinds = text(&object, "ImageType").unwrap_or_default();
    Ok(Some(Header {
        path: path.to_owned(),
        patient: text(&object, "PatientID"),
        series: format!("{series} {size:?} {place:?} {kinds}"),
        number: numbers(&object, "InstanceNumber").map_or(0, |number| number[0] as i64),
        size,
        frames,
        inverted: kind == "MONOCHROME1",
    }))
}

/// The values of a file, frame after frame, scaled to the units of the modality.
///
/// # Errors
/// In words without the file's name.
pub(crate) fn values(header: &Header) -> Result<Vec<f32>, String> {
    let raw = guarded(|| raw(&header.path))?;
    let count = header.size[0] * header.size[1];
    let expected = count * header.frames.len();
    if raw.len() != expected {
        return Err(format!(
            "expected {expected} pixels, found {}; it is cut short or damaged: fetch it again",
            raw.len()
        ));
    }
    let mut values = Vec::with_capacity(expected);
    for (frame, raw) in header.frames.iter().zip(raw.chunks_exact(count)) {
        let [slope, intercept] = frame.scaling.unwrap_or([1.0, 0.0]);
        values.extend(raw.iter().map(|&value| (f64::from(value) * slope + intercept) as f32));
    }
    finite(&mut values)?;
    Ok(values)
}

/// The stored numbers of all frames, without the bits beside them.
fn raw(path: &Path) -> Result<Vec<i32>, String> {
    let object = OpenFileOptions::new().open_file(path).map_err(|error| words(&error))?;
    if object.get(PIXEL_DATA).is_none() {
        return Err(
            "its header names an image, and there are no pixels; it is cut short, or has floats".into()
        );
    }
    let decoded = object.decode_pixel_data().map_err(|error| words(&error))?;
    let (allocated, stored) = (decoded.bits_allocated(), decoded.bits_stored());
    let bytes = decoded.data();
    // Bits of masks were spread over bytes.
    if allocated == 1 {
        return Ok(bytes.iter().map(|&byte| i32::from(byte != 0)).collect());
    }
    if ![8, 16, 32].contains(&allocated) || !(1..=allocated.min(31)).contains(&stored) {
        return Err(format!(
            "it stores {stored} of {allocated} bits a pixel; expected 1 to 31, of 1, 8, 16 or 32"
        ));
    }
    let low = (decoded.high_bit() + 1).saturating_sub(stored);
    let signed = decoded.pixel_representation() as u16 == 1;
    let width = usize::from(allocated / 8);
    let pixels = decoded.rows() as usize * decoded.columns() as usize * decoded.number_of_frames() as usize;
    // An odd number of bytes is filled up.
    let bytes = bytes.get(..pixels.saturating_mul(width)).unwrap_or(bytes);
    let number = |bytes: &[u8]| {
        let whole = bytes.iter().rev().fold(0_u32, |whole, &byte| whole << 8 | u32::from(byte));
        let spare = 32 - u32::from(stored);
        let left = whole.checked_shr(u32::from(low)).unwrap_or(0) << spare;
        if signed { left as i32 >> spare } else { (left >> spare) as i32 }
    };
    Ok(bytes.chunks_exact(width).map(number).collect())
}

/// What is known of one image: in the groups of its frame, in those of all frames, or beside them.
fn of_frame(object: &InMemDicomObject, frame: usize) -> Frame {
    let shared = item(object, "SharedFunctionalGroupsSequence", 0);
    let own = item(object, "PerFrameFunctionalGroupsSequence", frame);
    let in_groups = |group: &str, name: &str| {
        let within = |parent: Option<&InMemDicomObject>| numbers(item(parent?, group, 0)?, name);
        within(own).or_else(|| within(shared))
    };
    let found = |group: &str, name: &str| in_groups(group, name).or_else(|| numbers(object, name));
    let orientation = found("PlaneOrientationSequence", "ImageOrientationPatient");
    let directions = orientation.and_then(|parts| match parts[..] {
        // DICOM's axes run to the left and the back.
        [a, b, c, d, e, f] => Some([[-a, -b, c], [-d, -e, f]]),
        _ => None,
    });
    let known = |ways: &[Point; 2]| ways.iter().all(|way| (super::volume::length(*way) - 1.0).abs() < 0.01);
    let position = found("PlanePositionSequence", "ImagePositionPatient").and_then(|parts| match parts[..] {
        [x, y, z] => Some([-x, -y, z]),
        _ => None,
    });
    let pixel =
        found("PixelMeasuresSequence", "PixelSpacing").or_else(|| numbers(object, "ImagerPixelSpacing"));
    let pixel = pixel.and_then(|parts| match parts[..] {
        [down, across] if down > 0.0 && across > 0.0 => Some([across, down]),
        _ => None,
    });
    let number = |name: &str| found("PixelValueTransformationSequence", name).map(|parts| parts[0]);
    let scaling = number("RescaleSlope").map(|slope| [slope, number("RescaleIntercept").unwrap_or(0.0)]);
    Frame { directions: directions.filter(known), position, pixel, scaling }
}

/// An item of a sequence.
fn item<'o>(object: &'o InMemDicomObject, name: &str, place: usize) -> Option<&'o InMemDicomObject> {
    object.element_by_name(name).ok()?.items()?.get(place)
}

/// The numbers of an attribute; none where it is missing, empty, or has anything that is no finite number.
fn numbers(object: &InMemDicomObject, name: &str) -> Option<Vec<f64>> {
    let numbers = object.element_by_name(name).ok()?.to_multi_float64().ok()?;
    (!numbers.is_empty() && numbers.iter().all(|number| number.is_finite())).then_some(numbers)
}

/// The text of an attribute without blanks around it; none where it is missing or empty.
fn text(object: &InMemDicomObject, name: &str) -> Option<String> {
    let text = object.element_by_name(name).ok()?.to_str().ok()?;
    let text = text.trim_matches(|letter: char| letter.is_whitespace() || letter == '\0');
    (!text.is_empty()).then(|| text.to_owned())
}

/// Refuses the compressions that are not read, by their names.
fn require_read(syntax: &str) -> Result<(), String> {
    let syntax = syntax.trim_end_matches('\0');
    let last = syntax.strip_prefix("1.2.840.10008.1.2.4.").and_then(|last| last.parse::<u32>().ok());
    let name = match last {
        Some(80 | 81) => "JPEG-LS",
        Some(90..=93) => "JPEG 2000",
        Some(94 | 95 | 204 | 205) => "JPIP",
        Some(100..=106) => "MPEG video",
        Some(107 | 108) => "HEVC video",
        Some(110..=112) => "JPEG XL",
        Some(201..=203) => "High-Throughput JPEG 2000",
        _ => return Ok(()),
    };
    Err(format!(
        "it is compressed as {name} (transfer syntax {syntax}), which is not read; expected none, deflate, RLE or JPEG: \
         decompress it, for example with gdcmconv --raw"
    ))
}

/// An error with what is behind it.
fn words(error: &(dyn Error + 'static)) -> String {
    let chain = || std::iter::successors(Some(error), |&error| error.source());
    let ends = |error: &(dyn Error + 'static)| {
        error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::UnexpectedEof)
    };
    let mut words = String::new();
    for more in chain().map(ToString::to_string) {
        if words.is_empty() {
            words = more;
        } else if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
    }
    if chain().any(ends) { format!("it is cut short or damaged: {words}") } else { words }
}

/// Whether a file is DICOM by its first bytes.
pub(crate) fn is_dicom(head: &[u8]) -> bool {
    head.get(128..132) == Some(b"DICM")
}
