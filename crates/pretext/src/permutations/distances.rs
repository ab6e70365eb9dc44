//! How far the members of a set are from each other.

use super::permutation::Permutation;

/// Hamming distances between all pairs of different members: in how many places two permutations differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Distances {
    /// The smallest.
    pub minimum: usize,
    /// The mean.
    pub mean: f64,
}

impl Distances {
    /// Of two permutations or more.
    pub fn of(permutations: &[Permutation]) -> Self {
        Self { minimum: minimum(permutations), mean: mean(permutations) }
    }
}

/// In how many places two permutations differ.
pub(super) fn hamming(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).filter(|(a, b)| a != b).count()
}

fn minimum(permutations: &[Permutation]) -> usize {
    let mut least = usize::MAX;
    for (position, a) in permutations.iter().enumerate() {
        for b in &permutations[position + 1..] {
            least = least.min(hamming(a, b));
        }
        // Different permutations differ in two places at least: there is no smaller one to find.
        if least == 2 {
            break;
        }
    }
    least
}

/// From how often each tile stands at each place: pairs that agree there are what is missing.
fn mean(permutations: &[Permutation]) -> f64 {
    let tiles = permutations[0].len();
    let mut counts = vec![0_u64; tiles * tiles];
    for permutation in permutations {
        for (place, &tile) in permutation.iter().enumerate() {
            counts[place * tiles + usize::from(tile)] += 1;
        }
    }
    let pairs = |n: u64| (n * n.saturating_sub(1) / 2) as f64;
    let agreements: f64 = counts.into_iter().map(pairs).sum();
    tiles as f64 - agreements / pairs(permutations.len() as u64)
}
