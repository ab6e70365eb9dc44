//! Sobel edges: how steep each channel is at each pixel.

use crate::canvas::Canvas;

/// Keeps the root from a division by zero in gradients; part of the definition that other libraries share.
const FLOOR: f32 = 1e-6;

/// The length of the gradient, weights over 8, border pixels repeated. (kornia's `sobel`.)
pub(crate) fn edges(canvas: &mut Canvas) {
    let (width, height) = canvas.size();
    canvas.redraw((width, height), |source, target| {
        for (y, out) in target.chunks_exact_mut(width).enumerate() {
            let row = |y: usize| &source[y * width..(y + 1) * width];
            let (above, here, below) = (row(y.saturating_sub(1)), row(y), row((y + 1).min(height - 1)));
            for (x, value) in out.iter_mut().enumerate() {
                let (left, right) = (x.saturating_sub(1), (x + 1).min(width - 1));
                let across = |x: usize| above[x] + 2.0 * here[x] + below[x];
                let along = |row: &[f32]| row[left] + 2.0 * row[x] + row[right];
                let horizontal = (across(right) - across(left)) / 8.0;
                let vertical = (along(below) - along(above)) / 8.0;
                *value = (horizontal * horizontal + vertical * vertical + FLOOR).sqrt();
            }
        }
    });
}
