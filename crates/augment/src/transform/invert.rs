//! The negative of a picture.

#[inline(always)]
pub(crate) fn inverted(value: f32) -> f32 {
    1.0 - value
}
