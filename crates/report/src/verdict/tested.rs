//! The test of a claim: how likely what was found is by chance, with the seeds that there are and with more.

use super::LEVEL;
use super::statistics::{Differences, holm};

/// Fewer seeds decide nothing.
pub(super) const LEAST_SEEDS: usize = 3;
/// More are not looked at.
const MOST_SEEDS: usize = 1000;

/// A claim that has runs enough to be tested.
#[derive(Debug)]
pub(super) enum Test {
    /// Every difference is to be more than this.
    Greater(Vec<Differences>, f64),
    /// Every difference is to lie within this margin: two one-sided tests each.
    Same(Vec<Differences>, f64),
    /// What more seeds do not change: whether it lies on the claimed side, and how likely it is by chance.
    Fixed { is_claimed: bool, p: f64 },
}

impl Test {
    /// Whether what was found lies on the claimed side.
    pub(super) fn is_claimed(&self) -> bool {
        match self {
            Self::Greater(all, than) => all.iter().all(|differences| differences.mean > *than),
            Self::Same(all, margin) => all.iter().all(|differences| differences.mean.abs() < *margin),
            Self::Fixed { is_claimed, .. } => *is_claimed,
        }
    }

    /// How likely it is by chance, before it is corrected for other tests.
    pub(super) fn p(&self) -> f64 {
        let p = match self {
            Self::Greater(all, than) => {
                self.joint(2.0, all, |one| one.p_above(*than), |one| 1.0 - one.p_above(*than))
            }
            Self::Same(all, margin) => self.joint(
                1.0,
                all,
                |one| one.p_above(-margin).max(1.0 - one.p_above(*margin)),
                |one| one.p_above(*margin).min(1.0 - one.p_above(-margin)),
            ),
            Self::Fixed { p, .. } => *p,
        };
        p.min(1.0)
    }

    /// All have to hold, so the least certain decides; one that does not is enough to fail, and had as many chances as
    /// there are differences.
    fn joint(
        &self,
        sides: f64,
        all: &[Differences],
        holds: impl Fn(&Differences) -> f64,
        fails: impl Fn(&Differences) -> f64,
    ) -> f64 {
        if self.is_claimed() {
            sides * all.iter().map(holds).fold(0.0, f64::max)
        } else {
            2.0 * all.len() as f64 * all.iter().map(fails).fold(1.0, f64::min)
        }
    }

    /// The same means and deviations over so many seeds.
    fn with(&self, count: usize) -> Self {
        let with = |all: &[Differences]| all.iter().map(|one| Differences { count, ..*one }).collect();
        match self {
            Self::Greater(all, than) => Self::Greater(with(all), *than),
            Self::Same(all, margin) => Self::Same(with(all), *margin),
            Self::Fixed { is_claimed, p } => Self::Fixed { is_claimed: *is_claimed, p: *p },
        }
    }

    /// What would decide it, as one of these tests: the number of seeds at which all of them, of the same means and
    /// deviations, would decide this one after Holm's correction.
    pub(super) fn needed(tests: &[&Self], index: usize) -> String {
        if matches!(tests[index], Self::Fixed { .. }) {
            return "the interval follows from the number of cells".to_owned();
        }
        let counts: Vec<usize> = (LEAST_SEEDS..=MOST_SEEDS).collect();
        // Where some seeds decide, more do: every p-value falls, and the correction with them.
        let place = counts.partition_point(|&count| {
            let p: Vec<f64> = tests.iter().map(|test| test.with(count).p()).collect();
            holm(&p)[index] > LEVEL
        });
        match counts.get(place) {
            Some(count) => format!("about {count} seeds would decide"),
            None => "a thousand seeds would not decide".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differences(mean: f64, std: f64) -> Differences {
        Differences { mean, std, count: 3 }
    }

    fn decided(tests: &[&Test], index: usize, count: usize) -> bool {
        let p: Vec<f64> = tests.iter().map(|test| test.with(count).p()).collect();
        holm(&p)[index] <= LEVEL
    }

    #[test]
    fn as_many_seeds_as_are_said_to_decide_do_and_one_fewer_does_not() {
        let all = [
            Test::Greater(vec![differences(0.4, 1.0)], 0.0),
            Test::Greater(vec![differences(3.0, 1.0), differences(0.5, 0.7)], 0.0),
            Test::Greater(vec![differences(-1.5, 1.0), differences(2.0, 1.0)], 0.0),
            Test::Same(vec![differences(0.2, 0.6), differences(-0.1, 0.3)], 1.0),
            Test::Same(vec![differences(1.8, 0.9)], 1.0),
            Test::Fixed { is_claimed: true, p: 0.04 },
        ];
        let all: Vec<&Test> = all.iter().collect();
        for index in 0..5 {
            let words = Test::needed(&all, index);
            let count: usize = words.split(' ').nth(1).unwrap().parse().unwrap();
            assert!(count > LEAST_SEEDS && decided(&all, index, count), "{index}: {words}");
            assert!(!decided(&all, index, count - 1), "{index}: {words}");
        }
        assert_eq!(Test::needed(&all, 5), "the interval follows from the number of cells");
    }

    #[test]
    fn other_claims_ask_for_more_seeds_and_no_difference_for_more_than_there_are() {
        let seeds = |others: usize| {
            let one = Test::Greater(vec![differences(0.8, 1.0)], 0.0);
            let words = Test::needed(&vec![&one; others + 1], 0);
            words.split(' ').nth(1).unwrap().parse::<usize>().unwrap()
        };
        assert!(seeds(0) < seeds(4) && seeds(4) < seeds(20), "{} {} {}", seeds(0), seeds(4), seeds(20));
        let none = Test::Greater(vec![differences(1e-4, 1.0)], 0.0);
        assert_eq!(Test::needed(&[&none], 0), "a thousand seeds would not decide");
    }
}
