//! Grayscale, as torchvision weighs the channels.

/// Weights of R, G and B; their sum is .9999, and torchvision's too.
pub const WEIGHTS: [f32; 3] = [0.2989, 0.587, 0.114];

#[inline(always)]
pub(crate) fn gray([r, g, b]: [f32; 3]) -> f32 {
    r * WEIGHTS[0] + g * WEIGHTS[1] + b * WEIGHTS[2]
}
