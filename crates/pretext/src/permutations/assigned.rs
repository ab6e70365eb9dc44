//! Permutations of more tiles than all can be looked at: drawn, or each the farthest by solving an assignment.
//!
//! The sum of distances of a permutation to those chosen is lower by one for each of them that agrees with it at a
//! place. So the farthest one assigns tiles to places at the least sum of a table: how often each tile stands at each
//! place already.

use super::permutation::Permutation;
use pathfinding::kuhn_munkres::kuhn_munkres_min;
use pathfinding::matrix::Matrix;
use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;
use std::collections::HashSet;

/// Above what all places together draw to tell equals apart.
const WEIGHT: i64 = 1 << 32;

/// Different permutations, each as likely as the others.
pub(super) fn drawn(tiles: usize, count: usize, stream: &mut ChaCha8Rng) -> Vec<Permutation> {
    let mut permutation: Permutation = (0..tiles as u8).collect();
    different(count, || {
        permutation.shuffle(stream);
        permutation.clone()
    })
}

/// Each the farthest from those before it, by the sum of distances; equals are told apart by what is drawn.
pub(super) fn farthest(tiles: usize, count: usize, stream: &mut ChaCha8Rng) -> Vec<Permutation> {
    let mut counts = vec![0_i64; tiles * tiles];
    let mut last: Option<Permutation> = None;
    different(count, || {
        if let Some(last) = last.take() {
            last.iter().enumerate().for_each(|(place, &tile)| counts[place * tiles + usize::from(tile)] += 1);
        }
        let most = WEIGHT / tiles as i64;
        let weights = counts.iter().map(|&count| count * WEIGHT + stream.random_range(0..most)).collect();
        let weights = Matrix::from_vec(tiles, tiles, weights).expect("a square table");
        let (_, places) = kuhn_munkres_min(&weights);
        let permutation: Permutation = places.into_iter().map(|tile| tile as u8).collect();
        last = Some(permutation.clone());
        permutation
    })
}

/// What `next` gives until there are `count` different ones.
fn different(count: usize, mut next: impl FnMut() -> Permutation) -> Vec<Permutation> {
    let (mut known, mut found) = (HashSet::new(), Vec::with_capacity(count));
    while found.len() < count {
        let permutation = next();
        if known.insert(permutation.clone()) {
            found.push(permutation);
        }
    }
    found
}
