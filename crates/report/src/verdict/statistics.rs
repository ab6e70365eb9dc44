//! Intervals and tests of paired differences, and rank correlations.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// Mean and std of paired differences, and their number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Differences {
    pub(crate) mean: f64,
    pub(crate) std: f64,
    pub(crate) count: usize,
}

impl Differences {
    /// Of at least two differences.
    pub(crate) fn of(differences: &[f64]) -> Option<Self> {
        let spread = crate::Spread::of(differences)?;
        Some(Self { mean: spread.mean, std: spread.std?, count: spread.count })
    }

    /// Whether they are all one number, but for rounding.
    pub(crate) fn is_constant(&self) -> bool {
        self.std <= 1e-9 * (1.0 + self.mean.abs())
    }

    /// The interval of the mean of this confidence.
    pub(crate) fn interval(&self, confidence: f64) -> (f64, f64) {
        let half = self.quantile(0.5 + confidence / 2.0) * self.error();
        (self.mean - half, self.mean + half)
    }

    /// How likely a mean as high as this is, where the true one is `than`: one-sided.
    pub(crate) fn p_above(&self, than: f64) -> f64 {
        let above = self.mean - than;
        if self.is_constant() {
            return match above {
                above if above > 0.0 => 0.0,
                above if above < 0.0 => 1.0,
                _ => 0.5,
            };
        }
        distribution(self.count).sf(above / self.error())
    }

    fn error(&self) -> f64 {
        self.std / (self.count as f64).sqrt()
    }

    fn quantile(&self, probability: f64) -> f64 {
        distribution(self.count).inverse_cdf(probability)
    }
}

/// Of the mean of so many differences, at least two.
fn distribution(count: usize) -> StudentsT {
    StudentsT::new(0.0, 1.0, count as f64 - 1.0).expect("at least one degree of freedom")
}

/// Spearman's rank correlation, ties at their mean rank; none where one side does not vary.
pub(crate) fn spearman(a: &[f64], b: &[f64]) -> Option<f64> {
    let (a, b) = (ranks(a), ranks(b));
    let mean = f64::midpoint(a.len() as f64, 1.0);
    let sum = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| (x - mean) * (y - mean)).sum::<f64>();
    let scale = (sum(&a, &a) * sum(&b, &b)).sqrt();
    (scale > 0.0).then(|| sum(&a, &b) / scale)
}

/// Kendall's tau-b; none where one side does not vary.
pub(crate) fn kendall(a: &[f64], b: &[f64]) -> Option<f64> {
    let (mut agreeing, mut of_a, mut of_b) = (0_i64, 0_i64, 0_i64);
    for i in 0..a.len() {
        for j in 0..i {
            let sign = |x: f64| if x > 0.0 { 1 } else { -i64::from(x < 0.0) };
            let (one, other) = (sign(a[i] - a[j]), sign(b[i] - b[j]));
            agreeing += one * other;
            of_a += one.abs();
            of_b += other.abs();
        }
    }
    let scale = (of_a as f64 * of_b as f64).sqrt();
    (scale > 0.0).then(|| agreeing as f64 / scale)
}

/// The interval of a rank correlation of `count` pairs (Bonett and Wright 2000), at least four.
pub(crate) fn correlation_interval(correlation: f64, count: usize, confidence: f64) -> (f64, f64) {
    let error = correlation_error(correlation, count);
    let half = standard().inverse_cdf(0.5 + confidence / 2.0) * error;
    let z = fisher(correlation, count);
    ((z - half).tanh(), (z + half).tanh())
}

/// How likely a rank correlation as high as this is, where the true one is `than`: one-sided.
pub(crate) fn p_correlation_above(correlation: f64, count: usize, than: f64) -> f64 {
    let distance = fisher(correlation, count) - than.clamp(-WHOLE, WHOLE).atanh();
    standard().sf(distance / correlation_error(correlation, count))
}

/// The nearest to 1 that something is held against.
const WHOLE: f64 = 1.0 - 1e-12;

/// Fisher's transform. A perfect order of few pairs is no certainty: it counts as half way to the next that there can be.
fn fisher(correlation: f64, count: usize) -> f64 {
    let count = count as f64;
    // The next has two neighbours exchanged: a sum of squared differences of ranks of 2.
    let most = 1.0 - 6.0 / (count * (count * count - 1.0));
    correlation.clamp(-most, most).atanh()
}

fn correlation_error(correlation: f64, count: usize) -> f64 {
    ((1.0 + correlation * correlation / 2.0) / (count as f64 - 3.0)).sqrt()
}

fn standard() -> Normal {
    Normal::new(0.0, 1.0).expect("a normal distribution")
}

/// Ranks from 1, those of equal values at their mean.
fn ranks(values: &[f64]) -> Vec<f64> {
    let rank = |value: &f64| {
        let below = values.iter().filter(|other| *other < value).count();
        let equal = values.iter().filter(|other| *other == value).count();
        below as f64 + f64::midpoint(equal as f64, 1.0)
    };
    values.iter().map(rank).collect()
}

/// The p-values after Holm's correction for as many tests as there are.
pub(crate) fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let (mut corrected, mut highest) = (vec![0.0; p_values.len()], 0.0_f64);
    for (rank, index) in order.into_iter().enumerate() {
        highest = highest.max((p_values[index] * (p_values.len() - rank) as f64).min(1.0));
        corrected[index] = highest;
    }
    corrected
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn case() -> Value {
        serde_json::from_str(include_str!("../../tests/golden/statistics/case.json")).unwrap()
    }

    fn numbers(value: &Value) -> Vec<f64> {
        serde_json::from_value(value.clone()).unwrap()
    }

    fn close(found: f64, expected: &Value) {
        let expected = expected.as_f64().unwrap();
        assert!((found - expected).abs() < 1e-9 * (1.0 + expected.abs()), "{found}, expected {expected}");
    }

    #[test]
    fn paired_tests_and_intervals_are_those_of_scipy() {
        for paired in case()["paired"].as_array().unwrap() {
            let differences = Differences::of(&numbers(&paired["differences"])).unwrap();
            let (low, high) = differences.interval(0.95);
            close(low, &paired["low"]);
            close(high, &paired["high"]);
            close(differences.p_above(0.0), &paired["p_above_0"]);
            close(differences.p_above(0.4), &paired["p_above_04"]);
            let same = differences.p_above(-1.0).max(1.0 - differences.p_above(1.0));
            close(same, &paired["same_within_1"]);
        }
    }

    #[test]
    fn rank_correlations_are_those_of_scipy() {
        for ranks in case()["ranks"].as_array().unwrap() {
            let (a, b) = (numbers(&ranks["a"]), numbers(&ranks["b"]));
            close(spearman(&a, &b).unwrap(), &ranks["spearman"]);
            close(kendall(&a, &b).unwrap(), &ranks["kendall"]);
        }
        assert_eq!(
            (spearman(&[1.0; 4], &[1.0, 2.0, 3.0, 4.0]), kendall(&[1.0; 2], &[1.0, 2.0])),
            (None, None)
        );
    }

    #[test]
    fn holms_correction_is_that_of_statsmodels() {
        let case = case();
        for (found, expected) in holm(&numbers(&case["p"])).into_iter().zip(case["holm"].as_array().unwrap())
        {
            close(found, expected);
        }
    }

    #[test]
    fn the_interval_of_a_correlation_holds_it_and_narrows_with_cells() {
        let width = |count| {
            let (low, high) = correlation_interval(0.6, count, 0.95);
            assert!(low < 0.6 && 0.6 < high);
            high - low
        };
        assert!(width(7) > width(20) && width(20) > width(49));
        // Bonett and Wright: z 0.6931, error sqrt(1.18 / 46).
        let (low, high) = correlation_interval(0.6, 49, 0.95);
        assert!((low - 0.36204).abs() < 1e-4 && (high - 0.76454).abs() < 1e-4, "{low}, {high}");
        assert!((p_correlation_above(0.6, 49, 0.6) - 0.5).abs() < 1e-12);
        // Four cells stand in the paper's order in one of 24 cases by chance.
        assert!(p_correlation_above(1.0, 4, 0.0) > 1.0 / 24.0);
        assert!(p_correlation_above(1.0, 5, 0.0) > 1.0 / 120.0);
        let nine = p_correlation_above(1.0, 9, 0.0);
        assert!(nine > 0.0 && nine < 0.01, "{nine}");
    }

    #[test]
    fn equal_differences_are_certain() {
        let above = Differences::of(&[2.0; 3]).unwrap();
        assert_eq!((above.p_above(0.0), above.p_above(3.0), above.p_above(2.0)), (0.0, 1.0, 0.5));
        assert_eq!(Differences::of(&[1.0]), None);
    }
}
