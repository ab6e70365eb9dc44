//! A split of the training set: settings are chosen on one part after learning from the other.

use crate::EvalError;
use kontrast_augment::ViewRng;
use tch::Tensor;

/// Positions in the training set, both parts without the other's.
#[derive(Debug)]
pub struct Split {
    /// What is learned from, `[m]`.
    pub fit: Tensor,
    /// What settings are chosen on, `[n - m]`.
    pub validation: Tensor,
}

/// Splits `images` positions at random, by the seed.
///
/// # Errors
/// Where a part would be empty.
pub fn split(images: usize, share: f64, seed: u64) -> Result<Split, EvalError> {
    let held = (images as f64 * share).round() as usize;
    if held == 0 || held >= images {
        return Err(EvalError::Split { share, images });
    }
    let mut order: Vec<i64> = (0..images as i64).collect();
    ViewRng::named(*b"validate", seed, 0, 0).shuffle(&mut order);
    let (validation, fit) = order.split_at(held);
    Ok(Split { fit: Tensor::from_slice(fit), validation: Tensor::from_slice(validation) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_parts_together_are_everything_once() {
        let parts = split(100, 0.2, 7).unwrap();
        assert_eq!((parts.fit.size(), parts.validation.size()), (vec![80], vec![20]));
        let (sorted, _) = Tensor::cat(&[parts.fit, parts.validation], 0).sort(0, false);
        assert_eq!(sorted, Tensor::arange(100, (tch::Kind::Int64, tch::Device::Cpu)));
    }

    #[test]
    fn a_share_that_leaves_nothing_is_refused_with_both_numbers() {
        let message = split(3, 0.01, 0).unwrap_err().to_string();
        assert!(message.contains("0.01") && message.contains('3'), "{message}");
    }
}
