//! Images with their labels beside them.

use kontrast_augment::ImageRef;
use kontrast_rng::KeyedRng;
use std::path::Path;

use crate::dataset::{Dataset, Labelled, Position};
use crate::error::DataError;

/// A data set without classes, and a class for each of its images.
#[derive(Debug)]
pub struct Classes<D> {
    images: D,
    labels: Vec<u32>,
    class_names: Vec<String>,
}

impl<D: Dataset> Classes<D> {
    /// `labels` has one for each image, and is an index into the names.
    ///
    /// # Panics
    /// Where there are not as many labels as images: whoever reads them has checked it.
    pub(crate) fn new(images: D, labels: Vec<u32>, class_names: Vec<String>) -> Self {
        assert_eq!(images.len(), labels.len(), "a label for each image");
        Self { images, labels, class_names }
    }
}

impl<D: Dataset> Dataset for Classes<D> {
    fn len(&self) -> usize {
        self.images.len()
    }

    fn size(&self, index: usize) -> Result<(usize, usize), DataError> {
        self.images.size(index)
    }

    fn image<'a>(&'a self, index: usize, buffer: &'a mut Vec<u8>) -> Result<ImageRef<'a>, DataError> {
        self.images.image(index, buffer)
    }

    fn image_at_least<'a>(
        &'a self,
        index: usize,
        short: usize,
        buffer: &'a mut Vec<u8>,
    ) -> Result<ImageRef<'a>, DataError> {
        self.images.image_at_least(index, short, buffer)
    }

    fn name(&self, index: usize) -> Option<String> {
        self.images.name(index)
    }

    fn path(&self, index: usize) -> Option<&Path> {
        self.images.path(index)
    }

    fn partner(&self, index: usize, stream: &mut KeyedRng) -> usize {
        self.images.partner(index, stream)
    }

    fn captions(&self, index: usize) -> &[String] {
        self.images.captions(index)
    }

    fn group(&self, index: usize) -> u64 {
        self.images.group(index)
    }

    fn position(&self, index: usize) -> Option<Position> {
        self.images.position(index)
    }
}

impl<D: Dataset> Labelled for Classes<D> {
    fn class_names(&self) -> &[String] {
        &self.class_names
    }

    fn label(&self, index: usize) -> u32 {
        self.labels[index]
    }
}

#[cfg(test)]
mod tests {
    use super::Classes;
    use crate::{Dataset, Labelled, Shapes};

    #[test]
    fn images_are_those_of_the_data_set_and_labels_its_own() {
        let (shapes, names) = (Shapes::train(3, 2, 16, 0).unwrap(), vec!["a".to_owned(), "b".to_owned()]);
        let classes = Classes::new(Shapes::train(3, 2, 16, 0).unwrap(), vec![1, 0, 1], names);
        assert_eq!((classes.len(), classes.labels(), classes.class_names().len()), (3, vec![1, 0, 1], 2));
        let (mut one, mut other) = (Vec::new(), Vec::new());
        for index in 0..3 {
            assert_eq!(classes.size(index).unwrap(), (16, 16));
            let (own, whole) =
                (classes.image(index, &mut one).unwrap(), shapes.image(index, &mut other).unwrap());
            assert_eq!(own.pixels, whole.pixels);
        }
    }
}
