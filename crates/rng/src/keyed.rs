//! Random streams, each keyed by what it is for.

use std::convert::Infallible;

use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng, TryRng};

/// A ChaCha8 stream whose key is what is drawn, not when: worker count and order cannot change it.
///
/// Its own methods are written out, so that another version of `rand` cannot change what they draw. What distributions of
/// `rand` make of the stream follows `rand`'s version, which `Cargo.lock` holds.
#[derive(Debug)]
pub struct KeyedRng(ChaCha8Rng);

impl KeyedRng {
    /// The stream of one view of one image in one epoch.
    pub fn new(seed: u64, epoch: u32, image: u64, view: u32) -> Self {
        Self::of(*b"view    ", seed, epoch, image, view)
    }

    /// A stream for another purpose (the order of an epoch, a subset, ...), independent of all views'.
    pub fn named(purpose: [u8; 8], seed: u64, epoch: u32, index: u64) -> Self {
        Self::of(purpose, seed, epoch, index, 0)
    }

    /// The stream of this key: the seed first, then whatever tells it from all others.
    pub fn of_words(words: [u64; 4]) -> Self {
        let mut key = [0; 32];
        for (part, word) in key.chunks_exact_mut(8).zip(words) {
            part.copy_from_slice(&word.to_le_bytes());
        }
        Self(ChaCha8Rng::from_seed(key))
    }

    /// A number from `[low, high)`.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        // 53 random bits fill the mantissa.
        let unit = (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        low + (high - low) * unit
    }

    /// A whole number from `0..count`.
    pub fn below(&mut self, count: usize) -> usize {
        // The high half of the product; its bias is at most count / 2^64.
        ((u128::from(self.0.next_u64()) * count as u128) >> 64) as usize
    }

    /// True with this probability: never at 0, always at 1.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.uniform(0.0, 1.0) < probability
    }

    /// A key for a stream of noise.
    pub fn key(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A random order of `items` (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }

    fn of(purpose: [u8; 8], seed: u64, epoch: u32, image: u64, view: u32) -> Self {
        let of_epoch = u64::from(view) << 32 | u64::from(epoch);
        Self::of_words([seed, image, of_epoch, u64::from_le_bytes(purpose)])
    }
}

/// The infallible form of `rand`'s generator, so that every `rand` distribution can draw from the stream.
impl TryRng for KeyedRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.0.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0.next_u64())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill_bytes(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::KeyedRng;

    #[test]
    fn every_part_of_the_key_changes_the_stream() {
        let first = |mut stream: KeyedRng| stream.next_u64();
        let mut drawn = vec![
            first(KeyedRng::new(1, 2, 3, 4)),
            first(KeyedRng::new(0, 2, 3, 4)),
            first(KeyedRng::new(1, 0, 3, 4)),
            first(KeyedRng::new(1, 2, 0, 4)),
            first(KeyedRng::new(1, 2, 3, 0)),
            first(KeyedRng::named(*b"order   ", 1, 2, 3)),
        ];
        assert_eq!(drawn[0], first(KeyedRng::new(1, 2, 3, 4)));
        drawn.extend(
            (0..4).map(|word| first(KeyedRng::of_words(std::array::from_fn(|i| u64::from(i == word))))),
        );
        drawn.sort_unstable();
        drawn.dedup();
        assert_eq!(drawn.len(), 10);
    }

    #[test]
    fn the_stream_stays_the_same_over_versions() {
        // Recipes of old runs must be replayable: these numbers may never change.
        let mut stream = KeyedRng::new(0, 0, 0, 0);
        assert_eq!(stream.next_u64(), 10_662_097_776_854_598_215);
        assert_eq!(stream.below(1000), 747);
    }

    #[test]
    fn chance_is_certain_at_its_ends() {
        let mut stream = KeyedRng::new(9, 0, 0, 0);
        assert!((0..1000).all(|_| stream.chance(1.0) && !stream.chance(0.0)));
    }

    #[test]
    fn every_number_below_the_count_is_drawn_about_equally_often() {
        let mut stream = KeyedRng::new(5, 0, 0, 0);
        let mut seen = [0; 7];
        for _ in 0..70_000 {
            seen[stream.below(7)] += 1;
        }
        assert!(seen.iter().all(|&count| (9_600..10_400).contains(&count)), "{seen:?}");
    }
}
