//! Greedy and drawn sets against brute force.

use kontrast_pretext::Grid;
use kontrast_pretext::permutations::{Choice, Permutation, PermutationError, PermutationSet};
use proptest::prelude::*;
use std::collections::HashSet;

const CHOICES: [Choice; 5] =
    [Choice::Greedy, Choice::MaxMin, Choice::Middle, Choice::MinAverage, Choice::Random];

fn grid(rows: u8, columns: u8) -> Grid {
    Grid::new(rows, columns).unwrap()
}

fn chosen(grid: Grid, choice: Choice, count: usize, seed: u64) -> PermutationSet {
    PermutationSet::choose(grid, choice, Some(count), seed).unwrap()
}

fn distance(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).filter(|(a, b)| a != b).count()
}

/// The largest mean that `count` permutations of `tiles` tiles can have: every tile equally often at every place.
/// It is tiles - (count - tiles) / (count - 1) where tiles divide count, and higher by less than one otherwise.
fn largest_mean(tiles: usize, count: usize) -> f64 {
    let (each, left) = (count / tiles, count % tiles);
    let pairs = |n: usize| (n * n.saturating_sub(1) / 2) as f64;
    let agreements = left as f64 * pairs(each + 1) + (tiles - left) as f64 * pairs(each);
    tiles as f64 - tiles as f64 * agreements / pairs(count)
}

/// Every permutation of so many tiles.
fn all(tiles: u8) -> Vec<Permutation> {
    if tiles == 0 {
        return vec![Vec::new()];
    }
    let shorter = all(tiles - 1);
    let places = shorter.iter().flat_map(|rest| {
        (0..tiles as usize).map(move |at| [&rest[..at], &[tiles - 1], &rest[at..]].concat())
    });
    places.collect()
}

/// Whether every member is what the rule demands, given those before it: all others are looked at.
fn follows(choice: Choice, set: &[Permutation], everything: &[Permutation]) {
    for (position, member) in set.iter().enumerate().skip(1) {
        let before = &set[..position];
        let sum = |p: &Permutation| before.iter().map(|b| distance(p, b)).sum::<usize>();
        let nearest = |p: &Permutation| before.iter().map(|b| distance(p, b)).min().unwrap();
        let left: Vec<_> = everything.iter().filter(|p| !before.contains(p)).collect();
        match choice {
            Choice::Greedy => {
                let best = left.iter().map(|p| (sum(p), nearest(p))).max();
                assert_eq!(Some((sum(member), nearest(member))), best, "member {position}");
            }
            Choice::MaxMin => {
                let best = left.iter().map(|p| (nearest(p), sum(p))).max();
                assert_eq!(Some((nearest(member), sum(member))), best, "member {position}");
            }
            Choice::MinAverage => {
                assert_eq!(Some(sum(member)), left.iter().map(|p| sum(p)).min(), "member {position}");
            }
            Choice::Middle => {
                let mut sums: Vec<_> = left.iter().map(|p| sum(p)).collect();
                sums.sort_unstable();
                assert_eq!(sum(member), sums[(sums.len() - 1) / 2], "member {position}");
            }
            _ => {}
        }
    }
}

#[test]
fn small_grids_agree_with_a_brute_force_greedy() {
    for (grid, count) in [(grid(2, 2), 24), (grid(3, 2), 60)] {
        let everything = all(grid.tiles() as u8);
        for choice in CHOICES {
            for seed in 0..3 {
                let set = chosen(grid, choice, count, seed);
                follows(choice, set.permutations(), &everything);
            }
        }
    }
}

#[test]
fn four_tiles_have_all_24() {
    for choice in CHOICES {
        let set = chosen(grid(2, 2), choice, 24, 5);
        let found: HashSet<_> = set.permutations().iter().cloned().collect();
        assert_eq!(found, all(4).into_iter().collect());
        assert_eq!(set.distances().minimum, 2);
    }
    let refused = PermutationSet::choose(grid(2, 2), Choice::Greedy, Some(25), 0).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "25 permutations: greedy on a 2x2 grid has 24; ask for fewer, or take a larger grid"
    );
    for count in [0, 1] {
        let refused = PermutationSet::choose(grid(2, 2), Choice::Greedy, Some(count), 0);
        assert_eq!(refused, Err(PermutationError::TooFew { count }));
    }
}

#[test]
fn a_thousand_of_nine_tiles_are_as_far_apart_as_they_can_be() {
    let set = chosen(grid(3, 3), Choice::Greedy, 1000, 0);
    let distances = set.distances();
    println!("greedy, 1,000: {distances:?}, bound {}", largest_mean(9, 1000));
    assert!(distances.mean >= 8.007 && distances.mean <= largest_mean(9, 1000) + 1e-12);
    let drawn = chosen(grid(3, 3), Choice::Random, 1000, 0).distances();
    assert!((drawn.mean - 8.0).abs() < 0.01, "{drawn:?}");
    let middle = chosen(grid(3, 3), Choice::Middle, 200, 0).distances();
    let least = chosen(grid(3, 3), Choice::MinAverage, 200, 0).distances();
    assert!(least.mean < middle.mean && middle.mean < distances.mean, "{least:?}, {middle:?}");
    // As far from the nearest as the best known sets: the affine group shows that 72 can be 8 apart.
    let far = chosen(grid(3, 3), Choice::MaxMin, 100, 0).distances();
    assert!(far.minimum >= 5, "{far:?}");
}

#[test]
fn sixteen_tiles_are_more_than_can_be_looked_at_and_still_far_apart() {
    let set = chosen(grid(4, 4), Choice::Greedy, 100, 1);
    let found: HashSet<_> = set.permutations().iter().cloned().collect();
    assert_eq!(found.len(), 100);
    // The first sixteen agree nowhere, and all are as far apart as any hundred can be.
    let first = PermutationSet::choose(grid(4, 4), Choice::Greedy, Some(16), 1).unwrap();
    assert_eq!(first.distances().minimum, 16);
    assert!((set.distances().mean - largest_mean(16, 100)).abs() < 1e-9, "{:?}", set.distances());
    for choice in [Choice::MaxMin, Choice::Middle, Choice::MinAverage] {
        let refused = PermutationSet::choose(grid(4, 4), choice, Some(10), 0);
        assert_eq!(refused, Err(PermutationError::TooManyTiles { choice, grid: grid(4, 4) }));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_set_is_what_its_seed_says_and_holds_different_permutations(
        seed in 0u64..1_000_000, rows in 1u8..4, columns in 2u8..4, part in 0.0f64..1.0, which in 0usize..5,
    ) {
        let (grid, choice) = (grid(rows, columns), CHOICES[which]);
        let available: usize = (1..=grid.tiles()).product();
        prop_assume!(available >= 2);
        let count = 2 + (part * available.min(60) as f64 * 0.9) as usize;
        prop_assume!(count <= available);
        let set = chosen(grid, choice, count, seed);
        prop_assert_eq!(&set, &chosen(grid, choice, count, seed));
        let found: HashSet<_> = set.permutations().iter().cloned().collect();
        prop_assert_eq!(found.len(), count);
        for member in set.permutations() {
            let mut sorted = member.clone();
            sorted.sort_unstable();
            prop_assert_eq!(sorted, (0..grid.tiles() as u8).collect::<Vec<_>>());
        }
        let distances = set.distances();
        prop_assert!(distances.mean <= largest_mean(grid.tiles(), count) + 1e-9);
        prop_assert!(distances.minimum >= 2 && distances.minimum as f64 <= distances.mean);
        // A longer set begins with the shorter one.
        if count > 2 && choice != Choice::Random {
            let shorter = chosen(grid, choice, count - 1, seed);
            prop_assert_eq!(&set.permutations()[..count - 1], shorter.permutations());
        }
    }
}
