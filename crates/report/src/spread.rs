//! Mean and std over seeds.

use std::fmt;

/// Mean and std over seeds. Shown as `48.1 ± 0.3`, or `48.1` where there is one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Arithmetic mean.
    pub mean: f64,
    /// Sample standard deviation (n - 1), from two values on.
    pub std: Option<f64>,
    /// How many values.
    pub count: usize,
}

impl Spread {
    /// The spread of some values; none where there are none.
    pub fn of(values: &[f64]) -> Option<Self> {
        let count = values.len();
        if count == 0 {
            return None;
        }
        let mean = values.iter().sum::<f64>() / count as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let std = (count > 1).then(|| (squares / (count - 1) as f64).sqrt());
        Some(Self { mean, std, count })
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1}", self.mean)?;
        match self.std {
            Some(std) => write!(f, " ± {std:.1}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_std_is_that_of_a_sample() {
        let spread = Spread::of(&[1.0, 2.0, 3.0]).unwrap();
        assert_eq!((spread.mean, spread.std, spread.count), (2.0, Some(1.0), 3));
        assert_eq!(spread.to_string(), "2.0 ± 1.0");
    }

    #[test]
    fn one_value_has_no_std_and_none_no_spread() {
        assert_eq!(Spread::of(&[48.12]).unwrap().to_string(), "48.1");
        assert_eq!(Spread::of(&[]), None);
    }
}
