//! What a data set is: images by index, and labels where there are some.

use kontrast_augment::ImageRef;
use kontrast_rng::KeyedRng;
use std::path::Path;

use crate::error::DataError;

/// Images by index. Labels are no part of it: a pretext task has no use for them.
pub trait Dataset: Send + Sync {
    /// Number of images.
    fn len(&self) -> usize;

    /// Whether there is no image.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Width and height of an image, without decoding it.
    ///
    /// # Errors
    /// When the image's size cannot be read.
    fn size(&self, index: usize) -> Result<(usize, usize), DataError>;

    /// An image: borrowed from the data set, or made in `buffer`.
    ///
    /// # Errors
    /// When the image cannot be read.
    fn image<'a>(&'a self, index: usize, buffer: &'a mut Vec<u8>) -> Result<ImageRef<'a>, DataError>;

    /// The image, or a smaller version of it whose short side has at least `short` pixels, where that is quicker to make.
    ///
    /// # Errors
    /// As [`Dataset::image`].
    fn image_at_least<'a>(
        &'a self,
        index: usize,
        _short: usize,
        buffer: &'a mut Vec<u8>,
    ) -> Result<ImageRef<'a>, DataError> {
        self.image(index, buffer)
    }

    /// What a person would call an image: the name of its file, where it has one.
    fn name(&self, _index: usize) -> Option<String> {
        None
    }

    /// The file that an image was read from, where it is one of its own.
    fn path(&self, _index: usize) -> Option<&Path> {
        None
    }

    /// Where the other views come from: the image itself, or another frame of the video, slice of the scan.
    fn partner(&self, index: usize, _stream: &mut KeyedRng) -> usize {
        index
    }

    /// What is said of an image, where somebody said something: a caption, or several.
    fn captions(&self, _index: usize) -> &[String] {
        &[]
    }

    /// The group that an image belongs to, such as its video or its patient: images with the same number show the same
    /// thing. Without more knowledge each image is a group of its own.
    fn group(&self, index: usize) -> u64 {
        index as u64
    }

    /// Where a slice lies in its volume; none of other images, and of slices that do not know it.
    fn position(&self, _index: usize) -> Option<Position> {
        None
    }
}

/// Where a slice lies in its volume.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Position {
    /// Slices of one volume have one number.
    pub volume: u64,
    /// Millimetres along the normal of the slices: to the patient's head, front or right.
    pub mm: f64,
}

/// A data set whose classes are known.
pub trait Labelled: Dataset {
    /// The names of the classes; a label is an index into them.
    fn class_names(&self) -> &[String];

    /// The class of an image.
    fn label(&self, index: usize) -> u32;

    /// The classes of all images, in order.
    fn labels(&self) -> Vec<u32> {
        (0..self.len()).map(|index| self.label(index)).collect()
    }
}
