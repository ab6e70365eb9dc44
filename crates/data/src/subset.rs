//! A part of a data set: class-balanced, fixed by a seed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use kontrast_augment::ImageRef;
use kontrast_rng::KeyedRng;

use crate::dataset::{Dataset, Labelled, Position};
use crate::error::DataError;
use crate::groups::chosen;

/// Some images of another data set, in its order.
#[derive(Clone, Debug)]
pub struct Subset<D: ?Sized> {
    base: Arc<D>,
    /// Ascending.
    indices: Vec<u32>,
}

/// `count` images with as equal a fraction of each class as there are images: chosen by the seed, ascending.
///
/// A smaller count chooses among the images of a larger one, under the same seed.
pub fn balanced(labels: &[u32], count: usize, seed: u64) -> Vec<u32> {
    let mut stream = KeyedRng::named(*b"subset  ", seed, 0, 0);
    let mut classes: Vec<Vec<u32>> = shuffled(labels, &mut stream).into_values().collect();
    stream.shuffle(&mut classes);
    let rounds = classes.iter().map(Vec::len).max().unwrap_or(0);
    let dealt = (0..rounds).flat_map(|round| classes.iter().filter_map(move |images| images.get(round)));
    let mut chosen: Vec<u32> = dealt.take(count).copied().collect();
    chosen.sort_unstable();
    chosen
}

/// A fraction of each class, rounded, that leaves at least one image of each: chosen by the seed, ascending.
pub(crate) fn fraction_of_each(labels: &[u32], fraction: f64, seed: u64) -> Vec<u32> {
    let mut stream = KeyedRng::named(*b"subset  ", seed, 0, 0);
    let mut chosen = Vec::new();
    for images in shuffled(labels, &mut stream).into_values() {
        let count = (images.len() as f64 * fraction).round() as usize;
        chosen.extend(&images[..count.min(images.len() - 1)]);
    }
    chosen.sort_unstable();
    chosen
}

/// The images of each class, in random order.
fn shuffled(labels: &[u32], stream: &mut KeyedRng) -> BTreeMap<u32, Vec<u32>> {
    let mut classes: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (index, &label) in labels.iter().enumerate() {
        classes.entry(label).or_default().push(index as u32);
    }
    for images in classes.values_mut() {
        stream.shuffle(images);
    }
    classes
}

impl<D: Dataset + ?Sized> Subset<D> {
    /// These images of `base`; duplicates count once.
    ///
    /// # Panics
    /// When an index is outside `base`.
    pub fn of(base: Arc<D>, mut indices: Vec<u32>) -> Self {
        indices.sort_unstable();
        indices.dedup();
        assert!(
            indices.last().is_none_or(|&last| (last as usize) < base.len()),
            "an index outside the data set"
        );
        Self { base, indices }
    }

    /// `count` images, chosen by the seed without regard to classes; groups stay whole, as many as fit.
    ///
    /// # Errors
    /// When `count` is 0, more than there are, or less than the first group that is drawn.
    pub fn random(base: Arc<D>, count: usize, seed: u64) -> Result<Self, DataError> {
        check(count, base.len())?;
        let indices = chosen(&*base, &vec![0; base.len()], count, seed);
        if indices.is_empty() { Err(DataError::Groups { asked: count }) } else { Ok(Self { base, indices }) }
    }

    /// The images' indices in the whole data set, ascending.
    pub fn indices(&self) -> &[u32] {
        &self.indices
    }
}

impl<D: Labelled + ?Sized> Subset<D> {
    /// `count` images, an equal fraction of each class, chosen by the seed; groups stay whole, as many as fit.
    ///
    /// # Errors
    /// When `count` is 0, more than there are, or less than the first group that is drawn.
    pub fn balanced(base: Arc<D>, count: usize, seed: u64) -> Result<Self, DataError> {
        check(count, base.len())?;
        let indices = chosen(&*base, &base.labels(), count, seed);
        if indices.is_empty() { Err(DataError::Groups { asked: count }) } else { Ok(Self { base, indices }) }
    }
}

fn check(asked: usize, available: usize) -> Result<(), DataError> {
    if (1..=available).contains(&asked) { Ok(()) } else { Err(DataError::Subset { asked, available }) }
}

impl<D: Dataset + ?Sized> Dataset for Subset<D> {
    fn len(&self) -> usize {
        self.indices.len()
    }

    fn size(&self, index: usize) -> Result<(usize, usize), DataError> {
        self.base.size(self.indices[index] as usize)
    }

    fn name(&self, index: usize) -> Option<String> {
        self.base.name(self.indices[index] as usize)
    }

    fn path(&self, index: usize) -> Option<&Path> {
        self.base.path(self.indices[index] as usize)
    }

    fn image<'a>(&'a self, index: usize, buffer: &'a mut Vec<u8>) -> Result<ImageRef<'a>, DataError> {
        self.base.image(self.indices[index] as usize, buffer)
    }

    fn image_at_least<'a>(
        &'a self,
        index: usize,
        short: usize,
        buffer: &'a mut Vec<u8>,
    ) -> Result<ImageRef<'a>, DataError> {
        self.base.image_at_least(self.indices[index] as usize, short, buffer)
    }

    /// The base's partner where it is in the subset too, else the image itself.
    fn partner(&self, index: usize, stream: &mut KeyedRng) -> usize {
        let partner = self.base.partner(self.indices[index] as usize, stream);
        self.indices.binary_search(&(partner as u32)).unwrap_or(index)
    }

    fn captions(&self, index: usize) -> &[String] {
        self.base.captions(self.indices[index] as usize)
    }

    fn group(&self, index: usize) -> u64 {
        self.base.group(self.indices[index] as usize)
    }

    fn position(&self, index: usize) -> Option<Position> {
        self.base.position(self.indices[index] as usize)
    }
}

impl<D: Labelled + ?Sized> Labelled for Subset<D> {
    fn class_names(&self) -> &[String] {
        self.base.class_names()
    }

    fn label(&self, index: usize) -> u32 {
        self.base.label(self.indices[index] as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::{balanced, fraction_of_each};

    #[test]
    fn each_class_gives_the_same_number() {
        let labels: Vec<u32> = (0..1000).map(|index| index * index % 7 % 3).collect();
        let chosen = balanced(&labels, 90, 5);
        let mut counts = [0; 3];
        for &index in &chosen {
            counts[labels[index as usize] as usize] += 1;
        }
        assert_eq!(counts, [30, 30, 30]);
        assert!(chosen.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn a_class_with_too_few_images_gives_all_it_has() {
        let labels = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1];
        let chosen = balanced(&labels, 8, 1);
        assert_eq!(chosen.len(), 8);
        assert_eq!(chosen[6..], [8, 9]);
    }

    #[test]
    fn the_seed_fixes_the_choice_and_a_smaller_one_lies_within() {
        let labels: Vec<u32> = (0..500).map(|index| index % 10).collect();
        assert_eq!(balanced(&labels, 100, 4), balanced(&labels, 100, 4));
        assert_ne!(balanced(&labels, 100, 4), balanced(&labels, 100, 5));
        let large = balanced(&labels, 100, 4);
        assert!(balanced(&labels, 33, 4).iter().all(|index| large.contains(index)));
    }

    #[test]
    fn field_a_share_is_taken_of_each_class_and_never_all_of_one() {
        let cases: [(&[usize], f64, &[usize]); 7] = [
            (&[100, 10], 0.2, &[20, 2]),
            (&[100, 2], 0.2, &[20, 0]),
            (&[100, 1], 0.9, &[90, 0]),
            (&[1000, 3, 1], 0.99, &[990, 2, 0]),
            (&[7, 7, 7], 0.5, &[4, 4, 4]),
            (&[1, 1], 0.5, &[0, 0]),
            (&[3], 0.1, &[0]),
        ];
        for (sizes, fraction, expected) in cases {
            let classes = sizes.iter().enumerate();
            let labels: Vec<u32> =
                classes.flat_map(|(class, &size)| std::iter::repeat_n(class as u32, size)).collect();
            let chosen = fraction_of_each(&labels, fraction, 3);
            let mut counts = vec![0; sizes.len()];
            for &index in &chosen {
                counts[labels[index as usize] as usize] += 1;
            }
            assert_eq!(counts, expected, "{fraction} of {sizes:?}");
            assert!(chosen.is_sorted_by(|a, b| a < b));
        }
    }

    #[test]
    fn field_classes_of_one_size_give_the_images_that_a_balanced_choice_gives() {
        let labels: Vec<u32> = (0..60).map(|index| index % 3).collect();
        assert_eq!(fraction_of_each(&labels, 0.25, 8), balanced(&labels, 15, 8));
    }
}
