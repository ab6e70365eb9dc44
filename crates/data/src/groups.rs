//! Groups of images that show the same thing, such as the frames of a video: kept whole by subsets and holdouts.

use std::collections::BTreeMap;

use kontrast_rng::KeyedRng;

use crate::dataset::{Dataset, Labelled};
use crate::subset::{balanced, fraction_of_each};

/// The group of each image; none where each image is a group of its own.
pub fn groups_of<D: Dataset + ?Sized>(images: &D) -> Option<Vec<u64>> {
    let groups: Vec<u64> = (0..images.len()).map(|index| images.group(index)).collect();
    let mut sorted = groups.clone();
    sorted.sort_unstable();
    sorted.dedup();
    (sorted.len() < groups.len()).then_some(groups)
}

/// `count` images, as [`balanced`] chooses them; where there are groups, as many whole ones as fit.
pub(crate) fn chosen<D: Dataset + ?Sized>(images: &D, labels: &[u32], count: usize, seed: u64) -> Vec<u32> {
    match groups_of(images) {
        None => balanced(labels, count, seed),
        Some(groups) => whole(labels, &groups, count, seed),
    }
}

/// A fraction of each class, as [`fraction_of_each`] chooses it; whole groups where there are some.
pub(crate) fn held_out<D: Labelled + ?Sized>(images: &D, fraction: f64, seed: u64) -> Vec<u32> {
    let labels = images.labels();
    match groups_of(images) {
        None => fraction_of_each(&labels, fraction, seed),
        Some(groups) => nearest(&labels, &groups, fraction, seed),
    }
}

/// Deals one group of each class after another, until one does not fit: a smaller count is a part of a larger one. A group
/// counts for the class of its first image.
fn whole(labels: &[u32], groups: &[u64], count: usize, seed: u64) -> Vec<u32> {
    let members = members(groups);
    let first: Vec<u32> = members.iter().map(|group| labels[group[0] as usize]).collect();
    let mut stream = KeyedRng::named(*b"subset  ", seed, 0, 0);
    let mut classes: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (group, &label) in first.iter().enumerate() {
        classes.entry(label).or_default().push(group);
    }
    for groups in classes.values_mut() {
        stream.shuffle(groups);
    }
    let mut classes: Vec<_> = classes.into_values().collect();
    stream.shuffle(&mut classes);
    let rounds = classes.iter().map(Vec::len).max().unwrap_or(0);
    let dealt = (0..rounds).flat_map(|round| classes.iter().filter_map(move |groups| groups.get(round)));
    let mut chosen = Vec::new();
    for &group in dealt {
        if chosen.len() + members[group].len() > count {
            break;
        }
        chosen.extend(&members[group]);
    }
    chosen.sort_unstable();
    chosen
}

/// Takes groups, in an order that the seed draws, as long as each brings the classes nearer to their fractions; one image
/// of each class is left at least.
fn nearest(labels: &[u32], groups: &[u64], fraction: f64, seed: u64) -> Vec<u32> {
    let classes = labels.iter().max().map_or(0, |&label| label as usize + 1);
    let mut sizes = vec![0_usize; classes];
    for &label in labels {
        sizes[label as usize] += 1;
    }
    let wanted: Vec<f64> = sizes.iter().map(|&size| (size as f64 * fraction).round()).collect();
    let mut members = members(groups);
    KeyedRng::named(*b"subset  ", seed, 0, 0).shuffle(&mut members);
    let mut held = vec![0_usize; classes];
    let mut chosen = Vec::new();
    for group in members {
        let mut with = held.clone();
        for &image in &group {
            with[labels[image as usize] as usize] += 1;
        }
        let away = |held: &[usize]| -> f64 {
            held.iter().zip(&wanted).map(|(&held, wanted)| (held as f64 - wanted).abs()).sum()
        };
        let leaves_one = with.iter().zip(&sizes).all(|(&held, &size)| size == 0 || held < size);
        if leaves_one && away(&with) < away(&held) {
            held = with;
            chosen.extend(group);
        }
    }
    chosen.sort_unstable();
    chosen
}

/// The images of each group, groups in the order of their numbers.
fn members(groups: &[u64]) -> Vec<Vec<u32>> {
    let mut members: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
    for (image, &group) in groups.iter().enumerate() {
        members.entry(group).or_default().push(image as u32);
    }
    members.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::{nearest, whole};
    use std::collections::BTreeSet;

    /// 60 images of 3 classes; groups of 1 to 6 images of a class each.
    fn example() -> (Vec<u32>, Vec<u64>) {
        let labels: Vec<u32> = (0..60).map(|image| image / 20).collect();
        let within =
            |image: u64| [0, 1, 1, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 5, 5, 5, 5, 5][image as usize % 20];
        let groups = (0..60).map(|image| image / 20 * 10 + within(image)).collect();
        (labels, groups)
    }

    #[test]
    fn no_group_lies_on_both_sides() {
        let (labels, groups) = example();
        for seed in 0..20 {
            for chosen in [nearest(&labels, &groups, 0.25, seed), whole(&labels, &groups, 30, seed)] {
                let inside: BTreeSet<_> = chosen.iter().map(|&image| groups[image as usize]).collect();
                let rest = (0..60_u32).filter(|image| !chosen.contains(image));
                assert!(rest.into_iter().all(|image| !inside.contains(&groups[image as usize])), "{seed}");
                assert!(!chosen.is_empty() && chosen.is_sorted_by(|a, b| a < b));
            }
        }
    }

    #[test]
    fn a_holdout_of_groups_is_near_the_fraction_and_never_all_of_a_class() {
        let (labels, groups) = example();
        for seed in 0..20 {
            for fraction in [0.1, 0.25, 0.5, 0.95] {
                let held = nearest(&labels, &groups, fraction, seed);
                for class in 0..3 {
                    let of_class = held.iter().filter(|&&image| labels[image as usize] == class).count();
                    assert!(of_class < 20, "all of class {class}");
                    let away = (of_class as f64 - 20.0 * fraction).abs();
                    assert!(away <= 6.0, "{of_class} of 20 at {fraction}");
                }
            }
        }
    }

    #[test]
    fn a_smaller_choice_of_groups_lies_within_a_larger_one() {
        let (labels, groups) = example();
        let large = whole(&labels, &groups, 50, 3);
        assert!(large.len() <= 50 && large.len() > 40);
        let small = whole(&labels, &groups, 20, 3);
        assert!(small.len() <= 20 && small.iter().all(|image| large.contains(image)));
    }

    #[test]
    fn classes_of_one_group_are_all_trained_on() {
        assert!(nearest(&[0, 0, 1, 1], &[0, 0, 1, 1], 0.5, 1).is_empty());
    }
}
