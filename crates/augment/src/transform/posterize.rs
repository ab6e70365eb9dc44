//! Posterize: fewer levels, as if a byte had fewer bits.

use crate::clamp::{larger, smaller};

/// How many levels this many bits have.
pub(crate) fn levels(bits: u8) -> f32 {
    f32::from(1_u16 << bits)
}

/// Each level is drawn at its lower edge, as torchvision's float path does: full white becomes `(levels - 1) / levels`.
#[inline(always)]
pub(crate) fn posterized(value: f32, levels: f32) -> f32 {
    smaller(larger((value * levels).floor(), 0.0), levels - 1.0) * (1.0 / levels)
}
