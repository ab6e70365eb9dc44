//! A borrowed image: gray or colour, with alpha or without, or bands.

/// An image of bytes, row after row, without padding: gray, gray with alpha, RGB, RGB with alpha, or from five channels
/// on bands, such as those of a satellite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageRef<'a> {
    /// Pixels in a row.
    pub width: usize,
    /// Number of rows.
    pub height: usize,
    /// `height * width * channels` bytes.
    pub pixels: &'a [u8],
}

/// The most channels that an image has.
pub const MOST_CHANNELS: usize = 256;

/// The most channels that are a picture; more are bands, which are neither colours nor alpha.
pub(crate) const MOST_COLOURS: usize = 4;

/// Whether the last of so many channels is alpha.
#[inline(always)]
pub const fn has_alpha(channels: usize) -> bool {
    channels == 2 || channels == 4
}

/// How many of so many channels are not alpha.
#[inline(always)]
pub const fn colours(channels: usize) -> usize {
    if has_alpha(channels) { channels - 1 } else { channels }
}

impl<'a> ImageRef<'a> {
    /// Borrows `pixels` as an image; how many bytes a pixel has says how many channels there are.
    ///
    /// # Panics
    /// When there is no pixel, or when a pixel does not have 1 to 256 bytes.
    pub fn new(width: usize, height: usize, pixels: &'a [u8]) -> Self {
        assert!(width > 0 && height > 0, "an image of {width}x{height} has no pixels");
        let (bytes, area) = (pixels.len(), width * height);
        let whole = bytes.is_multiple_of(area) && (1..=MOST_CHANNELS).contains(&(bytes / area));
        assert!(whole, "{bytes} bytes of an image of {width}x{height}: expected 1 to 256 a pixel");
        Self { width, height, pixels }
    }

    /// Width and height.
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// 1 (gray), 2 (gray and alpha), 3 (RGB), 4 (RGB and alpha), or more bands.
    pub fn channels(&self) -> usize {
        self.pixels.len() / (self.width * self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::{ImageRef, colours};

    #[test]
    fn the_size_is_width_then_height_and_the_bytes_say_the_channels() {
        assert_eq!(ImageRef::new(3, 2, &[0; 18]).size(), (3, 2));
        for channels in [1, 2, 3, 4, 5, 13] {
            assert_eq!(ImageRef::new(3, 2, &vec![0; 6 * channels]).channels(), channels);
        }
        assert_eq!([1, 2, 3, 4, 5, 6].map(colours), [1, 1, 3, 3, 5, 6]);
    }

    #[test]
    #[should_panic(expected = "17 bytes of an image of 3x2: expected 1 to 256 a pixel")]
    fn a_buffer_of_another_size_is_a_bug() {
        let _ = ImageRef::new(3, 2, &[0; 17]);
    }
}
