//! The first operations of a recipe, folded: a crop or a resize, and the cuts and mirror images that follow it.
//!
//! All of them treat rows and columns apart from each other, so together they are two matrices, one an axis.

use kontrast_augment::{Op, Recipe};

/// What an output pixel reads along one axis.
///
/// Output `o` lies at `sign * o + offset` of the resized box; where `valid` does not hold `o`, it is black.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Axis {
    /// Where the box begins, in pixels of the image.
    start: usize,
    /// How long the box is.
    taken: usize,
    /// Pixels of the box that one pixel of the view covers.
    scale: f64,
    /// Half the width of the triangle that weighs them.
    support: f64,
    sign: f64,
    offset: f64,
    valid: (i64, i64),
    /// How many outputs there are.
    len: usize,
}

impl Axis {
    /// How many numbers describe an axis on the device.
    pub(crate) const NUMBERS: usize = 7;

    fn resized(start: usize, taken: usize, len: usize, antialias: bool) -> Self {
        let scale = taken as f64 / len as f64;
        let support = if antialias { scale.max(1.0) } else { 1.0 };
        Self { start, taken, scale, support, sign: 1.0, offset: 0.0, valid: (0, len as i64), len }
    }

    fn cut(&mut self, start: isize, len: usize) {
        let start = start as i64;
        self.offset += self.sign * start as f64;
        self.valid = ((self.valid.0 - start).max(0), (self.valid.1 - start).min(len as i64));
        self.len = len;
    }

    fn mirror(&mut self) {
        let len = self.len as i64;
        self.offset += self.sign * (len - 1) as f64;
        self.sign = -self.sign;
        self.valid = (len - self.valid.1, len - self.valid.0);
    }

    fn numbers(&self) -> [f32; Self::NUMBERS] {
        let (first, end) = (self.start as f32, (self.start + self.taken) as f32);
        let (low, high) = (self.valid.0 as f32, self.valid.1 as f32);
        // Output o lies at scale (sign o + offset + .5) + start.
        let (slope, shift) = (self.scale * self.sign, self.scale * (self.offset + 0.5) + self.start as f64);
        [slope as f32, shift as f32, self.support as f32, first, end, low, high]
    }

    /// How many inputs lie within the triangle, at most.
    fn taps(&self) -> usize {
        2 * self.support.ceil() as usize
    }
}

/// Both axes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Frame {
    columns: Axis,
    rows: Axis,
    /// Whether it is the image as it is.
    pub(crate) whole: bool,
}

impl Frame {
    /// How many numbers describe a frame on the device: the columns' before the rows'.
    pub(crate) const NUMBERS: usize = 2 * Axis::NUMBERS;

    /// Folds the first operations of a recipe for an image of `image` (width, height); gives the others.
    ///
    /// # Panics
    /// When a crop lies outside the image.
    pub(crate) fn of(recipe: &Recipe, image: (usize, usize)) -> (Self, &[Op]) {
        let (mut frame, first) = Self::loaded(recipe, image);
        let rest = &recipe.ops[first..];
        let folded = rest.iter().take_while(|op| frame.fold(op)).count();
        frame.whole = frame.is_whole(image);
        (frame, &rest[folded..])
    }

    /// The crop or the resize, and how many operations that is.
    fn loaded(recipe: &Recipe, image: (usize, usize)) -> (Self, usize) {
        let of = |x: (usize, usize), y: (usize, usize), size: (usize, usize), antialias| Self {
            columns: Axis::resized(x.0, x.1, size.0, antialias),
            rows: Axis::resized(y.0, y.1, size.1, antialias),
            whole: false,
        };
        match recipe.ops.first() {
            Some(&Op::Crop { x, y, width, height, antialias }) => {
                let inside = x + width <= image.0 && y + height <= image.1;
                assert!(
                    inside && width > 0 && height > 0,
                    "a crop of {width}x{height} at {x}, {y} is no part of an image of {}x{}",
                    image.0,
                    image.1
                );
                (of((x, width), (y, height), recipe.size, antialias), 1)
            }
            Some(&Op::Resize { width, height }) => (of((0, image.0), (0, image.1), (width, height), true), 1),
            _ => (of((0, image.0), (0, image.1), image, true), 0),
        }
    }

    /// Takes an operation in, if it is one that can be.
    fn fold(&mut self, op: &Op) -> bool {
        match *op {
            Op::Cut { x, y, width, height } => {
                self.columns.cut(x, width);
                self.rows.cut(y, height);
            }
            Op::Flip => self.columns.mirror(),
            Op::FlipVertical => self.rows.mirror(),
            Op::QuarterTurns(quarters) if quarters % 2 == 0 => {
                if quarters % 4 == 2 {
                    self.columns.mirror();
                    self.rows.mirror();
                }
            }
            _ => return false,
        }
        true
    }

    /// Width and height of the picture that it gives.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.columns.len, self.rows.len)
    }

    /// How many inputs an output has along columns and rows, at most.
    pub(crate) fn taps(&self) -> (usize, usize) {
        (self.columns.taps(), self.rows.taps())
    }

    pub(crate) fn numbers(&self) -> impl Iterator<Item = f32> {
        self.columns.numbers().into_iter().chain(self.rows.numbers())
    }

    fn is_whole(&self, image: (usize, usize)) -> bool {
        self.columns == Axis::resized(0, image.0, image.0, true)
            && self.rows == Axis::resized(0, image.1, image.1, true)
    }
}

#[cfg(test)]
mod tests {
    use super::Frame;
    use kontrast_augment::{Op, Recipe};

    #[test]
    fn two_mirror_images_are_the_image() {
        let ops = vec![Op::Flip, Op::QuarterTurns(2), Op::FlipVertical, Op::Invert, Op::Flip];
        let recipe = Recipe { size: (5, 4), ops };
        let (frame, rest) = Frame::of(&recipe, (5, 4));
        assert!(frame.whole);
        assert_eq!(rest, [Op::Invert, Op::Flip]);
    }

    #[test]
    fn what_was_black_stays_black_under_a_second_cut() {
        let cut = |x, width| Op::Cut { x, y: 0, width, height: 1 };
        let recipe = Recipe { size: (6, 1), ops: vec![cut(1, 2), cut(-1, 4), Op::Flip] };
        let (frame, _) = Frame::of(&recipe, (6, 1));
        // Pixels 1 and 2 of the image, black on both sides, mirrored.
        assert_eq!((frame.size(), frame.columns.valid), ((4, 1), (1, 3)));
        assert_eq!((frame.columns.sign, frame.columns.offset), (-1.0, 3.0));
    }
}
