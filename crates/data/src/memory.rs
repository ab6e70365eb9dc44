//! Images of one size, all in memory.

use kontrast_augment::ImageRef;

use crate::dataset::{Dataset, Labelled};
use crate::error::DataError;

/// Labelled images of one size that are held in memory, RGB or gray.
#[derive(Clone, Debug)]
pub struct InMemory {
    size: (usize, usize),
    channels: usize,
    pixels: Vec<u8>,
    labels: Vec<u32>,
    class_names: Vec<String>,
}

impl InMemory {
    /// RGB images, `[n, height, width, 3]`; `size` is width, then height.
    ///
    /// # Panics
    /// When the number of bytes or a label does not fit.
    pub fn rgb(size: (usize, usize), pixels: Vec<u8>, labels: Vec<u32>, class_names: Vec<String>) -> Self {
        Self::new(size, 3, pixels, labels, class_names)
    }

    /// Grey images, `[n, height, width]`.
    ///
    /// # Panics
    /// When the number of bytes or a label does not fit.
    pub fn gray(size: (usize, usize), pixels: Vec<u8>, labels: Vec<u32>, class_names: Vec<String>) -> Self {
        Self::new(size, 1, pixels, labels, class_names)
    }

    fn new(
        size: (usize, usize),
        channels: usize,
        pixels: Vec<u8>,
        labels: Vec<u32>,
        class_names: Vec<String>,
    ) -> Self {
        assert_eq!(
            pixels.len(),
            size.0 * size.1 * channels * labels.len(),
            "bytes of {} images",
            labels.len()
        );
        assert!(labels.iter().all(|&label| (label as usize) < class_names.len()), "labels name classes");
        Self { size, channels, pixels, labels, class_names }
    }
}

impl Dataset for InMemory {
    fn len(&self) -> usize {
        self.labels.len()
    }

    fn size(&self, _index: usize) -> Result<(usize, usize), DataError> {
        Ok(self.size)
    }

    fn image<'a>(&'a self, index: usize, _buffer: &'a mut Vec<u8>) -> Result<ImageRef<'a>, DataError> {
        let (width, height) = self.size;
        let bytes = width * height * self.channels;
        let stored = &self.pixels[index * bytes..(index + 1) * bytes];
        Ok(ImageRef::new(width, height, stored))
    }
}

impl Labelled for InMemory {
    fn class_names(&self) -> &[String] {
        &self.class_names
    }

    fn label(&self, index: usize) -> u32 {
        self.labels[index]
    }
}

#[cfg(test)]
mod tests {
    use super::InMemory;
    use crate::dataset::Dataset;

    #[test]
    fn images_are_borrowed() {
        let images = InMemory::gray((2, 1), vec![1, 2, 3, 4], vec![0, 1], vec!["a".into(), "b".into()]);
        assert_eq!(images.image(1, &mut Vec::new()).unwrap().pixels, [3, 4]);
        let images = InMemory::rgb((1, 1), vec![1, 2, 3, 4, 5, 6], vec![0, 0], vec!["a".into()]);
        let mut buffer = Vec::new();
        assert_eq!(images.image(1, &mut buffer).unwrap().pixels, [4, 5, 6]);
        assert!(buffer.is_empty());
    }
}
