//! A greedy choice among permutations that are all looked at: 1,000 of 362,880 in a fraction of a second and 7 MB.
//!
//! Nothing is computed again: the sum of distances to those chosen grows by one distance a choice, and their matrix,
//! which would fill gigabytes, is never made.

use super::permutation::Permutation;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;

/// Permutations looked at together: what is kept of them stays in the first cache.
const BLOCK: usize = 2048;

/// Which of the candidates is taken next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// The largest sum of distances to those chosen; among equals the largest distance to the nearest of them.
    Farthest,
    /// The largest distance to the nearest of those chosen; among equals the largest sum.
    FarthestFromNearest,
    /// The median by the sum.
    Middle,
    /// The smallest sum.
    Nearest,
}

/// Candidates in the order in which equals are taken; the first is chosen first.
pub(super) struct Pool {
    /// `[tiles][len]`: which tile each has at a place.
    places: Vec<Vec<u8>>,
}

impl Pool {
    pub(super) fn new(candidates: &[Permutation]) -> Self {
        let tiles = candidates[0].len();
        Self {
            places: (0..tiles).map(|i| candidates.iter().map(|candidate| candidate[i]).collect()).collect(),
        }
    }

    /// Every permutation, in drawn order.
    pub(super) fn all(tiles: usize, stream: &mut ChaCha8Rng) -> Self {
        let count: u32 = (1..=tiles as u32).product();
        let mut order: Vec<u32> = (0..count).collect();
        order.shuffle(stream);
        let mut places = vec![Vec::with_capacity(order.len()); tiles];
        for number in order {
            let (mut number, mut left): (_, Vec<u8>) = (number as usize, (0..tiles as u8).collect());
            for place in &mut places {
                let choices = left.len();
                place.push(left.remove(number % choices));
                number /= choices;
            }
        }
        Self { places }
    }

    /// `count` of them, at most as many as there are.
    pub(super) fn choose(&self, count: usize, rule: Rule) -> Vec<Permutation> {
        let len = self.places[0].len();
        let mut seen = Seen { sums: vec![0; len], nearest: vec![u8::MAX; len] };
        let mut chosen = vec![0];
        while chosen.len() < count {
            let next = self.next(&mut seen, chosen[chosen.len() - 1], rule);
            chosen.push(match rule {
                Rule::Middle => seen.median(len - chosen.len()),
                _ => next,
            });
        }
        chosen.into_iter().map(|at| self.at(at)).collect()
    }

    fn at(&self, at: usize) -> Permutation {
        self.places.iter().map(|place| place[at]).collect()
    }

    /// Adds the distances to what was chosen last; the position of the first candidate that the rule likes best.
    fn next(&self, seen: &mut Seen, last: usize, rule: Rule) -> usize {
        let target = self.at(last);
        let mut best = (0, 0);
        let mut keys = [0; BLOCK];
        for start in (0..seen.sums.len()).step_by(BLOCK) {
            let end = (start + BLOCK).min(seen.sums.len());
            let places: Vec<_> = self.places.iter().map(|place| &place[start..end]).collect();
            let (sums, nearest) = (&mut seen.sums[start..end], &mut seen.nearest[start..end]);
            let keys = &mut keys[..end - start];
            let largest = added(&places, &target, (sums, nearest), rule, keys);
            if largest > best.0 {
                let position = keys.iter().position(|&key| key == largest).unwrap_or(0);
                best = (largest, start + position);
            }
        }
        best.1
    }
}

/// Adds the distances of a block to a permutation; its keys by the rule, and the largest of them.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2"))]
fn added(
    places: &[&[u8]],
    target: &[u8],
    (sums, nearest): (&mut [u32], &mut [u8]),
    rule: Rule,
    keys: &mut [u32],
) -> u32 {
    // Nothing here overflows, and a check of every sum would forbid whole registers of them: hence `wrapping_add`.
    let mut distances = [0_u8; BLOCK];
    let distances = &mut distances[..sums.len()];
    for (place, &tile) in places.iter().zip(target) {
        for (distance, &other) in distances.iter_mut().zip(*place) {
            *distance = distance.wrapping_add(u8::from(other != tile));
        }
    }
    for (sum, &distance) in sums.iter_mut().zip(&*distances) {
        *sum = sum.wrapping_add(u32::from(distance));
    }
    for (nearest, &distance) in nearest.iter_mut().zip(&*distances) {
        *nearest = distance.min(*nearest);
    }
    // A loop for each rule: one that asks for the rule at each candidate is several times as slow.
    let all =
        keys.iter_mut().zip(&*sums).zip(&*nearest).map(|((key, &sum), &nearest)| (key, sum, nearest.into()));
    match rule {
        Rule::Farthest | Rule::Middle => {
            all.for_each(|(key, sum, nearest)| *key = free(nearest, sum << 4 | nearest));
        }
        Rule::FarthestFromNearest => {
            all.for_each(|(key, sum, nearest)| *key = free(nearest, nearest << 24 | sum));
        }
        Rule::Nearest => all.for_each(|(key, sum, nearest)| *key = free(nearest, !sum)),
    }
    keys.iter().fold(0, |largest, &key| largest.max(key))
}

/// The key of a candidate, larger where it is better; 0 where it has been chosen, for then its nearest is itself.
#[inline]
fn free(nearest: u32, key: u32) -> u32 {
    if nearest == 0 { 0 } else { key }
}

/// What is known of every candidate.
struct Seen {
    /// The sum of distances to those chosen.
    sums: Vec<u32>,
    /// The distance to the nearest of them: 0 where it is one of them.
    nearest: Vec<u8>,
}

impl Seen {
    /// The median by the sum of those `left`: the lower of two, and the first among equals.
    fn median(&self, left: usize) -> usize {
        let largest = self.sums.iter().max().map_or(0, |&sum| sum as usize);
        let mut counts = vec![0_usize; largest + 1];
        let candidates =
            || self.sums.iter().zip(&self.nearest).map(|(&sum, &nearest)| (sum as usize, nearest > 0));
        candidates().filter(|(_, free)| *free).for_each(|(sum, _)| counts[sum] += 1);
        let mut below = 0;
        let middle = counts.iter().position(|&count| {
            below += count;
            below > (left - 1) / 2
        });
        let middle = middle.unwrap_or(largest);
        candidates().position(|(sum, free)| free && sum == middle).unwrap_or(0)
    }
}
