//! Drawn shapes: a synthetic data set for tests and smoke runs, which needs no network.

use kontrast_augment::ImageRef;
use kontrast_rng::KeyedRng;

use crate::dataset::{Dataset, Labelled};
use crate::error::DataError;
use crate::scene::{CLASSES, Scene, class_names};

/// Shapes on a noisy ground, drawn when they are asked for. A class is a kind of shape and how it is
/// filled; colours, place, size, turn and noise differ from image to image.
#[derive(Clone, Debug)]
pub struct Shapes {
    count: usize,
    side: usize,
    seed: u64,
    purpose: [u8; 8],
    class_names: Vec<String>,
}

impl Shapes {
    /// The training split: `count` square images, their classes in turn.
    ///
    /// # Errors
    /// When there is no image, the side is below 8 or above 1024, or the classes are not 2 to 15.
    pub fn train(count: usize, classes: usize, side: usize, seed: u64) -> Result<Self, DataError> {
        Self::new("train", *b"shapetrn", count, classes, side, seed)
    }

    /// The test split: other images of the same classes.
    ///
    /// # Errors
    /// As for the training split.
    pub fn test(count: usize, classes: usize, side: usize, seed: u64) -> Result<Self, DataError> {
        Self::new("test", *b"shapetst", count, classes, side, seed)
    }

    fn new(
        part: &'static str,
        purpose: [u8; 8],
        count: usize,
        classes: usize,
        side: usize,
        seed: u64,
    ) -> Result<Self, DataError> {
        check(part, count, 1, u32::MAX as usize)?;
        check("classes", classes, 2, CLASSES)?;
        check("size", side, 8, 1024)?;
        Ok(Self { count, side, seed, purpose, class_names: class_names(classes) })
    }

    fn draw(&self, index: usize, pixels: &mut Vec<u8>) {
        let mut stream = KeyedRng::named(self.purpose, self.seed, 0, index as u64);
        let scene = Scene::drawn(self.label(index) as usize, &mut stream);
        scene.render(self.side, &mut stream, pixels);
    }
}

impl Dataset for Shapes {
    fn len(&self) -> usize {
        self.count
    }

    fn size(&self, _index: usize) -> Result<(usize, usize), DataError> {
        Ok((self.side, self.side))
    }

    fn image<'a>(&'a self, index: usize, buffer: &'a mut Vec<u8>) -> Result<ImageRef<'a>, DataError> {
        assert!(index < self.count, "image {index} of {}", self.count);
        self.draw(index, buffer);
        Ok(ImageRef::new(self.side, self.side, buffer))
    }
}

impl Labelled for Shapes {
    fn class_names(&self) -> &[String] {
        &self.class_names
    }

    fn label(&self, index: usize) -> u32 {
        (index % self.class_names.len()) as u32
    }
}

fn check(key: &'static str, found: usize, least: usize, most: usize) -> Result<(), DataError> {
    if (least..=most).contains(&found) {
        return Ok(());
    }
    Err(DataError::Synthetic {
        table: "synthetic",
        key,
        found,
        expected: format!("a number from {least} to {most}"),
    })
}

#[cfg(test)]
mod tests {
    use super::Shapes;
    use crate::dataset::{Dataset, Labelled};

    fn pixels(shapes: &Shapes, index: usize) -> Vec<u8> {
        shapes.image(index, &mut Vec::new()).unwrap().pixels.to_vec()
    }

    #[test]
    fn an_image_depends_on_seed_split_and_index_only() {
        let shapes = |seed| Shapes::train(30, 10, 24, seed).unwrap();
        assert_eq!(pixels(&shapes(1), 7), pixels(&Shapes::train(300, 10, 24, 1).unwrap(), 7));
        assert_ne!(pixels(&shapes(1), 7), pixels(&shapes(2), 7));
        assert_ne!(pixels(&shapes(1), 7), pixels(&shapes(1), 17));
        assert_ne!(pixels(&shapes(1), 7), pixels(&Shapes::test(30, 10, 24, 1).unwrap(), 7));
    }

    #[test]
    fn images_stay_the_same_over_versions() {
        let sums = |shapes: Shapes| [0, 7, 29].map(|index| crc32fast::hash(&pixels(&shapes, index)));
        assert_eq!(sums(Shapes::train(30, 15, 24, 1).unwrap()), [259_009_999, 1_918_234_110, 2_878_154_612]);
        assert_eq!(sums(Shapes::test(30, 15, 33, 2).unwrap()), [3_532_597_896, 1_767_328_372, 310_807_559]);
    }

    #[test]
    fn classes_come_in_turn_and_have_names() {
        let shapes = Shapes::train(30, 7, 16, 0).unwrap();
        assert_eq!((shapes.label(0), shapes.label(6), shapes.label(7)), (0, 6, 0));
        assert_eq!(shapes.class_names()[6], "hollow square");
    }

    #[test]
    fn settings_out_of_range_are_named() {
        let said = Shapes::train(10, 16, 32, 0).unwrap_err().to_string();
        assert_eq!(said, "data.synthetic.classes = 16; expected a number from 2 to 15");
        let said = Shapes::test(10, 4, 7, 0).unwrap_err().to_string();
        assert_eq!(said, "data.synthetic.size = 7; expected a number from 8 to 1024");
    }
}
