//! Mean and standard deviation of each channel over the images of a data set.

use kontrast_augment::ImageRef;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use std::ops::ControlFlow;

use crate::dataset::Dataset;
use crate::error::DataError;
use crate::subset::balanced;

/// Of larger data sets so many images are measured, drawn by the seed.
pub const MEASURED_IMAGES: usize = 10_000;

/// Images between two words of progress.
const BLOCK: usize = 256;

/// Of one image: mean, mean square, least and largest value of each channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// Over its pixels.
    pub mean: Vec<f64>,
    /// Mean of the squares.
    pub square: Vec<f64>,
    /// The least value.
    pub least: Vec<f64>,
    /// The largest value.
    pub largest: Vec<f64>,
}

/// Mean and standard deviation over all pixels of all images that were looked at, each image with the same weight.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Of each channel.
    pub mean: Vec<f64>,
    /// Of each channel; 0 exactly where all values are equal.
    pub std: Vec<f64>,
    /// How many images were measured.
    pub images: usize,
}

impl Moments {
    /// Of the values of an image of bytes, as numbers from 0 to 1.
    pub fn of_bytes(image: ImageRef<'_>, channels: usize) -> Self {
        let mut counts = vec![[0_u64; 256]; channels];
        for pixel in image.pixels.chunks_exact(channels) {
            for (counts, &value) in counts.iter_mut().zip(pixel) {
                counts[usize::from(value)] += 1;
            }
        }
        let byte = |value: usize| value as f64 / 255.0;
        let sum = |counts: &[u64; 256], power: u32| -> f64 {
            // Whole numbers, and so exact: 255^2 times the pixels of an image.
            let total: u64 = (0..256_u64).map(|value| value.pow(power) * counts[value as usize]).sum();
            total as f64
        };
        let pixels = (image.pixels.len() / channels) as f64;
        let ends = |counts: &[u64; 256]| {
            let seen = |value: &usize| counts[*value] > 0;
            ((0..256).find(seen).unwrap_or(0), (0..256).rfind(seen).unwrap_or(0))
        };
        Self {
            mean: counts.iter().map(|counts| sum(counts, 1) / (255.0 * pixels)).collect(),
            square: counts.iter().map(|counts| sum(counts, 2) / (255.0 * 255.0 * pixels)).collect(),
            least: counts.iter().map(|counts| byte(ends(counts).0)).collect(),
            largest: counts.iter().map(|counts| byte(ends(counts).1)).collect(),
        }
    }
}

/// Measures the images, or [`MEASURED_IMAGES`] of them; `moments` looks at one. The sums are taken in the images' order, so
/// that the numbers do not depend on threads. None where `progress`, which hears how many of how many are done, breaks.
///
/// # Errors
/// When an image cannot be read.
pub fn measure(
    images: &dyn Dataset,
    seed: u64,
    moments: &(dyn Fn(ImageRef<'_>) -> Moments + Sync),
    progress: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Option<Measured>, DataError> {
    let indices = balanced(&vec![0; images.len()], MEASURED_IMAGES, seed);
    let mut total: Option<Moments> = None;
    for (block, some) in indices.chunks(BLOCK).enumerate() {
        if progress(block * BLOCK, indices.len()).is_break() {
            return Ok(None);
        }
        let each: Vec<_> = some
            .par_iter()
            .map(|&index| Ok(moments(images.image(index as usize, &mut Vec::new())?)))
            .collect::<Result<_, DataError>>()?;
        for one in each {
            total = Some(match total {
                None => one,
                Some(total) => total.with(&one),
            });
        }
    }
    let Some(total) = total else { return Ok(None) };
    let n = indices.len() as f64;
    let mean: Vec<f64> = total.mean.iter().map(|sum| sum / n).collect();
    let std = (0..mean.len()).map(|channel| {
        let variance = total.square[channel] / n - mean[channel] * mean[channel];
        if total.least[channel] == total.largest[channel] { 0.0 } else { variance.max(0.0).sqrt() }
    });
    Ok(Some(Measured { std: std.collect(), mean, images: indices.len() }))
}

impl Moments {
    fn with(self, other: &Self) -> Self {
        let join = |a: Vec<f64>, b: &[f64], f: fn(f64, f64) -> f64| -> Vec<f64> {
            a.into_iter().zip(b).map(|(a, &b)| f(a, b)).collect()
        };
        Self {
            mean: join(self.mean, &other.mean, |a, b| a + b),
            square: join(self.square, &other.square, |a, b| a + b),
            least: join(self.least, &other.least, f64::min),
            largest: join(self.largest, &other.largest, f64::max),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Shapes;

    fn measured(images: &dyn Dataset, channels: usize) -> Measured {
        let of = |image: ImageRef<'_>| Moments::of_bytes(image, channels);
        measure(images, 3, &of, &mut |_, _| ControlFlow::Continue(())).unwrap().unwrap()
    }

    #[test]
    fn mean_and_std_are_those_of_all_pixels() {
        let images = Shapes::train(300, 3, 16, 5).unwrap();
        let mut buffer = Vec::new();
        let mut values = vec![Vec::new(); 3];
        for index in 0..300 {
            for (place, &byte) in images.image(index, &mut buffer).unwrap().pixels.iter().enumerate() {
                values[place % 3].push(f64::from(byte) / 255.0);
            }
        }
        let Measured { mean, std, images } = measured(&images, 3);
        assert_eq!(images, 300);
        for channel in 0..3 {
            let n = values[channel].len() as f64;
            let expected = values[channel].iter().sum::<f64>() / n;
            let variance = values[channel].iter().map(|value| (value - expected).powi(2)).sum::<f64>() / n;
            assert!(
                (mean[channel] - expected).abs() < 1e-12 && (std[channel] - variance.sqrt()).abs() < 1e-12
            );
        }
    }

    #[test]
    fn one_thread_and_many_give_the_same_bits() {
        let images = Shapes::train(600, 3, 16, 5).unwrap();
        let on = |threads| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap()
                .install(|| measured(&images, 3))
        };
        assert_eq!(on(1), on(4));
    }

    #[test]
    fn who_is_told_of_the_progress_can_stop_it() {
        let images = Shapes::train(600, 3, 16, 5).unwrap();
        let of = |image: ImageRef<'_>| Moments::of_bytes(image, 3);
        let mut seen = Vec::new();
        let stopped = measure(&images, 0, &of, &mut |done, all| {
            seen.push((done, all));
            if done > 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!((stopped.unwrap(), seen), (None, vec![(0, 600), (256, 600)]));
    }
}
