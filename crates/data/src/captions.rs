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
