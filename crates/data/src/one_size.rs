//! Images of one size, side by side as a device holds them.

use rayon::iter::{IndexedParallelIterator, ParallelIterator};
use rayon::slice::ParallelSliceMut;

use crate::dataset::Dataset;
use crate::error::DataError;

/// Width and height of every image.
///
/// # Errors
/// [`DataError::Sizes`] when they differ, and when a size cannot be read.
///
/// # Panics
/// When there is no image.
pub fn one_size(dataset: &dyn Dataset) -> Result<(usize, usize), DataError> {
    let first = dataset.size(0)?;
    for index in 1..dataset.len() {
        let other = dataset.size(index)?;
        if other != first {
            return Err(DataError::Sizes {
                first: named(dataset, 0, first),
                other: named(dataset, index, other),
            });
        }
    }
    Ok(first)
}

/// Copies images from `start` on, as many as fit, into `out`, `[n, height, width, channels]`, on rayon's threads.
///
/// # Errors
/// When an image cannot be read.
///
/// # Panics
/// When an image has another size or other channels, or is outside the data set.
pub fn copy_images(
    dataset: &dyn Dataset,
    start: usize,
    (width, height): (usize, usize),
    channels: usize,
    out: &mut [u8],
) -> Result<(), DataError> {
    let each = width * height * channels;
    assert!(out.len().is_multiple_of(each), "{} bytes of images of {each}", out.len());
    out.par_chunks_exact_mut(each).enumerate().try_for_each_init(Vec::new, |buffer, (place, target)| {
        let image = dataset.image(start + place, buffer)?;
        assert_eq!(
            (image.size(), image.channels()),
            ((width, height), channels),
            "size and channels of an image"
        );
        target.copy_from_slice(image.pixels);
        Ok(())
    })
}

fn named(dataset: &dyn Dataset, index: usize, (width, height): (usize, usize)) -> String {
    let name = dataset.name(index).unwrap_or_else(|| format!("image {index}"));
    format!("{name} of {width}x{height} pixels")
}

#[cfg(test)]
mod tests {
    use super::{copy_images, one_size};
    use crate::memory::InMemory;

    #[test]
    fn images_of_one_size_lie_side_by_side_from_any_of_them_on() {
        let pixels: Vec<u8> = (0..18).collect();
        let images = InMemory::rgb((2, 1), pixels.clone(), vec![0; 3], vec!["a".into()]);
        assert_eq!(one_size(&images).unwrap(), (2, 1));
        let mut out = [0; 12];
        copy_images(&images, 1, (2, 1), 3, &mut out).unwrap();
        assert_eq!(out, pixels[6..]);
    }
}
