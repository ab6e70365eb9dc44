//! Values out of range, collected so that all of them are reported at once.

use std::fmt;

/// One value that is out of range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key as one would write it for `--set`, such as `train.batch`.
    pub key: String,
    /// The value that was found, as the file writes it; empty where the key is missing.
    pub found: String,
    /// What was expected instead.
    pub expected: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, found, expected } = self;
        if found.is_empty() {
            write!(f, "{key} is missing: expected {expected}")
        } else {
            write!(f, "{key} = {found}: expected {expected}")
        }
    }
}

/// The list that checks write into.
#[derive(Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Notes a problem unless `holds`. A comparison with NaN is false, so NaN is a problem too.
    pub(crate) fn require(&mut self, holds: bool, key: &str, found: &dyn fmt::Debug, expected: &str) {
        if !holds {
            self.0.push(Problem {
                key: key.to_owned(),
                found: format!("{found:?}"),
                expected: expected.to_owned(),
            });
        }
    }

    /// Notes a key that must be there because of another.
    pub(crate) fn missing(&mut self, key: &str, expected: &str) {
        self.0.push(Problem { key: key.to_owned(), found: String::new(), expected: expected.to_owned() });
    }

    /// A probability: 0 to 1.
    pub(crate) fn probability(&mut self, key: &str, value: f64) {
        self.require((0.0..=1.0).contains(&value), key, &value, "a probability, 0 to 1");
    }

    /// A finite number above 0.
    pub(crate) fn positive(&mut self, key: &str, value: f64) {
        self.require(value > 0.0 && value.is_finite(), key, &value, "a number above 0");
    }

    /// A finite number, 0 or above.
    pub(crate) fn not_negative(&mut self, key: &str, value: f64) {
        self.require(value >= 0.0 && value.is_finite(), key, &value, "0 or above");
    }

    /// A fraction below 1, 0 allowed.
    pub(crate) fn below_one(&mut self, key: &str, value: f64) {
        self.require((0.0..1.0).contains(&value), key, &value, "at least 0 and below 1");
    }

    /// Whether one of the keys so far is of this kind.
    pub(crate) fn any(&self, kind: impl Fn(&str) -> bool) -> bool {
        self.0.iter().any(|problem| kind(&problem.key))
    }

    pub(crate) fn into_list(self) -> Vec<Problem> {
        self.0
    }
}
