//! Resizing by the short side, and boxes cut without resizing.

use crate::canvas::Canvas;
use crate::recipe::Op;
use kontrast_rng::KeyedRng;

/// Width and height as torchvision's `Resize` of one number makes them: the short side becomes `short`, the long one keeps
/// the proportions, cut off.
pub fn by_short_side((width, height): (usize, usize), short: usize) -> (usize, usize) {
    let long = |long: usize, side: usize| (short * long / side).max(1);
    if width <= height { (short, long(height, width)) } else { (long(width, height), short) }
}

/// torchvision's `CenterCrop`: a picture that is too small stands in the middle of black.
pub(crate) fn centre(picture: (usize, usize), view: (usize, usize)) -> Op {
    let start = |picture: usize, view: usize| {
        let missing = picture as f64 - view as f64;
        // A small picture is padded first, the smaller half on the left and above.
        if missing < 0.0 {
            -((view - picture) as isize / 2)
        } else {
            (missing / 2.0).round_ties_even() as isize
        }
    };
    Op::Cut { x: start(picture.0, view.0), y: start(picture.1, view.1), width: view.0, height: view.1 }
}

/// torchvision's `RandomCrop` with this padding in black on each side.
pub(crate) fn random(
    picture: (usize, usize),
    view: (usize, usize),
    padding: usize,
    stream: &mut KeyedRng,
) -> Op {
    let start = |picture: usize, view: usize, stream: &mut KeyedRng| {
        let room = (picture + 2 * padding).saturating_sub(view);
        stream.below(room + 1) as isize - padding as isize
    };
    let y = start(picture.1, view.1, stream);
    let x = start(picture.0, view.0, stream);
    Op::Cut { x, y, width: view.0, height: view.1 }
}

/// Takes a box out of the picture; outside it is black.
pub(crate) fn cut(canvas: &mut Canvas, (x, y): (isize, isize), size: (usize, usize)) {
    let (width, height) = canvas.size();
    let overlap = |start: isize, wanted: usize, available: usize| {
        let first = start.clamp(0, available as isize);
        let end = (start + wanted as isize).clamp(first, available as isize);
        // A box that lies wholly outside begins beyond one of the two: nothing is copied then.
        (first as usize, (end - first) as usize, (first - start).clamp(0, wanted as isize) as usize)
    };
    let (left, columns, to_x) = overlap(x, size.0, width);
    let (top, rows, to_y) = overlap(y, size.1, height);
    canvas.redraw(size, |source, target| {
        target.fill(0.0);
        for row in 0..rows {
            let from = (top + row) * width + left;
            let to = (to_y + row) * size.0 + to_x;
            target[to..to + columns].copy_from_slice(&source[from..from + columns]);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::cut;
    use crate::canvas::Canvas;

    #[test]
    fn a_box_wholly_outside_is_black() {
        for (x, y) in [(3, 0), (9, 1), (-2, 0), (-9, 0), (0, 5), (0, -7)] {
            let mut canvas = Canvas::default();
            canvas.reset((3, 2), 3);
            canvas.planes().fill(0.5);
            cut(&mut canvas, (x, y), (2, 2));
            assert_eq!(canvas.planes(), [0.0; 12], "{x}, {y}");
        }
    }
}
