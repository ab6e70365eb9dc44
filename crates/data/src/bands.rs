//! Images of many bands: TIFF files with a band a page or in the samples of a pixel, and NumPy arrays.

use std::io::Cursor;

use ndarray::{Array3, Axis};
use ndarray_npy::{ReadNpyError, ReadNpyExt, ReadableElement};
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::Tag;

use crate::decode::MOST_BYTES;

/// The most channels that are a picture; more are bands, which are neither colours nor alpha.
pub(crate) const MOST_COLOURS: usize = 4;

/// How a NumPy file begins.
const NUMPY: &[u8] = b"\x93NUMPY";

/// Width and height, and `[height, width, channels]` bytes.
type Picture = ((usize, usize), Vec<u8>);

/// The picture of a NumPy file, or of another that is to have more than four channels; none of an ordinary image file.
///
/// Values of 16 bits are divided by 257, floats of 0 to 1 multiplied by 255, both rounded to the nearest byte.
pub(crate) fn read(bytes: &[u8], channels: usize) -> Result<Option<Picture>, String> {
    if bytes.starts_with(NUMPY) {
        return of_array(bytes, channels).map(Some);
    }
    if channels <= MOST_COLOURS {
        return Ok(None);
    }
    if bytes.starts_with(b"II*\0") || bytes.starts_with(b"MM\0*") || bytes.starts_with(b"II+\0") {
        return of_pages(bytes, channels).map(Some);
    }
    Err(format!(
        "it has 4 channels at most; expected {channels}: a TIFF file of so many pages or samples a pixel, or a NumPy file \
         of shape (height, width, {channels})"
    ))
}

/// Whether a file that begins so is a NumPy array of three axes: vectors and labels have fewer, collections more.
pub(crate) fn is_image(head: &[u8]) -> bool {
    shape(head).is_some_and(|shape| shape.len() == 3)
}

/// The shape in the header of a NumPy file.
fn shape(head: &[u8]) -> Option<Vec<usize>> {
    let text = String::from_utf8_lossy(head.strip_prefix(NUMPY)?);
    let (_, behind) = text.split_once("'shape'").filter(|(_, behind)| !behind.contains("'shape'"))?;
    let (inside, _) = behind.split_once('(')?.1.split_once(')')?;
    let axes = inside.split(',').map(str::trim).filter(|axis| !axis.is_empty());
    axes.map(|axis| axis.parse().ok()).collect()
}

fn of_array(bytes: &[u8], channels: usize) -> Result<Picture, String> {
    let wanted = format!("(height, width, {channels}) or ({channels}, height, width)");
    let shape = shape(&bytes[..bytes.len().min(1024)]).unwrap_or_default();
    let values = shape.iter().try_fold(1_usize, |product, &axis| product.checked_mul(axis));
    let (Some(values), &[first, _, last]) = (values, &shape[..]) else {
        return Err(format!("it is a NumPy array of shape {shape:?}; expected {wanted}"));
    };
    if values == 0 || values > bytes.len() {
        return Err(format!(
            "it is a NumPy array of shape {shape:?} in {} bytes: empty, or cut short",
            bytes.len()
        ));
    }
    let array = array(bytes)?;
    if array.shape() != shape {
        return Err(format!(
            "it is a NumPy array of shape {:?} under a header that says {shape:?}",
            array.shape()
        ));
    }
    let array = match () {
        () if last == channels => array,
        () if first == channels => array.permuted_axes([1, 2, 0]),
        () => return Err(format!("it is a NumPy array of shape {shape:?}; expected {wanted}")),
    };
    let size = (array.len_of(Axis(1)), array.len_of(Axis(0)));
    Ok((size, array.iter().copied().collect()))
}

/// An array of any of the types that are known, as bytes.
fn array(bytes: &[u8]) -> Result<Array3<u8>, String> {
    let read = |error: ReadNpyError| match error {
        ReadNpyError::WrongDescriptor(found) => {
            format!(
                "it is a NumPy array of {found}; expected values of uint8, uint16, or float32 or float64 from 0 to 1"
            )
        }
        error => error.to_string(),
    };
    if let Some(array) = typed::<u8>(bytes).map_err(read)? {
        return Ok(array);
    }
    if let Some(array) = typed::<u16>(bytes).map_err(read)? {
        return Ok(array.mapv(of_16_bits));
    }
    if let Some(array) = typed::<f32>(bytes).map_err(read)? {
        return checked(&array.mapv(of_float));
    }
    checked(&Array3::<f64>::read_npy(Cursor::new(bytes)).map_err(read)?.mapv(|value| of_float(value as f32)))
}

/// An array of this type; none where it has another.
fn typed<T: ReadableElement>(bytes: &[u8]) -> Result<Option<Array3<T>>, ReadNpyError> {
    match Array3::read_npy(Cursor::new(bytes)) {
        Ok(array) => Ok(Some(array)),
        Err(ReadNpyError::WrongDescriptor(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn checked(array: &Array3<Option<u8>>) -> Result<Array3<u8>, String> {
    if array.iter().any(Option::is_none) {
        return Err(OUTSIDE.to_owned());
    }
    Ok(array.mapv(Option::unwrap_or_default))
}

const OUTSIDE: &str = "it has values that are not from 0 to 1; divide them by the largest that there can be";

fn of_16_bits(value: u16) -> u8 {
    // A byte v is 257 v in 16 bits.
    ((u32::from(value) + 128) / 257) as u8
}

fn of_float(value: f32) -> Option<u8> {
    (0.0..=1.0).contains(&value).then(|| (value * 255.0).round() as u8)
}

const PLANAR: &str = "its bands lie in planes of one page, which are not read (PlanarConfiguration 2); write it with the \
                      samples of a pixel side by side, or with a page for each band";

fn of_pages(bytes: &[u8], channels: usize) -> Result<Picture, String> {
    let said = |error: tiff::TiffError| error.to_string();
    let mut limits = Limits::default();
    limits.decoding_buffer_size = MOST_BYTES as usize;
    let mut decoder = Decoder::new(Cursor::new(bytes)).map_err(said)?.with_limits(limits);
    let size = decoder.dimensions().map_err(said)?;
    let pixels = size.0 as usize * size.1 as usize;
    if pixels == 0 || pixels.saturating_mul(channels) as u64 > MOST_BYTES {
        return Err(format!("its header promises {}x{} pixels of {channels} channels", size.0, size.1));
    }
    let mut picture = vec![0; pixels * channels];
    let mut found = 0;
    loop {
        let page = decoder.dimensions().map_err(said)?;
        if page != size {
            return Err(format!(
                "its pages have {}x{} and {}x{} pixels; expected one size, without overviews",
                size.0, size.1, page.0, page.1
            ));
        }
        let planar = decoder.find_tag(Tag::PlanarConfiguration).map_err(said)?;
        if planar.is_some_and(|value| value.into_u16().is_ok_and(|value| value == 2)) {
            return Err(PLANAR.to_owned());
        }
        let values = values(decoder.read_image().map_err(said)?)?;
        if values.is_empty() || values.len() % pixels != 0 {
            return Err("a page has no whole number of samples a pixel".to_owned());
        }
        let samples = values.len() / pixels;
        if found + samples <= channels {
            for (pixel, source) in picture.chunks_exact_mut(channels).zip(values.chunks_exact(samples)) {
                pixel[found..found + samples].copy_from_slice(source);
            }
        }
        found += samples;
        if !decoder.more_images() {
            break;
        }
        decoder.next_image().map_err(said)?;
    }
    if found != channels {
        return Err(format!("its pages have {found} bands together; expected {channels}"));
    }
    Ok(((size.0 as usize, size.1 as usize), picture))
}

/// The values of a page as bytes.
fn values(read: DecodingResult) -> Result<Vec<u8>, String> {
    match read {
        DecodingResult::U8(values) => Ok(values),
        DecodingResult::U16(values) => Ok(values.into_iter().map(of_16_bits).collect()),
        DecodingResult::F32(values) => {
            values.into_iter().map(of_float).collect::<Option<_>>().ok_or_else(|| OUTSIDE.to_owned())
        }
        _ => Err("it has values of another type; expected 8 or 16 bits, or float32 from 0 to 1".to_owned()),
    }
}
