//! Clamping of values, as comparisons: these become one instruction, where `f32::max` must also mind NaN.

/// Clamps to `[0, 1]`; NaN becomes 0.
#[inline(always)]
pub(crate) fn unit(value: f32) -> f32 {
    smaller(larger(value, 0.0), 1.0)
}

#[inline(always)]
pub(crate) fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

#[inline(always)]
pub(crate) fn smaller(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}
