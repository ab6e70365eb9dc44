//! Animations (GIF, APNG, WebP) to frames, each composed of those before it as its format says.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use image::codecs::gif::GifDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::{AnimationDecoder, DynamicImage, ImageDecoder, ImageFormat, ImageResult, Limits};
use kontrast_augment::ImageRef;

use crate::bands;
use crate::decode::{MOST_BYTES, MOST_FILE, guarded};
use crate::error::DataError;
use crate::storage::Storage;
use crate::transparency::{Decoded, Form};

/// An animation, decoded.
#[derive(Debug)]
pub(crate) struct Animation {
    pub(crate) path: PathBuf,
    /// Width and height, in pixels.
    pub(crate) size: (usize, usize),
    /// `[frames][height, width, channels]`
    pub(crate) frames: Vec<Vec<u8>>,
    /// How many frames were transparent in places and were laid over the background.
    pub(crate) flattened: usize,
}

impl Animation {
    /// A frame, from 0.
    pub(crate) fn image(&self, frame: u32) -> ImageRef<'_> {
        ImageRef::new(self.size.0, self.size.1, &self.frames[frame as usize])
    }
}

/// The frames of an animation; none where they take more bytes than are `left` of the memory for animations.
///
/// # Errors
/// When the file cannot be read, is no animation, or is damaged; each names the file.
pub(crate) fn decode_animation(
    storage: &Storage,
    path: &Path,
    form: Form,
    left: &AtomicUsize,
) -> Result<Option<Animation>, DataError> {
    let format = |reason: String| DataError::Format { path: path.to_owned(), reason };
    let bytes = storage.read(path, MOST_FILE).map_err(|error| format(error.to_string()))?;
    let taken = AtomicUsize::new(0);
    let decoded = guarded(|| frames(&bytes, form, left, &taken));
    if !matches!(decoded, Ok(Some(_))) {
        left.fetch_add(taken.into_inner(), Ordering::Relaxed);
    }
    let Some(frames) = decoded.map_err(format)? else { return Ok(None) };
    let Some(first) = frames.first() else { return Err(format("it has no frames".to_owned())) };
    let size = first.size;
    let flattened = frames.iter().filter(|frame| frame.flattened).count();
    let frames = frames.into_iter().map(|frame| frame.pixels).collect();
    Ok(Some(Animation { path: path.to_owned(), size, frames, flattened }))
}

/// Frames of one size; what they take is moved from `left` to `taken`.
fn frames(
    bytes: &[u8],
    form: Form,
    left: &AtomicUsize,
    taken: &AtomicUsize,
) -> Result<Option<Vec<Decoded>>, String> {
    if form.levels.is_some() {
        return Err(
            "it is an animation, which has colours; data.windows and data.percentiles are of gray images"
                .into(),
        );
    }
    bands::read(bytes, form.channels)?;
    let mut frames = Vec::new();
    for frame in undecoded(bytes).map_err(|error| error.to_string())? {
        let frame = frame.map_err(|error| format!("frame {}: {error}", frames.len() + 1))?;
        let frame = Decoded::of(DynamicImage::ImageRgba8(frame.into_buffer()), form);
        let bytes = frame.pixels.len();
        let room = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes));
        if room.is_err() {
            return Ok(None);
        }
        taken.fetch_add(bytes, Ordering::Relaxed);
        frames.push(frame);
    }
    Ok(Some(frames))
}

/// The frames, decoded one after another when they are asked for.
fn undecoded(bytes: &[u8]) -> ImageResult<image::Frames<'_>> {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_BYTES);
    let source = Cursor::new(bytes);
    Ok(match image::guess_format(bytes)? {
        ImageFormat::Png => PngDecoder::with_limits(source, limits)?.apng()?.into_frames(),
        ImageFormat::WebP => {
            let mut decoder = WebPDecoder::new(source)?;
            decoder.set_limits(limits)?;
            decoder.into_frames()
        }
        _ => {
            let mut decoder = GifDecoder::new(source)?;
            decoder.set_limits(limits)?;
            decoder.into_frames()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::decode_animation;
    use crate::storage::Storage;
    use crate::transparency::{Form, WHITE};
    use image::codecs::gif::GifEncoder;
    use image::{Frame, Rgba, RgbaImage};
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn frames_beyond_the_memory_for_them_are_none_and_take_none_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clip.gif");
        let frame = |level| Frame::new(RgbaImage::from_pixel(4, 5, Rgba([level, 0, 0, 255])));
        let mut encoder = GifEncoder::new(std::fs::File::create(&path).unwrap());
        encoder.encode_frames((0..3).map(frame)).unwrap();
        drop(encoder);
        let form = Form { channels: 3, background: WHITE, levels: None };
        let decoded = |left: &AtomicUsize| decode_animation(&Storage::Disk, &path, form, left).unwrap();
        let left = AtomicUsize::new(3 * 60 - 1);
        assert!(decoded(&left).is_none());
        assert_eq!(left.load(Ordering::Relaxed), 3 * 60 - 1);
        let left = AtomicUsize::new(3 * 60);
        let animation = decoded(&left).unwrap();
        assert_eq!((animation.frames.len(), animation.size, animation.frames[2][0]), (3, (4, 5), 2));
        assert_eq!(left.load(Ordering::Relaxed), 0);
    }
}
