//! A borrowed RGB image.

/// An image of 8-bit RGB pixels, row after row, without padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageRef<'a> {
    /// Pixels in a row.
    pub width: usize,
    /// Number of rows.
    pub height: usize,
    /// `height * width * 3` bytes.
    pub pixels: &'a [u8],
}

impl<'a> ImageRef<'a> {
    /// Borrows `pixels` as an image.
    ///
    /// # Panics
    /// When there is no pixel, or when `pixels` are not `height * width * 3` bytes.
    pub fn new(width: usize, height: usize, pixels: &'a [u8]) -> Self {
        assert!(width > 0 && height > 0, "an image of {width}x{height} has no pixels");
        assert_eq!(pixels.len(), width * height * 3, "bytes of an RGB image of {width}x{height}");
        Self { width, height, pixels }
    }

    /// Width and height.
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::ImageRef;

    #[test]
    fn the_size_is_width_then_height() {
        assert_eq!(ImageRef::new(3, 2, &[0; 18]).size(), (3, 2));
    }

    #[test]
    #[should_panic(expected = "bytes of an RGB image of 3x2")]
    fn a_buffer_of_another_size_is_a_bug() {
        let _ = ImageRef::new(3, 2, &[0; 17]);
    }
}
