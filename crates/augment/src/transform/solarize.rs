//! Solarization: bright values are inverted.

#[inline(always)]
pub(crate) fn solarized(value: f32, threshold: f32) -> f32 {
    if value >= threshold { 1.0 - value } else { value }
}
