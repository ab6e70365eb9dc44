//! Images whose captions say the same.

use std::collections::HashMap;

use crate::dataset::Dataset;

/// A number for each image: images with a caption in common have the same, as have those that such images join. An image without
/// captions is a group of its own.
pub fn caption_groups(images: &dyn Dataset) -> Vec<u64> {
    let mut joined: Vec<usize> = (0..images.len()).collect();
    let mut first: HashMap<&str, usize> = HashMap::new();
    for image in 0..images.len() {
        for caption in images.captions(image) {
            let other = *first.entry(caption).or_insert(image);
            let (a, b) = (root(&mut joined, image), root(&mut joined, other));
            joined[a.max(b)] = a.min(b);
        }
    }
    (0..images.len()).map(|image| root(&mut joined, image) as u64).collect()
}

/// The first image of a group.
fn root(joined: &mut [usize], mut image: usize) -> usize {
    while joined[image] != image {
        joined[image] = joined[joined[image]];
        image = joined[image];
    }
    image
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::DataError;
    use kontrast_augment::ImageRef;

    /// Images of which only captions are known.
    struct Captioned(Vec<Vec<String>>);

    impl Dataset for Captioned {
        fn len(&self) -> usize {
            self.0.len()
        }

        fn size(&self, _index: usize) -> Result<(usize, usize), DataError> {
            Ok((1, 1))
        }

        fn image<'a>(&'a self, _index: usize, buffer: &'a mut Vec<u8>) -> Result<ImageRef<'a>, DataError> {
            buffer.resize(3, 0);
            Ok(ImageRef::new(1, 1, buffer))
        }

        fn captions(&self, index: usize) -> &[String] {
            &self.0[index]
        }
    }

    fn groups(captions: &[&[&str]]) -> Vec<u64> {
        let own = |all: &&[&str]| all.iter().map(ToString::to_string).collect();
        caption_groups(&Captioned(captions.iter().map(own).collect()))
    }

    #[test]
    fn images_with_a_caption_in_common_are_one_group() {
        assert_eq!(groups(&[&["a"], &["b"], &["a", "c"], &["d"]]), [0, 1, 0, 3]);
    }

    #[test]
    fn what_joins_two_groups_makes_them_one() {
        assert_eq!(groups(&[&["a"], &["b"], &["c"], &["b", "c"], &["c", "a"]]), [0, 0, 0, 0, 0]);
    }

    #[test]
    fn an_image_without_captions_is_alone() {
        assert_eq!(groups(&[&[], &["a"], &[], &["a"]]), [0, 1, 2, 1]);
    }
}
