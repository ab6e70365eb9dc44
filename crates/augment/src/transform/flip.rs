//! Mirror images and quarter turns.

use crate::canvas::Canvas;

pub(crate) fn horizontal(canvas: &mut Canvas) {
    let (width, _) = canvas.size();
    canvas.planes().chunks_exact_mut(width).for_each(<[f32]>::reverse);
}

pub(crate) fn vertical(canvas: &mut Canvas) {
    let (width, height) = canvas.size();
    for plane in canvas.each_plane() {
        let (upper, lower) = plane.split_at_mut(height / 2 * width);
        for (above, below) in upper.chunks_exact_mut(width).zip(lower.rchunks_exact_mut(width)) {
            above.swap_with_slice(below);
        }
    }
}

/// Turns counter-clockwise, by this many quarters.
pub(crate) fn quarter_turns(canvas: &mut Canvas, quarters: u8) {
    let (width, height) = canvas.size();
    match quarters % 4 {
        0 => {}
        2 => canvas.each_plane().for_each(<[f32]>::reverse),
        once_or_thrice => canvas.redraw((height, width), |source, target| {
            for (y, row) in target.chunks_exact_mut(height).enumerate() {
                for (x, value) in row.iter_mut().enumerate() {
                    let from = if once_or_thrice == 1 { (width - 1 - y, x) } else { (y, height - 1 - x) };
                    *value = source[from.1 * width + from.0];
                }
            }
        }),
    }
}
