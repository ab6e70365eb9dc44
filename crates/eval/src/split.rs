//! A split of the training set: settings are chosen on one part after learning from the other.

mod groups;

use crate::EvalError;
use kontrast_rng::KeyedRng;
use std::collections::BTreeSet;
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
/// last one is not held out. Images of a group are never on both sides: where there are groups of several images, the
/// validation part is of whole groups, as near the fraction as they allow.
///
/// # Shapes
/// - `labels`: `[n]`, the class of each position
/// - `groups`: `[n]`, the group of each position; without them each is a group of its own
///
/// # Errors
/// Where a part would be empty.
pub fn split(
    labels: &[i64],
    groups: Option<&[u64]>,
    fraction: f64,
    seed: u64,
) -> Result<FitSplit, EvalError> {
    let images = labels.len();
    let held = (images as f64 * fraction).round() as usize;
    if held == 0 || held >= images {
        return Err(EvalError::Split { fraction, images });
    }
    let mut stream = KeyedRng::named(*b"validate", seed, 0, 0);
    if let Some(groups) = groups.filter(|groups| groups::any_shared(groups)) {
        let (fit, validation) = groups::whole(labels, groups, held, &mut stream);
        if validation.is_empty() {
            return Err(groups::refused(groups, fraction));
        }
        return Ok(FitSplit { fit: Tensor::from_slice(&fit), validation: Tensor::from_slice(&validation) });
    }
    let mut order: Vec<i64> = (0..images as i64).collect();
    stream.shuffle(&mut order);
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
    fn groups_of_one_image_each_change_nothing() {
        let labels: Vec<i64> = (0..60).map(|position| position % 4).collect();
        let groups: Vec<u64> = (0..60).map(|position| 1000 - position).collect();
        let (with, without) = (split(&labels, Some(&groups), 0.3, 5), split(&labels, None, 0.3, 5));
        let (with, without) = (with.unwrap(), without.unwrap());
        assert_eq!((with.fit, with.validation), (without.fit, without.validation));
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
}
