//! Gaussian noise, one number for each value.

use crate::clamp::unit;
use kontrast_rng::Counter;

/// Adds noise of this standard deviation, of values from 0 to 1, clamped.
pub(crate) fn add(planes: &mut [f32], std: f32, key: u64) {
    let counter = Counter::new(key);
    for (index, value) in planes.iter_mut().enumerate() {
        *value = unit(*value + std * counter.normal(index as u32));
    }
}
