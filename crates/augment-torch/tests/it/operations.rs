//! Each operation beside the CPU renderer's, on images of all sorts.

use crate::both::{Images, largest_difference};
use kontrast_augment::{Fill, Op, Recipe, Sampling};

/// On pictures of several shapes, where `ops` gets the size.
fn check(ops: impl Fn((usize, usize)) -> Vec<Op>) {
    for size in [(12, 12), (13, 8), (1, 9), (6, 1), (1, 1), (40, 33)] {
        for channels in [1, 2, 3, 4, 5, 7] {
            let images = Images::of_channels(channels, size, 5);
            let fits = |op: &Op| match op {
                Op::ShiftChannels(_) | Op::DropChannels { .. } => [3, 4].contains(&channels),
                Op::Saturation(_) | Op::Hue(_) | Op::Grayscale | Op::Autocontrast => channels <= 4,
                _ => true,
            };
            let ops = ops(size).into_iter().filter(fits);
            let recipes: Vec<Recipe> = ops.map(|op| Recipe { size, ops: vec![op] }).collect();
            if !recipes.is_empty() {
                let (difference, said) = largest_difference(&images, &recipes);
                assert!(difference <= 2, "{channels} channels of {}x{}: {said}", size.0, size.1);
            }
        }
    }
}

/// On one size and another size of the view.
fn check_framed(image: (usize, usize), view: (usize, usize), ops: &[Vec<Op>]) {
    let recipes: Vec<Recipe> = ops.iter().map(|ops| Recipe { size: view, ops: ops.clone() }).collect();
    for channels in [1, 2, 3, 4, 5, 7] {
        let images = Images::of_channels(channels, image, 6);
        let (difference, said) = largest_difference(&images, &recipes);
        assert!(difference <= 2, "{channels} channels, {image:?} to {view:?}: {said}");
    }
}

#[test]
fn crops_of_every_size_and_place() {
    for (image, view) in [((32, 32), (32, 32)), ((20, 33), (7, 9)), ((5, 4), (17, 12)), ((50, 40), (1, 3))] {
        let (w, h) = image;
        let boxes =
            [(0, 0, w, h), (w / 3, h / 2, 1, 1), (1, 2, w - 1, h - 2), (w / 2, 0, w / 2, h), (2, 1, 3, 2)];
        let mut ops = Vec::new();
        for (x, y, width, height) in boxes {
            for antialias in [true, false] {
                let crop = Op::Crop { x, y, width, height, antialias };
                ops.push(vec![crop]);
                ops.push(vec![crop, Op::Flip]);
                ops.push(vec![crop, Op::QuarterTurns(2), Op::Flip, Op::QuarterTurns(0)]);
            }
        }
        check_framed(image, view, &ops);
    }
}

#[test]
fn resizes_and_cuts_early_and_late() {
    let cut = |x, y, width, height| Op::Cut { x, y, width, height };
    let resize = Op::Resize { width: 9, height: 11 };
    let ops = [
        vec![resize, cut(1, 3, 6, 5)],
        vec![resize, Op::Flip, cut(-2, 8, 6, 5), Op::FlipVertical],
        vec![cut(-3, -2, 6, 5)],
        vec![Op::Invert, cut(-3, 12, 6, 5)],
        vec![Op::Invert, cut(2, 2, 6, 5), Op::Flip],
        vec![Op::Invert, cut(2, 2, 5, 6), Op::QuarterTurns(1), Op::Invert],
        vec![cut(2, 2, 5, 6), Op::QuarterTurns(3), cut(-1, 1, 6, 5)],
        vec![resize, Op::Brightness(1.2), cut(1, 1, 7, 7), cut(-1, -1, 6, 5), Op::Contrast(0.5)],
    ];
    check_framed((14, 13), (6, 5), &ops);
}

#[test]
fn flips_and_quarter_turns_after_other_operations() {
    check(|(w, h)| {
        let (right, down) = (w as i32, h as i32);
        let moves = [(0, 0), (3, -2), (-1, 4), (right + 2, 1 - down), (7 * right, -down)];
        moves.map(|(x, y)| Op::ReflectTranslate { x, y }).to_vec()
    });
    check(|(w, h)| {
        let mut ops = vec![Op::Flip, Op::FlipVertical, Op::QuarterTurns(2), Op::QuarterTurns(0)];
        if w == h {
            ops.extend([Op::QuarterTurns(1), Op::QuarterTurns(3), Op::QuarterTurns(7)]);
        }
        ops
    });
    let ops: Vec<Vec<Op>> = [Op::Flip, Op::FlipVertical, Op::QuarterTurns(1), Op::QuarterTurns(2)]
        .map(|op| vec![Op::Invert, op])
        .into();
    check_framed((7, 7), (7, 7), &ops);
}

#[test]
fn brightness_contrast_and_saturation() {
    check(|_| {
        let factors = [0.0, 0.3, 1.0, 1.7, 5.0];
        factors.iter().flat_map(|&f| [Op::Brightness(f), Op::Contrast(f), Op::Saturation(f)]).collect()
    });
}

#[test]
fn hue_grayscale_and_the_negative() {
    check(|_| {
        let mut ops: Vec<Op> = [-0.5, -0.34, -0.1, 0.0, 0.05, 0.17, 0.5].map(Op::Hue).into();
        ops.extend([Op::Grayscale, Op::Invert]);
        ops
    });
}

#[test]
fn solarize_posterize_equalize_and_autocontrast() {
    check(|_| {
        let mut ops: Vec<Op> = (0..=8).map(|bits| Op::Posterize { bits }).collect();
        let thresholds = [0.0, 0.25, 128.0 / 255.0, 0.5, 1.0];
        ops.extend(thresholds.map(|threshold| Op::Solarize { threshold }));
        ops.extend([Op::Equalize, Op::Autocontrast]);
        ops
    });
}

#[test]
fn blurs_narrow_and_wide() {
    check(|_| {
        let sigmas = [0.1, 0.5, 1.0, 2.0, 7.0];
        sigmas.iter().flat_map(|&sigma| [1, 3, 5, 23].map(|kernel| Op::Blur { sigma, kernel })).collect()
    });
}

#[test]
fn sharpness_and_edges() {
    check(|_| vec![Op::Sharpness(0.0), Op::Sharpness(0.4), Op::Sharpness(1.9), Op::Sobel]);
}

#[test]
fn rotations_translations_and_shears() {
    check(|_| {
        let mut ops = Vec::new();
        for sampling in [Sampling::Nearest, Sampling::Bilinear] {
            for degrees in [-180.0, -90.0, -30.0, 0.0, 7.3, 45.0, 90.0, 270.0, 360.0] {
                ops.push(Op::Rotate { degrees, sampling });
            }
            for (x, y) in [(0.0, 0.0), (3.0, -2.0), (0.5, 0.5), (-100.0, 1.0)] {
                ops.push(Op::Translate { x, y, sampling });
            }
            for (x, y) in [(0.3, 0.0), (0.0, -0.3), (0.2, 0.4), (-1.0, 0.0)] {
                ops.push(Op::Shear { x, y, sampling });
            }
        }
        ops
    });
}

#[test]
fn erased_boxes() {
    check(|(w, h)| {
        let fills = [Fill::Value(0.0), Fill::Value(0.6), Fill::Noise(1 << 40 | 7), Fill::Noise(u64::MAX)];
        let boxes = [(0, 0, w, h), (w / 2, h / 3, w - w / 2, h / 2), (w / 2, h / 2, 0, 1)];
        let of = |fill| boxes.map(|(x, y, width, height)| Op::Erase { x, y, width, height, fill });
        fills.into_iter().flat_map(of).collect()
    });
}

#[test]
fn noise_and_what_is_done_to_channels() {
    check(|(w, h)| {
        let key = 0xfedc_ba98_7654_3210;
        let mut ops: Vec<Op> = [0.0, 0.05, 2.0].map(|std| Op::Noise { std, key }).into();
        ops.extend([0, 1, 2].map(|kept| Op::DropChannels { kept, fraction: 0.3, key: 99 }));
        let (w, h) = (w as i32, h as i32);
        ops.push(Op::ShiftChannels([[1, 0], [-2, 1], [w + 3, -h]]));
        ops.push(Op::ShiftChannels([[0, 0], [0, -1], [-1, 0]]));
        ops
    });
}

#[test]
fn field_a_flat_picture_stays_flat_on_both_sides() {
    let colours = [[255, 255, 255], [3, 130, 251], [77, 77, 78], [1, 0, 254]];
    let images =
        Images { size: (40, 40), channels: 3, pixels: colours.map(|colour| colour.repeat(40 * 40)).concat() };
    let crop = |x, y, width, height| Op::Crop { x, y, width, height, antialias: true };
    let ops = [crop(0, 0, 40, 40), crop(3, 5, 31, 29), crop(7, 1, 17, 38)]
        .map(|crop| Recipe { size: (32, 32), ops: vec![crop, Op::Autocontrast] });
    // Noise that was stretched would be far away from the flat picture that the other renderer gives.
    let (difference, said) = largest_difference(&images, &ops);
    assert!(difference <= 1, "{said}");
}
