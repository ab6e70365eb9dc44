//! A split of the training set: settings are chosen on one part after learning from the other.

use crate::EvalError;
use kontrast_rng::KeyedRng;
use std::collections::{BTreeMap, BTreeSet};
use tch::Tensor;

/// Positions in the training set, both parts without the other's.
#[derive(Debug)]
pub struct FitSplit {
    /// What is learned from, `[m]`.
    pub fit: Tensor,
    /// What settings are chosen on, `[n - m]`.
    pub validation: Tensor,
}

/// Splits positions at random, by the seed. Each class keeps an image to learn from: where the draw left it none, its
/// last one is not held out. Images of one group stay together, and then the fraction is met as nearly as groups allow.
///
/// # Shapes
/// - `labels`: `[n]`, the class of each position
/// - `groups`: `[n]`, where images share groups
///
/// # Errors
/// Where a part would be empty.
pub fn split(
    labels: &[i64],
    groups: Option<&[u64]>,
    fraction: f64,
    seed: u64,
) -> Result<FitSplit, EvalError> {
    if let Some(groups) = groups {
        return whole_groups(labels, groups, fraction, seed);
    }
    let images = labels.len();
    let held = (images as f64 * fraction).round() as usize;
    if held == 0 || held >= images {
        return Err(EvalError::Split { fraction, images });
    }
    let mut order: Vec<i64> = (0..images as i64).collect();
    KeyedRng::named(*b"validate", seed, 0, 0).shuffle(&mut order);
    let (validation, fit) = order.split_at(held);
    let (mut validation, mut fit) = (validation.to_vec(), fit.to_vec());
    let mut learned: BTreeSet<i64> = fit.iter().map(|&position| labels[position as usize]).collect();
    for place in (0..validation.len()).rev() {
        if learned.insert(labels[validation[place] as usize]) {
            fit.push(validation.remove(place));
        }
    }
    if validation.is_empty() {
        return Err(EvalError::Split { fraction, images });
    }
    Ok(FitSplit { fit: Tensor::from_slice(&fit), validation: Tensor::from_slice(&validation) })
}

/// Holds out whole groups, in an order that the seed draws, as long as each brings the number nearer to the fraction and
/// leaves an image of each of its classes.
fn whole_groups(labels: &[i64], groups: &[u64], fraction: f64, seed: u64) -> Result<FitSplit, EvalError> {
    let images = labels.len();
    assert_eq!(groups.len(), images, "a group for each image");
    let mut members: BTreeMap<u64, Vec<i64>> = BTreeMap::new();
    for (position, &group) in (0..).zip(groups) {
        members.entry(group).or_default().push(position);
    }
    let count = members.len();
    let mut members: Vec<_> = members.into_values().collect();
    KeyedRng::named(*b"validate", seed, 0, 0).shuffle(&mut members);
    let mut left: BTreeMap<i64, usize> = BTreeMap::new();
    for &label in labels {
        *left.entry(label).or_default() += 1;
    }
    let wanted = images as f64 * fraction;
    let (mut validation, mut fit) = (Vec::new(), Vec::new());
    for group in members {
        let mut after = left.clone();
        for &position in &group {
            *after.entry(labels[position as usize]).or_default() -= 1;
        }
        let away = |held: usize| (held as f64 - wanted).abs();
        let is_nearer = away(validation.len() + group.len()) < away(validation.len());
        if is_nearer && after.values().all(|&count| count > 0) {
            left = after;
            validation.extend(group);
        } else {
            fit.extend(group);
        }
    }
    if validation.is_empty() || fit.is_empty() {
        return Err(EvalError::SplitOfGroups { fraction, images, groups: count });
    }
    Ok(FitSplit { fit: Tensor::from_slice(&fit), validation: Tensor::from_slice(&validation) })
}

/// Positions as numbers.
pub(crate) fn positions(of: &Tensor) -> Vec<u32> {
    let all: Vec<i64> = Vec::try_from(of).expect("positions are one row of whole numbers");
    all.into_iter().map(|position| position as u32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positions(tensor: &Tensor) -> Vec<i64> {
        Vec::try_from(tensor).unwrap()
    }

    #[test]
    fn both_parts_together_are_everything_once() {
        let parts = split(&[3; 100], None, 0.2, 7).unwrap();
        assert_eq!((parts.fit.size(), parts.validation.size()), (vec![80], vec![20]));
        let (sorted, _) = Tensor::cat(&[parts.fit, parts.validation], 0).sort(0, false);
        assert_eq!(sorted, Tensor::arange(100, (tch::Kind::Int64, tch::Device::Cpu)));
    }

    #[test]
    fn a_share_that_leaves_nothing_is_refused_with_both_numbers() {
        let message = split(&[0; 3], None, 0.01, 0).unwrap_err().to_string();
        assert!(message.contains("0.01") && message.contains('3'), "{message}");
    }

    #[test]
    fn field_every_class_keeps_an_image_to_learn_from() {
        // A common class and rare ones of one, two and five images.
        let labels: Vec<i64> =
            [(0, 100), (1, 1), (2, 2), (3, 5)].into_iter().flat_map(|(c, n)| vec![c; n]).collect();
        let mut moved = 0;
        for seed in 0..200 {
            for fraction in [0.2, 0.5, 0.9] {
                let parts = split(&labels, None, fraction, seed).unwrap();
                let (fit, held) = (positions(&parts.fit), positions(&parts.validation));
                let learned: BTreeSet<i64> = fit.iter().map(|&position| labels[position as usize]).collect();
                assert_eq!(learned.len(), 4, "seed {seed}, fraction {fraction}");
                assert_eq!(fit.len() + held.len(), labels.len());
                moved += usize::from(held.len() != (labels.len() as f64 * fraction).round() as usize);
            }
        }
        assert!(moved > 100, "draws that leave a class without images are common here: {moved}");
        let message = split(&[0, 1, 2, 3], None, 0.5, 1).unwrap_err().to_string();
        assert!(message.contains("eval.validation"), "nothing is left to choose on: {message}");
    }

    #[test]
    fn groups_lie_on_one_side_near_the_fraction_and_leave_each_class_an_image() {
        // Clips of 1 to 6 frames of one class each, and one clip with two classes.
        let sizes = [1, 2, 3, 4, 5, 6, 2, 3, 4, 1, 6, 5];
        let clips = sizes.iter().enumerate();
        let groups: Vec<u64> = clips.clone().flat_map(|(clip, &size)| vec![clip as u64; size]).collect();
        let mut labels: Vec<i64> = clips.flat_map(|(clip, &size)| vec![(clip % 3) as i64; size]).collect();
        labels[0] = 2;
        let mut sides = BTreeSet::new();
        for seed in 0..200 {
            for fraction in [0.1, 0.2, 0.5] {
                let parts = split(&labels, Some(&groups), fraction, seed).unwrap();
                let (fit, held) = (positions(&parts.fit), positions(&parts.validation));
                assert_eq!(fit.len() + held.len(), labels.len());
                let of = |side: &[i64]| side.iter().map(|&at| groups[at as usize]).collect::<BTreeSet<_>>();
                assert!(of(&fit).is_disjoint(&of(&held)), "seed {seed}, fraction {fraction}");
                let learned: BTreeSet<i64> = fit.iter().map(|&at| labels[at as usize]).collect();
                assert_eq!(learned.len(), 3, "seed {seed}, fraction {fraction}");
                let away = (held.len() as f64 - labels.len() as f64 * fraction).abs();
                assert!(away <= 3.0, "{} of {} at {fraction}", held.len(), labels.len());
                sides.insert(held);
            }
        }
        assert!(sides.len() > 100, "the seed draws: {} sides", sides.len());
    }

    #[test]
    fn one_group_of_everything_is_refused_with_what_to_do() {
        for (labels, groups) in [([0, 1, 0, 1], [7; 4]), ([0, 0, 1, 1], [0, 0, 1, 1])] {
            let message = split(&labels, Some(&groups), 0.5, 0).unwrap_err().to_string();
            assert!(message.contains("eval.validation = 0.5 of 4") && message.contains("whole"), "{message}");
        }
    }
}
