//! A translation that fills what comes in from outside with the mirror image (AMDIM on CIFAR-10, Bachman et al. 2019, arXiv
//! 1906.00910, published code).

use crate::canvas::Canvas;
use crate::recipe::Op;
use kontrast_rng::KeyedRng;

/// By up to `most` whole pixels in both directions.
pub(crate) fn draw(most: usize, stream: &mut KeyedRng) -> Op {
    let mut offset = || stream.below(2 * most + 1) as i32 - most as i32;
    Op::ReflectTranslate { x: offset(), y: offset() }
}

/// Moves every channel to the right and downwards.
pub(crate) fn translate(canvas: &mut Canvas, (right, down): (i32, i32)) {
    let (width, height) = canvas.size();
    canvas.redraw((width, height), |source, target| {
        for (y, row) in target.chunks_exact_mut(width).enumerate() {
            let source = &source[reflected(y, down, height) * width..][..width];
            for (x, value) in row.iter_mut().enumerate() {
                *value = source[reflected(x, right, width)];
            }
        }
    });
}

/// Where a pixel comes from in a row of `side`, which goes on beyond its ends as its mirror image.
fn reflected(position: usize, offset: i32, side: usize) -> usize {
    let turn = (2 * (side - 1)).max(1) as i64;
    let place = (position as i64 - i64::from(offset)).rem_euclid(turn);
    place.min(turn - place).min(side as i64 - 1) as usize
}

#[cfg(test)]
mod tests {
    use super::reflected;

    #[test]
    fn beyond_its_ends_a_row_is_read_backwards_without_the_border_again() {
        let row = |offset| (0..5).map(|x| reflected(x, offset, 5)).collect::<Vec<_>>();
        assert_eq!(row(0), [0, 1, 2, 3, 4]);
        assert_eq!(row(2), [2, 1, 0, 1, 2]);
        assert_eq!(row(-3), [3, 4, 3, 2, 1]);
        assert_eq!(row(9), [1, 0, 1, 2, 3]);
        assert_eq!(reflected(0, 7, 1), 0);
    }
}
