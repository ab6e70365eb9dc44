//! Noise from a counter: value number i of a key is a function of both, so that any renderer can make it in any order.
//!
//! Integer operations on 32 bits, then Box and Muller's transform: a device with integer tensors gives the same bits.

/// The key of one operation's noise.
#[derive(Clone, Copy, Debug)]
pub struct Counter {
    low: u32,
    high: u32,
}

impl Counter {
    /// The noise of this key.
    pub fn new(key: u64) -> Self {
        Self { low: key as u32, high: (key >> 32) as u32 }
    }

    /// A number of 32 bits.
    fn bits(self, index: u32) -> u32 {
        mixed(mixed(index ^ self.low).wrapping_add(self.high))
    }

    /// A standard normal number.
    pub fn normal(self, index: u32) -> f32 {
        // 24 bits each; the first is above 0, for its logarithm.
        let part = |index: u32| self.bits(index) >> 8;
        let unit = 1.0 / (1_u32 << 24) as f32;
        let radius = (-2.0 * ((part(2 * index) + 1) as f32 * unit).ln()).sqrt();
        radius * (std::f32::consts::TAU * (part(2 * index + 1) as f32 * unit)).cos()
    }
}

/// Every bit of the input changes half of the output's (constants: Wellons' "lowbias32").
fn mixed(mut x: u32) -> u32 {
    x = (x ^ (x >> 16)).wrapping_mul(0x7feb_352d);
    x = (x ^ (x >> 15)).wrapping_mul(0x846c_a68b);
    x ^ (x >> 16)
}

#[cfg(test)]
mod tests {
    use super::Counter;

    #[test]
    fn the_numbers_are_standard_normal() {
        let count = 200_000;
        let drawn: Vec<f64> =
            (0..count).map(|index| f64::from(Counter::new(7 << 40 | 3).normal(index))).collect();
        let moment = |power: i32| drawn.iter().map(|x| x.powi(power)).sum::<f64>() / f64::from(count);
        // Five standard errors: 1, sqrt 2, sqrt 15, sqrt 96 over the root of the count.
        let error = 5.0 / f64::from(count).sqrt();
        assert!(moment(1).abs() < error, "{}", moment(1));
        assert!((moment(2) - 1.0).abs() < 1.5 * error, "{}", moment(2));
        assert!(moment(3).abs() < 3.9 * error, "{}", moment(3));
        assert!((moment(4) - 3.0).abs() < 9.8 * error, "{}", moment(4));
        let beside = drawn.windows(2).map(|pair| pair[0] * pair[1]).sum::<f64>() / f64::from(count);
        assert!(beside.abs() < error, "{beside}");
    }

    #[test]
    fn another_key_gives_other_numbers() {
        let first = |key| Counter::new(key).normal(0).to_bits();
        assert!(first(1) != first(2) && first(1) != first(1 << 32) && first(1 << 32) != first(2 << 32));
    }

    #[test]
    fn the_numbers_stay_the_same_over_versions() {
        // Recipes of old runs must be replayable: these may never change.
        let counter = Counter::new(0x0123_4567_89ab_cdef);
        assert_eq!([0, 1, 2].map(|index| counter.bits(index)), [3_833_571_298, 1_263_670_817, 2_738_817_501]);
    }
}
