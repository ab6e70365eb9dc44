//! Image files to pixels: upright, without transparency, and refused where the file is cut short.

use crate::bands;
use crate::error::DataError;
use crate::jpeg::ends;
use crate::storage::Storage;
use crate::transparency::{Decoded, Form, WHITE};
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage};
use std::cell::Cell;
use std::io::Cursor;
use std::panic::UnwindSafe;
use std::path::Path;

/// A header that promises more than 16,384 by 16,384 pixels is no photograph.
pub(crate) const MOST_BYTES: u64 = 3 << 28;

/// A file of more than 256 MiB is no photograph either.
pub(crate) const MOST_FILE: u64 = 256 << 20;

/// An image file, whatever its extension says, turned as its EXIF orientation asks, with the channels that are wanted.
///
/// # Errors
/// When the file cannot be read, has none of the formats, ends early, or has no pixels; each names the file.
pub(crate) fn decode(storage: &Storage, path: &Path, form: Form) -> Result<Decoded, DataError> {
    let format = |reason: String| DataError::Format { path: path.to_owned(), reason };
    let bytes = storage.read(path, MOST_FILE).map_err(|error| format(error.to_string()))?;
    decode_as(&bytes, form).map_err(format)
}

/// As [`decode`], at a half, a quarter or an eighth of the size where the short side keeps at least `short` pixels: where
/// the crate was built with libjpeg-turbo, and for JPEGs.
///
/// # Errors
/// As [`decode`].
#[cfg(feature = "turbojpeg")]
pub(crate) fn decode_at_least(
    storage: &Storage,
    path: &Path,
    short: usize,
    form: Form,
) -> Result<Decoded, DataError> {
    let format = |reason: String| DataError::Format { path: path.to_owned(), reason };
    let bytes = storage.read(path, MOST_FILE).map_err(|error| format(error.to_string()))?;
    let smaller = scaled(&bytes, short).filter(|_| form.levels.is_none());
    let smaller = smaller.map(|image| Decoded::of_rgb(image, form));
    smaller.map_or_else(|| decode_as(&bytes, form), Ok).map_err(format)
}

/// A JPEG at a part of its size; none for what is no JPEG, is cut short, is small already, or has colours that
/// libjpeg-turbo does not turn into RGB, such as CMYK: the other decoder then has the word.
#[cfg(feature = "turbojpeg")]
fn scaled(bytes: &[u8], short: usize) -> Option<RgbImage> {
    use turbojpeg::{Decompressor, Image, PixelFormat, ScalingFactor};
    let mut decompressor = Decompressor::new().ok()?;
    let header = decompressor.read_header(bytes).ok().filter(|_| ends(bytes))?;
    let parts = [ScalingFactor::ONE_EIGHTH, ScalingFactor::ONE_QUARTER, ScalingFactor::ONE_HALF];
    let fits = |factor: &ScalingFactor| factor.scale(header.width.min(header.height)) >= short;
    let factor = parts.into_iter().find(fits)?;
    decompressor.set_scaling_factor(factor).ok()?;
    let header = header.scaled(factor);
    let (width, height, pitch) = (header.width, header.height, 3 * header.width);
    if (height * pitch) as u64 > MOST_BYTES {
        return None;
    }
    let mut pixels = vec![0; height * pitch];
    let image = Image { pixels: &mut pixels[..], width, pitch, height, format: PixelFormat::RGB };
    decompressor.decompress(bytes, image).ok()?;
    let mut image = DynamicImage::from(RgbImage::from_raw(width as u32, height as u32, pixels)?);
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    if let Ok(orientation) = reader.into_decoder().and_then(|mut decoder| decoder.orientation()) {
        image.apply_orientation(orientation);
    }
    Some(image.into_rgb8())
}

thread_local! {
    static DECODING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is decoding an image: a panic there is the decoder's word for a damaged file and becomes an error,
/// so that a panic hook has nothing to say about it.
pub fn is_decoding() -> bool {
    DECODING.get()
}

/// The pixels of an image file in memory, over white, or what is wrong with it. Never panics, whatever the bytes.
///
/// # Errors
/// In words, without the file's name.
pub fn decode_bytes(bytes: &[u8]) -> Result<RgbImage, String> {
    let Decoded { size, pixels, .. } =
        decode_as(bytes, Form { channels: 3, background: WHITE, levels: None })?;
    Ok(RgbImage::from_raw(size.0 as u32, size.1 as u32, pixels).expect("three bytes a pixel"))
}

/// As [`decode_bytes`], with the channels that are wanted.
pub(crate) fn decode_as(bytes: &[u8], form: Form) -> Result<Decoded, String> {
    guarded(|| decoded(bytes, form))
}

/// What a decoder gives, with its panics as errors: it panics at some damaged files instead of naming them.
pub(crate) fn guarded<T>(decode: impl FnOnce() -> Result<T, String> + UnwindSafe) -> Result<T, String> {
    DECODING.set(true);
    let decoded = std::panic::catch_unwind(decode);
    DECODING.set(false);
    decoded.unwrap_or_else(|_| Err("it is damaged: the decoder gave it up".into()))
}

fn decoded(bytes: &[u8], form: Form) -> Result<Decoded, String> {
    // Windows make any number of channels of an image that has one.
    let channels = if form.levels.is_some() { 1 } else { form.channels };
    if let Some((size, pixels)) = bands::read(bytes, channels)? {
        if form.levels.is_some() {
            return Err(
                "it is a NumPy array; data.windows and data.percentiles are of image files and scans".into(),
            );
        }
        return Ok(Decoded { size, pixels, flattened: false });
    }
    let mut reader =
        ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|error| error.to_string())?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_BYTES);
    reader.limits(limits);
    let jpeg = reader.format() == Some(ImageFormat::Jpeg);
    if jpeg && !ends(bytes) {
        return Err("the JPEG is cut short: its last scan has no end".into());
    }
    let mut decoder = reader.into_decoder().map_err(|error| error.to_string())?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err("it has no pixels".into());
    }
    if decoder.total_bytes() > MOST_BYTES {
        return Err(format!(
            "its header promises {width}x{height} pixels; expected at most {} MB",
            MOST_BYTES >> 20
        ));
    }
    // Without an orientation that can be read an image stays as it is stored.
    let orientation = decoder.orientation().ok();
    let mut image = DynamicImage::from_decoder(decoder).map_err(|error| error.to_string())?;
    if let Some(orientation) = orientation {
        image.apply_orientation(orientation);
    }
    match &form.levels {
        Some(levels) => Decoded::levelled(&image, levels, form),
        None => Ok(Decoded::of(image, form)),
    }
}

#[cfg(test)]
mod tests {
    use super::decode_bytes;
    use image::{ImageFormat, Rgb, RgbImage};
    use std::io::Cursor;

    /// Brighter to the right, so that turning it shows.
    fn encoded(format: ImageFormat) -> Vec<u8> {
        let image = RgbImage::from_fn(48, 32, |x, y| Rgb([(x * 5) as u8, (y * 7) as u8, 90]));
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    /// The JPEG with an EXIF block that holds an orientation and nothing else.
    fn turned(orientation: u8) -> Vec<u8> {
        let mut exif = b"\xff\xe1\x00\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
        exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
        let jpeg = encoded(ImageFormat::Jpeg);
        [&jpeg[..2], &exif, &jpeg[2..]].concat()
    }

    #[test]
    fn field_every_format_that_is_named_decodes() {
        let [bmp, gif, tiff, webp] =
            [ImageFormat::Bmp, ImageFormat::Gif, ImageFormat::Tiff, ImageFormat::WebP];
        for format in [ImageFormat::Jpeg, ImageFormat::Png, bmp, gif, tiff, webp] {
            assert_eq!(decode_bytes(&encoded(format)).unwrap().dimensions(), (48, 32));
        }
    }

    #[test]
    fn an_image_stands_upright_as_its_orientation_asks() {
        let upright = decode_bytes(&turned(1)).unwrap();
        assert_eq!(upright.dimensions(), (48, 32));
        // 6: the camera lay on its right side; what is right in the file is below in the picture.
        let quarter = decode_bytes(&turned(6)).unwrap();
        assert_eq!(quarter.dimensions(), (32, 48));
        assert_eq!(quarter.get_pixel(31, 5), upright.get_pixel(5, 0));
        let mirrored = decode_bytes(&turned(2)).unwrap();
        assert_eq!(mirrored.get_pixel(0, 9), upright.get_pixel(47, 9));
    }

    #[cfg(feature = "turbojpeg")]
    #[test]
    fn a_jpeg_is_decoded_at_the_smallest_part_that_is_large_enough() {
        let sizes = |short: usize| super::scaled(&turned(6), short).map(|image| image.dimensions());
        assert_eq!((sizes(33), sizes(17)), (None, None));
        assert_eq!((sizes(16), sizes(5), sizes(4)), (Some((16, 24)), Some((8, 12)), Some((4, 6))));
        let (whole, half) = (decode_bytes(&turned(6)).unwrap(), super::scaled(&turned(6), 16).unwrap());
        for (x, y, pixel) in half.enumerate_pixels() {
            let near = whole.get_pixel(2 * x, 2 * y);
            assert!(
                pixel.0.iter().zip(near.0).all(|(a, b)| a.abs_diff(b) < 16),
                "{x}, {y}: {pixel:?} {near:?}"
            );
        }
        assert!(super::scaled(&encoded(ImageFormat::Png), 4).is_none());
    }

    #[test]
    fn a_file_that_is_cut_short_anywhere_is_refused() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png] {
            let whole = encoded(format);
            for length in 0..whole.len() - 12 {
                assert!(decode_bytes(&whole[..length]).is_err(), "{format:?} of {length} bytes");
            }
        }
    }

    #[test]
    fn field_other_formats_cut_in_the_middle_are_refused() {
        for format in [ImageFormat::Bmp, ImageFormat::Gif, ImageFormat::Tiff, ImageFormat::WebP] {
            let whole = encoded(format);
            for length in (0..whole.len() * 9 / 10).step_by(3) {
                assert!(decode_bytes(&whole[..length]).is_err(), "{format:?}: {length} of {}", whole.len());
            }
        }
    }

    #[test]
    fn a_file_at_which_the_decoder_panics_is_refused() {
        let damaged = include_bytes!("../tests/damaged/decoder-panics.jpg");
        assert_eq!(decode_bytes(damaged).unwrap_err(), "it is damaged: the decoder gave it up");
        assert!(!super::is_decoding());
    }

    #[test]
    fn a_header_that_promises_too_much_is_refused_without_the_memory() {
        let mut png = encoded(ImageFormat::Png);
        // Width and height of the header, with its checksum made anew.
        png[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
        let sum = crc32fast::hash(&png[12..29]).to_be_bytes();
        png[29..33].copy_from_slice(&sum);
        let said = decode_bytes(&png).unwrap_err();
        assert_eq!(said, "its header promises 65535x65535 pixels; expected at most 768 MB");
    }

    #[test]
    fn field_headers_of_other_formats_that_promise_too_much_are_refused() {
        let mut gif = encoded(ImageFormat::Gif);
        gif[6..10].fill(0xff);
        let mut bmp = encoded(ImageFormat::Bmp);
        bmp[18..26].copy_from_slice(&[0xff, 0xff, 0, 0, 0xff, 0xff, 0, 0]);
        // The size of an extended header's canvas, less one, in three bytes each.
        let mut webp = b"RIFF\x1a\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\x3f\0\xff\x3f\0".to_vec();
        webp.extend([0; 64]);
        for huge in [gif, bmp, webp] {
            assert!(decode_bytes(&huge).is_err());
        }
    }

    #[test]
    fn a_million_pixels_without_data_are_refused() {
        let mut png = encoded(ImageFormat::Png);
        png[16..24].copy_from_slice(&[0, 0, 4, 0, 0, 0, 4, 0]);
        let sum = crc32fast::hash(&png[12..29]).to_be_bytes();
        png[29..33].copy_from_slice(&sum);
        assert!(decode_bytes(&png).is_err());
    }
}
