//! What a method draws: streams keyed by seed and step, so that a resumed run draws the same.

use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use tch::Tensor;

/// What a stream is for: two uses in one step do not draw the same numbers.
#[derive(Clone, Copy)]
enum Use {
    Permutation = 1,
    Noise = 2,
}

fn stream(seed: u64, step: u64, purpose: Use) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&step.to_le_bytes());
    key[16..24].copy_from_slice(&(purpose as u64).to_le_bytes());
    ChaCha8Rng::from_seed(key)
}

/// The numbers below `n` in random order, `[n]`.
pub(crate) fn permutation(n: i64, seed: u64, step: u64) -> Tensor {
    let mut order: Vec<i64> = (0..n).collect();
    order.shuffle(&mut stream(seed, step, Use::Permutation));
    Tensor::from_slice(&order)
}

/// Numbers below `below`, each as likely as the others, `[n, m]`.
pub(crate) fn noise([n, m]: [i64; 2], below: i64, seed: u64, step: u64) -> Tensor {
    let mut stream = stream(seed, step, Use::Noise);
    let drawn: Vec<i64> = (0..n * m).map(|_| stream.random_range(0..below)).collect();
    Tensor::from_slice(&drawn).view([n, m])
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Kind;

    #[test]
    fn a_permutation_has_every_number_once_and_depends_on_the_step() {
        let a = permutation(100, 3, 7);
        let (sorted, _) = a.sort(0, false);
        assert_eq!(sorted, Tensor::arange(100, (Kind::Int64, tch::Device::Cpu)));
        assert_eq!(a, permutation(100, 3, 7));
        assert_ne!(a, permutation(100, 3, 8));
        assert_ne!(a, permutation(100, 4, 7));
    }

    #[test]
    fn noise_is_even() {
        let counts = noise([1000, 100], 10, 0, 0).view(-1).bincount::<Tensor>(None, 10).to_kind(Kind::Double);
        // 10,000 expected in each; five deviations are 474.
        assert!((counts - 10_000.0).abs().max().double_value(&[]) < 474.0);
    }
}
