//! Two classifiers on the same images: how far apart they are, and how sure that is.

use kontrast_rng::KeyedRng;
use rayon::prelude::*;
use statrs::distribution::{Binomial, DiscreteCDF};

/// How often images are drawn again.
const RESAMPLES: u64 = 10_000;
/// The fraction of resamples that the interval leaves out on each side.
const TAIL: f64 = 0.025;

/// The exact test of McNemar (1947): how likely images on which only one is right would be so unevenly shared, or more so,
/// if each of both were right as often.
///
/// ```text
/// p = 2 P(X <= min(first, second)),  X binomial of first + second and 1/2, at most 1
/// ```
pub(crate) fn mcnemar(first_alone: u64, second_alone: u64) -> f64 {
    let together = first_alone + second_alone;
    if together == 0 {
        return 1.0;
    }
    let shared = Binomial::new(0.5, together).expect("a half is a probability");
    (2.0 * shared.cdf(first_alone.min(second_alone))).min(1.0)
}

/// The middle 95 % of the mean difference over images that are drawn again with replacement (Efron 1979, the percentile
/// interval). The draws follow from the number of images alone.
pub(crate) fn interval(differences: &[f64]) -> (f64, f64) {
    let n = differences.len();
    let mean = |resample: u64| {
        let mut rng = KeyedRng::named(*b"resample", resample, 0, n as u64);
        (0..n).map(|_| differences[rng.below(n)]).sum::<f64>() / n as f64
    };
    let mut means: Vec<f64> = (0..RESAMPLES).into_par_iter().map(mean).collect();
    means.sort_by(f64::total_cmp);
    let at = |fraction: f64| means[((RESAMPLES - 1) as f64 * fraction).round() as usize];
    (at(TAIL), at(1.0 - TAIL))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_test_is_the_binomial_sum() {
        // 2 (1 + 10) / 2^10, and scipy.stats.binomtest(30, 100).pvalue.
        assert!((mcnemar(1, 9) - 22.0 / 1024.0).abs() < 1e-12);
        assert!((mcnemar(30, 70) - 7.850_139_645_6e-5).abs() < 1e-12, "{}", mcnemar(30, 70));
        assert_eq!((mcnemar(5, 5), mcnemar(0, 0)), (1.0, 1.0));
        assert_eq!(mcnemar(70, 30), mcnemar(30, 70));
    }

    #[test]
    fn the_interval_holds_the_mean_and_is_as_wide_as_its_error_says() {
        let differences: Vec<f64> = (0..400).map(|image| f64::from([1, 0, 0, -1, 1][image % 5])).collect();
        let (low, high) = interval(&differences);
        let mean: f64 = differences.iter().sum::<f64>() / 400.0;
        let variance = differences.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / 400.0;
        let error = (variance / 400.0).sqrt();
        assert!(low < mean && mean < high);
        assert!(((high - low) / (2.0 * 1.96 * error) - 1.0).abs() < 0.05, "{low} to {high}, error {error}");
        assert_eq!(interval(&differences), (low, high));
        assert_eq!(interval(&[0.0; 10]), (0.0, 0.0));
    }
}
