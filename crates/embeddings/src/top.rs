//! The highest of many scores, a scan at a time.

use std::cmp::Ordering;

/// A score and where it stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) score: f32,
    pub(crate) position: u32,
}

impl Candidate {
    /// The higher first; of equals the earlier.
    pub(crate) fn order(self, other: Self) -> Ordering {
        other.score.total_cmp(&self.score).then(self.position.cmp(&other.position))
    }
}

/// The `keep` highest scores that were seen. Between two clean-ups it holds up to twice as many, so that a score costs a
/// comparison and little else.
#[derive(Clone, Debug)]
pub(crate) struct Top {
    keep: usize,
    /// What a score has to be above to matter; NaN while fewer than `keep` were seen.
    bar: f32,
    seen: Vec<Candidate>,
}

impl Top {
    pub(crate) fn new(keep: usize) -> Self {
        Self { keep, bar: f32::NAN, seen: Vec::with_capacity(2 * keep) }
    }

    /// Looks at scores of consecutive positions.
    pub(crate) fn scan(&mut self, first: usize, scores: &[f32]) {
        for (place, &score) in scores.iter().enumerate() {
            // Equal ones come later and lose. Nothing is above or below NaN: with it, every score counts.
            #[expect(clippy::neg_cmp_op_on_partial_ord, reason = "NaN is no bar")]
            if !(score <= self.bar) {
                self.push(Candidate { score, position: (first + place) as u32 });
            }
        }
    }

    pub(crate) fn push(&mut self, candidate: Candidate) {
        self.seen.push(candidate);
        if self.seen.len() >= 2 * self.keep {
            self.clean();
        }
    }

    /// Takes over what another has seen, in any order.
    pub(crate) fn merge(&mut self, other: Self) {
        other.seen.into_iter().for_each(|candidate| self.push(candidate));
    }

    fn clean(&mut self) {
        if self.seen.len() > self.keep {
            self.seen.select_nth_unstable_by(self.keep - 1, |a, b| a.order(*b));
            self.seen.truncate(self.keep);
        }
        if self.seen.len() == self.keep {
            let lowest = self.seen.iter().map(|candidate| candidate.score).fold(f32::INFINITY, f32::min);
            self.bar = lowest;
        }
    }

    /// The highest, in order.
    pub(crate) fn sorted(mut self) -> Vec<Candidate> {
        self.clean();
        self.seen.sort_unstable_by(|a, b| a.order(*b));
        self.seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positions(top: Top) -> Vec<u32> {
        top.sorted().into_iter().map(|candidate| candidate.position).collect()
    }

    #[test]
    fn the_highest_stay_and_of_equals_the_earlier() {
        let mut top = Top::new(3);
        top.scan(0, &[1.0, 5.0, 2.0, 5.0]);
        top.scan(4, &[5.0, 0.0, 7.0, 5.0, 1.0]);
        assert_eq!(positions(top), [6, 1, 3]);
    }

    #[test]
    fn parts_merge_to_what_one_scan_finds() {
        let scores: Vec<f32> = (0..500).map(|i| ((i * 7919) % 101) as f32).collect();
        let mut whole = Top::new(17);
        whole.scan(0, &scores);
        let mut merged = Top::new(17);
        for (number, part) in scores.chunks(90).enumerate() {
            let mut top = Top::new(17);
            top.scan(number * 90, part);
            merged.merge(top);
        }
        assert_eq!(positions(merged), positions(whole));
    }

    #[test]
    fn no_score_is_lost_however_low_it_is() {
        let mut top = Top::new(4);
        top.scan(0, &[f32::NEG_INFINITY, 1.0, f32::NEG_INFINITY, f32::INFINITY]);
        assert_eq!(positions(top), [3, 1, 0, 2]);
    }

    #[test]
    fn fewer_than_asked_for_are_all() {
        let mut top = Top::new(10);
        top.scan(3, &[1.0, 2.0]);
        assert_eq!(positions(top), [4, 3]);
    }
}
