//! The CPU renderer: carries a recipe out, bytes in and bytes out.

use crate::canvas::Canvas;
use crate::image::ImageRef;
use crate::pointwise::{self, Point};
use crate::recipe::{Op, Recipe};
use crate::resample::{Resampler, Window};
use crate::transform::{
    affine, autocontrast, blur, channels, equalize, erase, flip, gaussian_noise, posterize, reflect, resize,
    sharpness, sobel,
};

/// Memory that the renderer reuses from view to view. One a thread.
#[derive(Debug, Default)]
pub struct Scratch {
    canvas: Canvas,
    resampler: Resampler,
    blur: blur::Scratch,
    /// Operations on single pixels that wait to be carried out together.
    pending: Vec<Point>,
}

/// Renders one view into `view`, which holds `height * width * channels` bytes, row after row, with the image's channels.
///
/// The image goes through all operations as floats in `[0, 1]` and is rounded once, at the end. What follows a resampling
/// and has a threshold (solarize, posterize, equalize) may then put a pixel on its other side than a renderer that rounds
/// to bytes in between, as torchvision's path for bytes does.
///
/// Alpha is a channel like the others to what moves, blurs or fills pixels or adds noise; what changes colours or levels
/// leaves it alone, and what changes colours leaves a gray image alone.
///
/// # Panics
/// When `view` has another size than the recipe says, a crop lies outside the image, a crop or a resize is not the
/// first operation, channels are moved or dropped of an image without colours, or the picture does not end in the view's
/// size.
pub fn render_into(recipe: &Recipe, image: ImageRef<'_>, view: &mut [u8], scratch: &mut Scratch) {
    let (width, height) = recipe.size;
    let channels = image.channels();
    assert_eq!(view.len(), width * height * channels, "bytes of a view of {width}x{height}");
    if let Some(window) = copied(recipe, image) {
        for (row, target) in view.chunks_exact_mut(width * channels).enumerate() {
            target.copy_from_slice(window.row(image, channels, row));
        }
        return;
    }
    scratch.draw(recipe, image);
    pointwise::run(&scratch.pending, scratch.canvas.planes(), channels, Some(view));
}

/// Renders one view as floats in `[0, 1]`: a plane of `height * width` for each channel, R before G before B.
///
/// # Panics
/// As [`render_into`].
pub fn render_float_into(recipe: &Recipe, image: ImageRef<'_>, view: &mut [f32], scratch: &mut Scratch) {
    let (width, height) = recipe.size;
    assert_eq!(view.len(), width * height * image.channels(), "values of a view of {width}x{height}");
    scratch.draw(recipe, image);
    scratch.flush();
    view.copy_from_slice(scratch.canvas.planes());
}

/// The part of the image that is the view, byte for byte, where the recipe is no more than a cut.
fn copied(recipe: &Recipe, image: ImageRef<'_>) -> Option<Window> {
    let window = match recipe.ops[..] {
        [] => Window::whole(image),
        [Op::Crop { x, y, width, height, .. }] => Window { x, y, width, height },
        _ => return None,
    };
    window.check(image);
    (window.size() == recipe.size).then_some(window)
}

impl Scratch {
    /// Draws everything but what is pending.
    fn draw(&mut self, recipe: &Recipe, image: ImageRef<'_>) {
        self.pending.clear();
        let ops = self.load(recipe, image);
        for &op in ops {
            self.add(op);
        }
        let (found, expected) = (self.canvas.size(), recipe.size);
        assert!(
            found == expected,
            "the recipe ends in {}x{}, but the view is {}x{}",
            found.0,
            found.1,
            expected.0,
            expected.1
        );
    }

    /// Loads the image through the first operations; gives the rest.
    fn load<'r>(&mut self, recipe: &'r Recipe, image: ImageRef<'_>) -> &'r [Op] {
        let (window, size, antialias, rest) = match recipe.ops.split_first() {
            Some((&Op::Crop { x, y, width, height, antialias }, rest)) => {
                (Window { x, y, width, height }, recipe.size, antialias, rest)
            }
            Some((&Op::Resize { width, height }, rest)) => {
                (Window::whole(image), (width, height), true, rest)
            }
            _ => (Window::whole(image), image.size(), true, &recipe.ops[..]),
        };
        window.check(image);
        // A mirror image costs nothing while the pixels move anyway.
        let (mirrored, rest) = match rest.split_first() {
            Some((Op::Flip, after)) => (true, after),
            _ => (false, rest),
        };
        self.canvas.reset(size, image.channels());
        self.resampler.resize(image, window, size, antialias, mirrored, self.canvas.planes());
        rest
    }

    fn add(&mut self, op: Op) {
        let point = match op {
            Op::Brightness(factor) => Point::Blend { factor, offset: 0.0 },
            Op::Saturation(factor) => Point::Saturation(factor),
            Op::Hue(turn) => Point::Hue(turn * 6.0),
            Op::Grayscale => Point::Grayscale,
            Op::Invert => Point::Invert,
            Op::Solarize { threshold } => Point::Solarize(threshold),
            Op::Posterize { bits } => Point::Posterize(posterize::levels(bits)),
            other => {
                self.flush();
                let Some(point) = self.carry_out(other) else { return };
                point
            }
        };
        self.pending.push(point);
    }

    fn flush(&mut self) {
        if !self.pending.is_empty() {
            let channels = self.canvas.channels();
            pointwise::run(&self.pending, self.canvas.planes(), channels, None);
            self.pending.clear();
        }
    }

    /// What looks at more than one pixel; where only its numbers do, gives what is left to be done.
    fn carry_out(&mut self, op: Op) -> Option<Point> {
        let canvas = &mut self.canvas;
        match op {
            Op::Contrast(factor) => {
                let (width, height) = canvas.size();
                let offset = pointwise::gray_mean(canvas.colours(), width * height) * (1.0 - factor);
                return Some(Point::Blend { factor, offset });
            }
            Op::Autocontrast => {
                let (least, range) = autocontrast::ranges(canvas.each_colour());
                return Some(Point::Stretch { least, range });
            }
            Op::Cut { x, y, width, height } => resize::cut(canvas, (x, y), (width, height)),
            Op::Flip => flip::horizontal(canvas),
            Op::FlipVertical => flip::vertical(canvas),
            Op::QuarterTurns(quarters) => flip::quarter_turns(canvas, quarters),
            Op::Blur { sigma, kernel } => self.blur.blur(canvas, sigma, kernel),
            Op::Equalize => canvas.each_colour().for_each(equalize::equalize),
            Op::Sharpness(factor) => sharpness::adjust(canvas, factor),
            Op::Rotate { sampling, .. } | Op::Translate { sampling, .. } | Op::Shear { sampling, .. } => {
                affine::carry_out(canvas, op, sampling);
            }
            Op::ReflectTranslate { x, y } => reflect::translate(canvas, (x, y)),
            Op::Erase { x, y, width, height, fill } => erase::erase(canvas, (x, y), (width, height), fill),
            Op::Noise { std, key } => gaussian_noise::add(canvas.planes(), std, key),
            Op::Sobel => sobel::edges(canvas),
            Op::ShiftChannels(offsets) => channels::shift(canvas, offsets),
            Op::DropChannels { kept, fraction, key } => channels::drop(canvas, kept, fraction, key),
            first => panic!("{first} can only be the first operation of a recipe"),
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Scratch, render_float_into, render_into};
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
        let image = ImageRef::new(4, 3, &pixels);
        let expected = [15, 16, 17, 18, 19, 20, 27, 28, 29, 30, 31, 32];
        assert_eq!(rendered((2, 2), vec![Op::crop(1, 1, 2, 2)], image), expected);
        assert_eq!(rendered((2, 2), vec![Op::Cut { x: 1, y: 1, width: 2, height: 2 }], image), expected);
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
    fn what_a_cut_takes_from_outside_is_black() {
        let pixels = [9; 2 * 2 * 3];
        let view = rendered(
            (3, 1),
            vec![Op::Cut { x: 1, y: -1, width: 3, height: 1 }],
            ImageRef::new(2, 2, &pixels),
        );
        assert_eq!(view, [0; 9]);
        let view = rendered(
            (3, 1),
            vec![Op::Cut { x: -1, y: 1, width: 3, height: 1 }],
            ImageRef::new(2, 2, &pixels),
        );
        assert_eq!(view, [0, 0, 0, 9, 9, 9, 9, 9, 9]);
    }

    #[test]
    fn floats_are_the_bytes_before_rounding() {
        let pixels: Vec<u8> = (0..4 * 3 * 3).map(|value| value * 7).collect();
        let image = ImageRef::new(4, 3, &pixels);
        let recipe =
            Recipe { size: (5, 4), ops: vec![Op::crop(0, 0, 3, 3), Op::Hue(0.2), Op::Contrast(1.4)] };
        let mut floats = vec![0.0; 60];
        render_float_into(&recipe, image, &mut floats, &mut Scratch::default());
        let bytes = rendered(recipe.size, recipe.ops, image);
        for (pixel, rgb) in bytes.chunks_exact(3).enumerate() {
            let float = [0, 20, 40].map(|plane| (floats[plane + pixel] * 255.0).round() as u8);
            assert_eq!(float, rgb);
        }
    }

    #[test]
    #[should_panic(expected = "is no part of an image of 4x3")]
    fn a_crop_outside_the_image_is_a_bug() {
        rendered((2, 2), vec![Op::crop(3, 0, 2, 2)], ImageRef::new(4, 3, &[0; 36]));
    }

    #[test]
    #[should_panic(expected = "crop 2x2+0+0 can only be the first operation of a recipe")]
    fn a_late_crop_is_a_bug() {
        rendered((2, 2), vec![Op::Invert, Op::crop(0, 0, 2, 2)], ImageRef::new(2, 2, &[0; 12]));
    }

    #[test]
    #[should_panic(expected = "the recipe ends in 2x2, but the view is 3x3")]
    fn a_picture_of_another_size_than_the_view_is_a_bug() {
        rendered((3, 3), vec![Op::Invert], ImageRef::new(2, 2, &[0; 12]));
    }
}
