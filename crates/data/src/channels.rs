//! Images in another number of channels than they are stored in: gray, gray with alpha, RGB, RGB with alpha.

use crate::dataset::{Dataset, Labelled, Position};
use crate::error::DataError;
use kontrast_augment::ImageRef;
use kontrast_rng::KeyedRng;
use std::path::Path;
use std::sync::Arc;

/// The images of a data set, each converted to so many channels when it is asked for: colour to gray by its luminance,
/// gray to three equal channels; what has no alpha is opaque, and of bands the first three are shown.
#[derive(Debug)]
pub struct InChannels<D: ?Sized> {
    channels: usize,
    base: Arc<D>,
}

impl<D: Dataset + ?Sized> InChannels<D> {
    /// The images of `base` in 1 to 4 channels.
    pub fn new(base: Arc<D>, channels: usize) -> Self {
        Self { channels, base }
    }

    fn converted<'a>(&self, image: ImageRef<'_>, buffer: &'a mut Vec<u8>) -> ImageRef<'a> {
        buffer.clear();
        convert(image.pixels, image.channels(), self.channels, buffer);
        ImageRef::new(image.width, image.height, buffer)
    }
}

/// The luminance of a colour, rounded (ITU-R BT.601, as PIL's mode "L"): that of a gray is the gray itself.
pub fn luminance([red, green, blue]: [u8; 3]) -> u8 {
    // 0.299, 0.587 and 0.114 of 2^16: together they are all of it.
    let sum = 19_595 * u32::from(red) + 38_470 * u32::from(green) + 7_471 * u32::from(blue);
    ((sum + (1 << 15)) >> 16) as u8
}

/// Appends pixels of `from` channels as pixels of `to` channels, 1 to 4. Alpha that is not asked for is left out; of bands
/// the first three are taken as colours.
pub(crate) fn convert(pixels: &[u8], from: usize, to: usize, out: &mut Vec<u8>) {
    out.reserve(pixels.len() / from * to);
    for pixel in pixels.chunks_exact(from) {
        let (colour, alpha) = match *pixel {
            [gray] => ([gray; 3], u8::MAX),
            [gray, alpha] => ([gray; 3], alpha),
            [red, green, blue] => ([red, green, blue], u8::MAX),
            [red, green, blue, alpha] => ([red, green, blue], alpha),
            _ => ([pixel[0], pixel[1], pixel[2]], u8::MAX),
        };
        match to {
            1 => out.push(luminance(colour)),
            2 => out.extend([luminance(colour), alpha]),
            3 => out.extend(colour),
            _ => out.extend([colour[0], colour[1], colour[2], alpha]),
        }
    }
}

impl<D: Dataset + ?Sized> Dataset for InChannels<D> {
    fn len(&self) -> usize {
        self.base.len()
    }

    fn size(&self, index: usize) -> Result<(usize, usize), DataError> {
        self.base.size(index)
    }

    fn name(&self, index: usize) -> Option<String> {
        self.base.name(index)
    }

    fn path(&self, index: usize) -> Option<&Path> {
        self.base.path(index)
    }

    fn image<'a>(&'a self, index: usize, buffer: &'a mut Vec<u8>) -> Result<ImageRef<'a>, DataError> {
        let mut stored = Vec::new();
        Ok(self.converted(self.base.image(index, &mut stored)?, buffer))
    }

    fn image_at_least<'a>(
        &'a self,
        index: usize,
        short: usize,
        buffer: &'a mut Vec<u8>,
    ) -> Result<ImageRef<'a>, DataError> {
        let mut stored = Vec::new();
        Ok(self.converted(self.base.image_at_least(index, short, &mut stored)?, buffer))
    }

    fn partner(&self, index: usize, stream: &mut KeyedRng) -> usize {
        self.base.partner(index, stream)
    }

    fn captions(&self, index: usize) -> &[String] {
        self.base.captions(index)
    }

    fn group(&self, index: usize) -> u64 {
        self.base.group(index)
    }

    fn position(&self, index: usize) -> Option<Position> {
        self.base.position(index)
    }
}

impl<D: Labelled + ?Sized> Labelled for InChannels<D> {
    fn class_names(&self) -> &[String] {
        self.base.class_names()
    }

    fn label(&self, index: usize) -> u32 {
        self.base.label(index)
    }
}

#[cfg(test)]
mod tests {
    use super::{InChannels, convert, luminance};
    use crate::dataset::Dataset;
    use crate::memory::InMemory;
    use std::sync::Arc;

    fn converted(pixels: &[u8], from: usize, to: usize) -> Vec<u8> {
        let mut out = Vec::new();
        convert(pixels, from, to, &mut out);
        out
    }

    #[test]
    fn grays_keep_their_value_and_colours_become_what_pil_makes_of_them() {
        assert!((0..=255).all(|gray| luminance([gray; 3]) == gray));
        let pils = [([255, 0, 0], 76), ([0, 255, 0], 150), ([0, 0, 255], 29), ([12, 200, 99], 132)];
        assert!(pils.iter().all(|(colour, gray)| luminance(*colour) == *gray));
    }

    #[test]
    fn every_number_of_channels_comes_from_every_other() {
        assert_eq!(converted(&[7, 9], 1, 2), [7, 255, 9, 255]);
        assert_eq!(converted(&[7, 9], 1, 4), [7, 7, 7, 255, 9, 9, 9, 255]);
        assert_eq!(converted(&[7, 9], 2, 4), [7, 7, 7, 9]);
        assert_eq!(converted(&[255, 0, 0], 3, 1), [76]);
        assert_eq!(converted(&[255, 0, 0, 5], 4, 2), [76, 5]);
        assert_eq!(converted(&[1, 2, 3], 3, 4), [1, 2, 3, 255]);
    }

    #[test]
    fn the_images_of_a_data_set_are_converted_one_by_one() {
        let images = InMemory::gray((2, 1), vec![1, 2, 3, 4], vec![0, 1], vec!["a".into(), "b".into()]);
        let mut buffer = Vec::new();
        let rgb = InChannels::new(Arc::new(images), 3);
        assert_eq!(rgb.image(1, &mut buffer).unwrap().pixels, [3, 3, 3, 4, 4, 4]);
    }
}
