//! The CPU renderer: carries a recipe out, bytes in and bytes out.

use crate::image::ImageRef;
use crate::recipe::{Op, Recipe};
use crate::resample::Resampler;
use crate::{blur, color};

/// Memory that the renderer reuses from view to view. One a thread.
#[derive(Debug, Default)]
pub struct Scratch {
    /// The view as three planes of f32 in `[0, 1]`, R before G before B.
    planes: Vec<f32>,
    resampler: Resampler,
    blur: blur::Scratch,
}

/// Renders one view into `view`, which holds `height * width * 3` bytes, row after row.
///
/// The image goes through all operations as floats in `[0, 1]` and is rounded once, at the end.
///
/// # Panics
/// When `view` has another size than the recipe says, the crop lies outside the image or is not the first
/// operation, or, without a crop, the image has another size than the view.
pub fn render_into(recipe: &Recipe, image: ImageRef<'_>, view: &mut [u8], scratch: &mut Scratch) {
    let (width, height) = recipe.size;
    assert_eq!(view.len(), width * height * 3, "bytes of a view of {width}x{height}");
    let (window, ops) = match recipe.ops.split_first() {
        Some((&Op::Crop { x, y, width, height }, rest)) => (Window { x, y, width, height }, rest),
        _ => (Window { x: 0, y: 0, width: image.width, height: image.height }, &recipe.ops[..]),
    };
    window.check(image);
    let resized = (window.width, window.height) != recipe.size;
    assert!(!resized || ops.len() < recipe.ops.len(), "without a crop the image has the view's size");
    if ops.is_empty() && !resized {
        for (row, target) in view.chunks_exact_mut(width * 3).enumerate() {
            target.copy_from_slice(window.row(image, row));
        }
        return;
    }
    scratch.planes.resize(width * height * 3, 0.0);
    scratch.resampler.resize(image, window, recipe.size, &mut scratch.planes);
    for op in ops {
        apply(*op, width, scratch);
    }
    color::round(&scratch.planes, view);
}

/// The part of an image that becomes a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) x: usize,
    pub(crate) y: usize,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

impl Window {
    /// The bytes of one of its rows.
    pub(crate) fn row<'a>(&self, image: ImageRef<'a>, row: usize) -> &'a [u8] {
        let start = ((self.y + row) * image.width + self.x) * 3;
        &image.pixels[start..start + self.width * 3]
    }

    fn check(&self, image: ImageRef<'_>) {
        let inside = self.x + self.width <= image.width && self.y + self.height <= image.height;
        assert!(
            inside && self.width > 0 && self.height > 0,
            "{self:?} is no part of an image of {}x{}",
            image.width,
            image.height
        );
    }
}

fn apply(op: Op, width: usize, scratch: &mut Scratch) {
    let planes = &mut scratch.planes;
    match op {
        Op::Crop { .. } => panic!("a recipe has one crop, which comes first"),
        Op::Flip => planes.chunks_exact_mut(width).for_each(<[f32]>::reverse),
        Op::Brightness(factor) => color::brightness(planes, factor),
        Op::Contrast(factor) => color::contrast(planes, factor),
        Op::Saturation(factor) => color::saturation(planes, factor),
        Op::Hue(turn) => color::hue(planes, turn),
        Op::Grayscale => color::grayscale(planes),
        Op::Blur { sigma, kernel } => scratch.blur.blur(planes, width, sigma, kernel),
        Op::Solarize { threshold } => color::solarize(planes, threshold),
    }
}

#[cfg(test)]
mod tests {
    use super::{Scratch, render_into};
    use crate::image::ImageRef;
    use crate::recipe::{Op, Recipe};

    fn rendered(size: (usize, usize), ops: Vec<Op>, image: ImageRef<'_>) -> Vec<u8> {
        let mut view = vec![0; size.0 * size.1 * 3];
        render_into(&Recipe { size, ops }, image, &mut view, &mut Scratch::default());
        view
    }

    #[test]
    fn cutting_without_resizing_copies_the_bytes() {
        let pixels: Vec<u8> = (0..4 * 3 * 3).collect();
        let crop = Op::Crop { x: 1, y: 1, width: 2, height: 2 };
        let view = rendered((2, 2), vec![crop], ImageRef::new(4, 3, &pixels));
        assert_eq!(view, [15, 16, 17, 18, 19, 20, 27, 28, 29, 30, 31, 32]);
    }

    #[test]
    fn a_flip_mirrors_each_row_and_two_change_nothing() {
        let pixels: Vec<u8> = (0..3 * 2 * 3).collect();
        let image = ImageRef::new(3, 2, &pixels);
        let once = rendered((3, 2), vec![Op::Flip], image);
        assert_eq!(once, [6, 7, 8, 3, 4, 5, 0, 1, 2, 15, 16, 17, 12, 13, 14, 9, 10, 11]);
        assert_eq!(rendered((3, 2), vec![Op::Flip, Op::Flip], image), pixels);
    }

    #[test]
    #[should_panic(expected = "is no part of an image of 4x3")]
    fn a_crop_outside_the_image_is_a_bug() {
        let crop = Op::Crop { x: 3, y: 0, width: 2, height: 2 };
        rendered((2, 2), vec![crop], ImageRef::new(4, 3, &[0; 36]));
    }

    #[test]
    #[should_panic(expected = "a recipe has one crop, which comes first")]
    fn a_late_crop_is_a_bug() {
        let crop = Op::Crop { x: 0, y: 0, width: 2, height: 2 };
        rendered((2, 2), vec![Op::Flip, crop], ImageRef::new(2, 2, &[0; 12]));
    }
}
