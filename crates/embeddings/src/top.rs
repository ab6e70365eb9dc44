//! The highest of many scores, a scan at a time.

use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;
use std::cmp::Ordering;

/// Scores that are compared with the bar at once.
const RUN: usize = 32;

/// The `k` highest scores of each row and their columns, `[n, k]`: the highest first, of equals the first.
///
/// # Panics
/// Where there are fewer columns than `k`, or more than `u32` counts.
pub fn highest(scores: ArrayView2<'_, f32>, k: usize) -> (Array2<f32>, Array2<u32>) {
    assert!(k <= scores.ncols(), "{k} of {} columns", scores.ncols());
    let of_row = |row: usize| {
        let mut top = Top::new(k.max(1));
        match scores.row(row).as_slice() {
            Some(row) => top.scan(0, row),
            None => top.scan(0, &scores.row(row).to_vec()),
        }
        top.sorted()
    };
    let found: Vec<Vec<Candidate>> = (0..scores.len_of(Axis(0))).into_par_iter().map(of_row).collect();
    let shape = (found.len(), k);
    (
        Array2::from_shape_fn(shape, |(row, place)| found[row][place].score),
        Array2::from_shape_fn(shape, |(row, place)| found[row][place].position),
    )
}

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
        for (run, scores) in scores.chunks(RUN).enumerate() {
            // Most runs hold nothing that counts, which is seen at once.
            if !scores.iter().fold(false, |some, &score| some | self.counts(score)) {
                continue;
            }
            for (place, &score) in scores.iter().enumerate() {
                if self.counts(score) {
                    self.push(Candidate { score, position: (first + run * RUN + place) as u32 });
                }
            }
        }
    }

    /// Equal ones come later and lose. Nothing is above or below NaN: with it, every score counts.
    #[expect(clippy::neg_cmp_op_on_partial_ord, reason = "NaN is no bar")]
    fn counts(&self, score: f32) -> bool {
        !(score <= self.bar)
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
    fn the_highest_of_rows_are_those_of_a_sort() {
        let scores =
            Array2::from_shape_fn((7, 300), |(row, column)| ((row * 31 + column * 7919) % 97) as f32);
        let (found, positions) = highest(scores.view(), 20);
        for (row, scores) in scores.outer_iter().enumerate() {
            let mut order: Vec<usize> = (0..300).collect();
            order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));
            for (place, &column) in order[..20].iter().enumerate() {
                assert_eq!((found[[row, place]], positions[[row, place]]), (scores[column], column as u32));
            }
        }
        let turned = scores.t();
        assert_eq!(highest(turned, 3), highest(turned.to_owned().view(), 3));
    }

    #[test]
    fn fewer_than_asked_for_are_all() {
        let mut top = Top::new(10);
        top.scan(3, &[1.0, 2.0]);
        assert_eq!(positions(top), [4, 3]);
    }
}
