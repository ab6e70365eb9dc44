//! Sharpness: away from, or towards, a slightly blurred picture. The outermost pixels stay.

use crate::canvas::Canvas;
use crate::clamp::unit;

/// Weights of the blurred picture: 5 for the pixel itself, 1 for each of its eight neighbours, over 13.
const MIDDLE: f32 = 5.0 / 13.0;
const AROUND: f32 = 1.0 / 13.0;

/// 0 is the blurred picture, 1 leaves it as it is. A picture of two pixels or less on a side stays, as in torchvision.
pub(crate) fn adjust(canvas: &mut Canvas, factor: f32) {
    let (width, height) = canvas.size();
    if width <= 2 || height <= 2 {
        return;
    }
    canvas.redraw_colours(|source, target| {
        target.copy_from_slice(source);
        for y in 1..height - 1 {
            let [above, row, below] = [y - 1, y, y + 1].map(|y| &source[y * width..(y + 1) * width]);
            let target = &mut target[y * width + 1..(y + 1) * width - 1];
            for (x, value) in target.iter_mut().enumerate() {
                let sides = above[x] + above[x + 1] + above[x + 2] + row[x] + row[x + 2];
                let around = sides + below[x] + below[x + 1] + below[x + 2];
                let blurred = AROUND * around + MIDDLE * row[x + 1];
                *value = row[x + 1] + (1.0 - factor) * (blurred - row[x + 1]);
            }
        }
        for value in target {
            *value = unit(*value);
        }
    });
}
