//! A validation part of whole groups, such as the videos that frames come from.

use crate::EvalError;
use kontrast_rng::KeyedRng;
use std::collections::{BTreeMap, BTreeSet};

/// Whether two positions are of one group.
pub(super) fn any_shared(groups: &[u64]) -> bool {
    groups.iter().collect::<BTreeSet<_>>().len() < groups.len()
}

/// What says that groups cannot be split.
pub(super) fn refused(groups: &[u64], fraction: f64) -> EvalError {
    let count = groups.iter().collect::<BTreeSet<_>>().len();
    EvalError::Setting {
        key: "eval.validation",
        value: fraction.to_string(),
        expected: "a group of training images, which stay whole, that can be held out and leaves images of every class"
            .to_owned(),
        found: format!(
            "{} images in {count} groups, each with all images of a class; use images of more groups, or settings among \
             which nothing is chosen",
            groups.len()
        ),
    }
}

/// Positions to learn from and those to choose on, both of whole groups: about `wanted` positions are held out, of the
/// groups that the stream draws first. Each class keeps one to learn from; nothing is held out where no group allows it.
pub(super) fn whole(
    labels: &[i64],
    groups: &[u64],
    wanted: usize,
    stream: &mut KeyedRng,
) -> (Vec<i64>, Vec<i64>) {
    let mut members = BTreeMap::<u64, Vec<i64>>::new();
    for (position, &group) in (0..).zip(groups) {
        members.entry(group).or_default().push(position);
    }
    let mut members: Vec<Vec<i64>> = members.into_values().collect();
    stream.shuffle(&mut members);
    let mut sizes = BTreeMap::<i64, usize>::new();
    for &label in labels {
        *sizes.entry(label).or_default() += 1;
    }
    // Classes that nothing would be learned from without these groups.
    let taken = |held: &[usize]| -> Vec<i64> {
        let mut counts = BTreeMap::<i64, usize>::new();
        for &position in held.iter().flat_map(|&group| &members[group]) {
            *counts.entry(labels[position as usize]).or_default() += 1;
        }
        counts.into_iter().filter(|(class, count)| sizes[class] == *count).map(|(class, _)| class).collect()
    };
    let mut candidates: Vec<usize> = (0..members.len()).filter(|&group| taken(&[group]).is_empty()).collect();
    let held = loop {
        let lengths: Vec<usize> = candidates.iter().map(|&group| members[group].len()).collect();
        let held: Vec<usize> = nearest(&lengths, wanted).into_iter().map(|place| candidates[place]).collect();
        let classes = taken(&held);
        if classes.is_empty() {
            break held;
        }
        // A class keeps its largest group; the last candidate may be held, for it does so alone.
        for class in classes {
            let has = |group: &&usize| members[**group].iter().any(|&at| labels[at as usize] == class);
            let kept = held.iter().filter(has).max_by_key(|&&group| members[group].len());
            if candidates.len() > 1 {
                candidates.retain(|group| Some(group) != kept);
            }
        }
    };
    let held: BTreeSet<usize> = held.into_iter().collect();
    let (mut fit, mut validation) = (Vec::new(), Vec::new());
    for (group, members) in members.iter().enumerate() {
        if held.contains(&group) { &mut validation } else { &mut fit }.extend(members);
    }
    (fit, validation)
}

/// Places of some lengths, at least one, whose sum is nearest to what is wanted; among equals the smaller sum, and the
/// first lengths that have it.
fn nearest(lengths: &[usize], wanted: usize) -> Vec<usize> {
    let Some(&least) = lengths.iter().min() else { return Vec::new() };
    // A sum beyond twice the wanted one is farther than any that is not.
    let most = least.max(2 * wanted);
    // For each sum that some lengths have, the last of these and the sum without it.
    let mut last: Vec<Option<usize>> = vec![None; most + 1];
    let mut highest = 0;
    for (place, &length) in lengths.iter().enumerate() {
        highest = most.min(highest + length);
        for sum in (length..=highest).rev() {
            if last[sum].is_none() && (sum == length || last[sum - length].is_some()) {
                last[sum] = Some(place);
            }
        }
        if last[wanted].is_some() {
            break;
        }
    }
    let sums = (1..=most).filter(|&sum| last[sum].is_some());
    let mut sum = sums.min_by_key(|sum| sum.abs_diff(wanted)).expect("the least length is a sum");
    let mut places = Vec::new();
    while sum > 0 {
        let place = last[sum].expect("a sum of lengths");
        places.push(place);
        sum -= lengths[place];
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split;
    use proptest::prelude::*;

    #[test]
    fn groups_that_leave_nothing_are_refused_with_what_to_do() {
        for (labels, groups) in [
            (vec![0; 10], vec![7; 10]),
            ([vec![0; 5], vec![1; 5]].concat(), [vec![3; 5], vec![4; 5]].concat()),
        ] {
            let message = split(&labels, Some(&groups), 0.2, 0).unwrap_err().to_string();
            assert!(message.starts_with("eval.validation = 0.2: expected a group"), "{message}");
            assert!(message.contains("10 images in") && message.contains("more groups"), "{message}");
        }
    }

    #[test]
    fn a_group_larger_than_the_fraction_is_held_where_all_are() {
        let groups: Vec<u64> = (0..40).map(|position| position / 10).collect();
        let parts = split(&[0; 40], Some(&groups), 0.05, 1).unwrap();
        assert_eq!((parts.fit.size(), parts.validation.size()), (vec![30], vec![10]));
    }

    #[test]
    fn other_seeds_hold_other_groups() {
        let groups: Vec<u64> = (0..40).map(|position| position / 4).collect();
        let held = |seed| {
            let parts = split(&[0; 40], Some(&groups), 0.2, seed).unwrap();
            Vec::<i64>::try_from(parts.validation).unwrap()
        };
        let first: BTreeSet<_> = (0..20).map(held).collect();
        assert_eq!(held(3), held(3));
        assert!(first.len() > 10, "{first:?}");
    }

    proptest! {
        #[test]
        fn sums_are_as_near_as_any_choice_has_them(
            lengths in proptest::collection::vec(1usize..12, 1..9), wanted in 1usize..30,
        ) {
            let sum = |places: &[usize]| places.iter().map(|&place| lengths[place]).sum::<usize>();
            let best = (1..1u32 << lengths.len())
                .map(|chosen| {
                    let places: Vec<_> = (0..lengths.len()).filter(|place| chosen >> place & 1 == 1).collect();
                    sum(&places).abs_diff(wanted)
                })
                .min();
            let mut found = nearest(&lengths, wanted);
            prop_assert_eq!(Some(sum(&found).abs_diff(wanted)), best);
            let count = found.len();
            found.sort_unstable();
            found.dedup();
            prop_assert_eq!(found.len(), count, "each once");
        }

        #[test]
        fn no_group_is_on_both_sides_and_every_class_is_learned(
            drawn in proptest::collection::vec((0i64..4, 0u64..15), 20..60),
            fraction in 0.1f64..0.9,
            seed in 0u64..50,
        ) {
            let (labels, groups): (Vec<i64>, Vec<u64>) = drawn.into_iter().unzip();
            let Ok(parts) = split(&labels, Some(&groups), fraction, seed) else { return Ok(()) };
            let part = |of: &tch::Tensor| Vec::<i64>::try_from(of).unwrap();
            let (fit, held) = (part(&parts.fit), part(&parts.validation));
            let of = |part: &[i64]| part.iter().map(|&at| groups[at as usize]).collect::<BTreeSet<_>>();
            prop_assert!(of(&fit).is_disjoint(&of(&held)));
            let learned: BTreeSet<i64> = fit.iter().map(|&at| labels[at as usize]).collect();
            prop_assert_eq!(learned, labels.iter().copied().collect::<BTreeSet<_>>());
            let mut all = [fit, held.clone()].concat();
            all.sort_unstable();
            prop_assert!(all.into_iter().eq(0..labels.len() as i64) && !held.is_empty());
        }
    }
}
