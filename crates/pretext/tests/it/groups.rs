//! The groups: sizes, distances and closure by brute force.

use kontrast_pretext::Grid;
use kontrast_pretext::permutations::{
    Choice, Permutation, PermutationError, PermutationGroup, PermutationSet,
};
use std::collections::HashSet;

/// A group, how many members it has, and their smallest and mean distance.
const FIGURES: [(PermutationGroup, usize, usize, f64); 4] = [
    (PermutationGroup::Cyclic, 9, 9, 9.0),
    (PermutationGroup::Agl19, 72, 8, 8.113),
    (PermutationGroup::Pgl28, 504, 7, 8.016),
    (PermutationGroup::Pgammal28, 1512, 6, 8.005),
];

fn nine() -> Grid {
    Grid::square(3).unwrap()
}

fn whole(group: PermutationGroup) -> Vec<Permutation> {
    PermutationSet::choose(nine(), Choice::Group(group), None, 0).unwrap().permutations().to_vec()
}

fn distance(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).filter(|(a, b)| a != b).count()
}

#[test]
fn sizes_and_distances_are_those_of_a_count_over_all_pairs() {
    for (group, size, minimum, mean) in FIGURES {
        let members = whole(group);
        assert_eq!(members.len(), size, "{group:?}");
        let pairs = members
            .iter()
            .enumerate()
            .flat_map(|(i, a)| members[i + 1..].iter().map(move |b| distance(a, b)));
        let all: Vec<_> = pairs.collect();
        assert_eq!(all.iter().min(), Some(&minimum), "{group:?}");
        let counted = all.iter().sum::<usize>() as f64 / all.len() as f64;
        assert!((counted - mean).abs() < 5e-4, "{group:?}: {counted}");
        let set = PermutationSet::choose(nine(), Choice::Group(group), None, 0).unwrap();
        assert_eq!(set.distances().minimum, minimum);
        assert!((set.distances().mean - counted).abs() < 1e-12);
    }
}

#[test]
fn members_are_permutations_and_closed_under_composition_and_inverse() {
    for (group, ..) in FIGURES {
        let members = whole(group);
        let known: HashSet<_> = members.iter().cloned().collect();
        assert_eq!(known.len(), members.len(), "{group:?} has a member twice");
        for a in &members {
            let mut sorted = a.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..9).collect::<Vec<u8>>(), "{group:?}");
            let mut inverse = vec![0; 9];
            a.iter().enumerate().for_each(|(place, &tile)| inverse[usize::from(tile)] = place as u8);
            assert!(known.contains(&inverse), "{group:?} lacks the inverse of {a:?}");
        }
        // Of the largest group every seventh member against all others is enough to find a gap.
        let step = if members.len() > 1000 { 7 } else { 1 };
        for a in members.iter().step_by(step) {
            for b in &members {
                let product: Permutation = a.iter().map(|&at| b[usize::from(at)]).collect();
                assert!(known.contains(&product), "{group:?} lacks {a:?} after {b:?}");
            }
        }
    }
}

#[test]
fn groups_lie_in_each_other() {
    let of = |group| whole(group).into_iter().collect::<HashSet<_>>();
    assert!(of(PermutationGroup::Pgl28).is_subset(&of(PermutationGroup::Pgammal28)));
}

#[test]
fn a_part_of_a_group_is_as_far_apart_and_any_size_can_be_had() {
    for (group, size, minimum, _) in FIGURES {
        let all: HashSet<_> = whole(group).into_iter().collect();
        for count in [2, size / 2, size - 1].into_iter().filter(|&count| count >= 2) {
            let part = PermutationSet::choose(nine(), Choice::Group(group), Some(count), 3).unwrap();
            assert_eq!(part.permutations().len(), count);
            assert!(part.permutations().iter().all(|member| all.contains(member)), "{group:?}");
            assert!(part.distances().minimum >= minimum, "{group:?}");
        }
    }
    let thousand =
        PermutationSet::choose(nine(), Choice::Group(PermutationGroup::Pgammal28), Some(1000), 0).unwrap();
    println!("1000 of PGammaL(2,8): {:?}", thousand.distances());
    assert!(thousand.distances().minimum >= 6 && thousand.distances().mean > 8.005);
}

#[test]
fn cyclic_shifts_serve_any_grid_and_the_others_nine_tiles() {
    let grid = Grid::new(3, 2).unwrap();
    let shifts = PermutationSet::choose(grid, Choice::Group(PermutationGroup::Cyclic), None, 0).unwrap();
    assert_eq!((shifts.permutations().len(), shifts.distances().minimum), (6, 6));
    for group in [PermutationGroup::Agl19, PermutationGroup::Pgl28, PermutationGroup::Pgammal28] {
        let refused = PermutationSet::choose(grid, Choice::Group(group), None, 0);
        assert_eq!(refused, Err(PermutationError::NotNine { choice: Choice::Group(group), grid }));
    }
    let refused =
        PermutationSet::choose(nine(), Choice::Group(PermutationGroup::Agl19), Some(73), 0).unwrap_err();
    assert!(refused.to_string().contains("73 permutations: agl19 on a 3x3 grid has 72"), "{refused}");
}
