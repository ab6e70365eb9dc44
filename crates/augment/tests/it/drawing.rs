//! The drawn numbers of geometric steps, erasing, choices and policies, over 100,000 views.

use crate::distributions::{DRAWS, assert_near, drawn};
use kontrast_augment::{Choice, Fill, Filling, KeyedRng, Op, Policy, Recipe, Sampling, Step, ViewPlan};

const NEAREST: Sampling = Sampling::Nearest;

/// How often each of the counted things happens, in parts of all views.
fn fraction(count: u64) -> f64 {
    count as f64 / DRAWS as f64
}

#[test]
fn angles_and_slopes_are_uniform_in_degrees() {
    let steps = vec![
        Step::Fit,
        Step::Rotate { degrees: (-30.0, 60.0), sampling: NEAREST },
        Step::Shear { x: (0.0, 45.0), y: (-10.0, 10.0), sampling: NEAREST },
    ];
    let (mut angle, mut below, mut rows) = (0.0, 0, 0.0);
    drawn(steps, (32, 32), |ops| {
        let (Op::Rotate { degrees, .. }, Op::Shear { x, y, .. }) = (ops[1], ops[2]) else {
            panic!("{ops:?}")
        };
        assert!((-30.0..=60.0).contains(&degrees) && (0.0..=1.0).contains(&x) && y.abs() <= 0.1764);
        angle += f64::from(degrees);
        // Uniform in degrees: half of the slopes lie below that of 22.5 degrees.
        below += u64::from(x < 22.5_f32.to_radians().tan());
        rows += f64::from(y);
    });
    assert_near(angle / DRAWS as f64, 15.0, 0.3);
    assert_near(fraction(below), 0.5, 6e-3);
    assert_near(rows / DRAWS as f64, 0.0, 2e-3);
}

#[test]
fn translations_are_whole_pixels_within_their_fraction_of_the_view() {
    let step = Step::Translate { fraction: (0.25, 0.0), sampling: NEAREST };
    let mut seen = [0_u64; 17];
    drawn(vec![Step::Fit, step], (50, 40), |ops| {
        let Op::Translate { x, y, .. } = ops[1] else { panic!("{ops:?}") };
        assert!(x.fract() == 0.0 && x.abs() <= 8.0 && y == 0.0);
        seen[(x + 8.0) as usize] += 1;
    });
    for (place, &count) in seen.iter().enumerate() {
        // Rounded: the outermost two get half of what the others get.
        let expected = if place == 0 || place == 16 { 1.0 / 32.0 } else { 1.0 / 16.0 };
        assert_near(fraction(count), expected, 4e-3);
    }
}

#[test]
fn turns_and_choices_come_as_often_as_their_weights() {
    let choice = |weight, step| Choice { weight, step };
    let steps = vec![
        Step::Fit,
        Step::QuarterTurns,
        Step::OneOf(vec![
            choice(3.0, Step::Invert),
            choice(0.0, Step::Sobel),
            choice(1.0, Step::Sequence(vec![Step::Equalize, Step::Autocontrast])),
        ]),
    ];
    let (mut turns, mut inverted) = ([0_u64; 4], 0);
    drawn(steps, (32, 32), |ops| {
        let Op::QuarterTurns(quarters) = ops[1] else { panic!("{ops:?}") };
        turns[usize::from(quarters)] += 1;
        match ops[2..] {
            [Op::Invert] => inverted += 1,
            [Op::Equalize, Op::Autocontrast] => {}
            ref other => panic!("{other:?}"),
        }
    });
    for &count in &turns {
        assert_near(fraction(count), 0.25, 6e-3);
    }
    assert_near(fraction(inverted), 0.75, 6e-3);
}

#[test]
fn random_crops_reach_every_place_of_the_padded_image() {
    let (mut left, mut top) = ([0_u64; 9], [0_u64; 13]);
    drawn(vec![Step::RandomCrop { padding: 4 }], (32, 36), |ops| {
        let Op::Cut { x, y, width: 32, height: 32 } = ops[0] else { panic!("{ops:?}") };
        left[(x + 4) as usize] += 1;
        top[(y + 4) as usize] += 1;
    });
    for &count in &left {
        assert_near(fraction(count), 1.0 / 9.0, 5e-3);
    }
    for &count in &top {
        assert_near(fraction(count), 1.0 / 13.0, 5e-3);
    }
}

#[test]
fn erased_boxes_have_torchvisions_area_and_proportions_and_stay_inside() {
    let erase = Step::Erase { scale: (0.02, 0.33), ratio: (0.3, 3.3), filling: Filling::Noise };
    let (mut boxes, mut area, mut tall, mut keys) = (0_u64, 0.0, 0, std::collections::HashSet::new());
    let image = (224, 224);
    let plan = kontrast_augment::ViewPlan::new(image, vec![Step::Fit, erase]).unwrap();
    let mut recipe = kontrast_augment::Recipe::default();
    for index in 0..DRAWS {
        plan.draw_into(&mut recipe, image, &mut KeyedRng::new(1, 0, index, 0));
        let Some(&Op::Erase { x, y, width, height, fill: Fill::Noise(key) }) = recipe.ops.get(1) else {
            continue;
        };
        assert!(x + width <= 224 && y + height <= 224 && width < 224 && height < 224);
        boxes += 1;
        area += (width * height) as f64 / (224.0 * 224.0);
        tall += u64::from(height > width);
        keys.insert(key);
    }
    assert!(boxes > DRAWS * 999 / 1000, "ten attempts nearly always suffice: {boxes}");
    assert_near(area / boxes as f64, 0.175, 2e-3);
    assert_near(tall as f64 / boxes as f64, 0.5, 0.01);
    assert_eq!(keys.len() as u64, boxes, "each view has noise of its own");
}

#[test]
fn cutout_is_centred_anywhere_and_cut_off_at_the_border() {
    let cutout = Step::Cutout { side: 16, filling: Filling::Value(0.0) };
    let mut area = 0.0;
    drawn(vec![Step::Fit, cutout], (32, 32), |ops| {
        let Op::Erase { x, y, width, height, fill: Fill::Value(0.0) } = ops[1] else { panic!("{ops:?}") };
        assert!(
            x + width <= 32 && y + height <= 32 && (8..=16).contains(&width) && (8..=16).contains(&height)
        );
        area += (width * height) as f64;
    });
    // A side of a centre c is min(c + 8, 32) - max(c - 8, 0) pixels long: 14 on the mean.
    assert_near(area / DRAWS as f64, 14.0 * 14.0, 0.6);
}

#[test]
fn channels_are_kept_and_moved_evenly() {
    let steps = vec![Step::Fit, Step::DropChannels { fraction: 0.01 }, Step::ShiftChannels { most: 2 }];
    let (mut kept, mut moved) = ([0_u64; 3], [0_u64; 5]);
    drawn(steps, (32, 32), |ops| {
        let (Op::DropChannels { kept: which, .. }, Op::ShiftChannels(offsets)) = (ops[1], ops[2]) else {
            panic!("{ops:?}")
        };
        kept[usize::from(which)] += 1;
        assert!(offsets.iter().flatten().all(|offset| offset.abs() <= 2));
        moved[(offsets[1][0] + 2) as usize] += 1;
    });
    for &count in &kept {
        assert_near(fraction(count), 1.0 / 3.0, 6e-3);
    }
    for &count in &moved {
        assert_near(fraction(count), 0.2, 6e-3);
    }
}

#[test]
fn reflected_pictures_are_moved_evenly_in_both_directions() {
    let (mut across, mut down) = ([0_u64; 5], [0_u64; 5]);
    drawn(vec![Step::Fit, Step::ReflectTranslate { most: 2 }], (32, 32), |ops| {
        let Op::ReflectTranslate { x, y } = ops[1] else { panic!("{ops:?}") };
        across[(x + 2) as usize] += 1;
        down[(y + 2) as usize] += 1;
    });
    for &count in across.iter().chain(&down) {
        assert_near(fraction(count), 0.2, 6e-3);
    }
}

#[test]
fn shared_steps_are_drawn_alike_for_all_views_and_the_others_are_not() {
    let shared = Step::Shared(vec![
        Step::HorizontalFlip.sometimes(0.5),
        Step::Shared(vec![Step::Translate { fraction: (0.2, 0.2), sampling: NEAREST }]),
    ]);
    let steps = vec![Step::Fit, shared, Step::ReflectTranslate { most: 4 }];
    let plan = ViewPlan::new((32, 32), steps).unwrap();
    let (mut flipped, mut apart) = (0, 0);
    for image in 0..4000 {
        let view = |view| {
            let mut recipe = Recipe::default();
            let streams =
                (&mut KeyedRng::new(1, 0, image, view), &mut KeyedRng::named(*b"allviews", 1, 0, image));
            plan.draw_view(&mut recipe, (32, 32), streams);
            recipe.ops
        };
        let (first, second) = (view(0), view(1));
        let own = first.len() - 1;
        assert_eq!(first[..own], second[..own], "image {image}");
        flipped += u32::from(first.contains(&Op::Flip));
        apart += u32::from(first[own] != second[own]);
        // A view by itself draws all of it.
        let mut alone = Recipe::default();
        plan.draw_into(&mut alone, (32, 32), &mut KeyedRng::new(1, 0, image, 0));
        assert!(matches!(alone.ops[..], [.., Op::Translate { .. }, Op::ReflectTranslate { .. }]));
    }
    assert!((1850..2150).contains(&flipped), "{flipped} of 4000 flipped");
    // 80 of 81 moves are another one.
    assert!(apart > 3900, "{apart} of 4000 apart");
}

#[test]
fn randaugment_draws_each_of_fourteen_operations_equally_often_and_signs_evenly() {
    let step = Step::RandAugment { count: 2, magnitude: 9, sampling: NEAREST };
    let (mut none, mut equalized, mut rotated, mut left) = (0, 0, 0, 0);
    drawn(vec![Step::Fit, step], (32, 32), |ops| {
        none += 3 - ops.len() as u64;
        for op in &ops[1..] {
            match *op {
                Op::Equalize => equalized += 1,
                Op::Rotate { degrees, .. } => {
                    assert!((degrees.abs() - 9.0).abs() < 1e-4);
                    rotated += 1;
                    left += u64::from(degrees > 0.0);
                }
                Op::Posterize { bits } => assert_eq!(bits, 7),
                Op::Invert => panic!("not in the list"),
                _ => {}
            }
        }
    });
    for count in [none, equalized, rotated] {
        assert_near(fraction(count) / 2.0, 1.0 / 14.0, 3e-3);
    }
    assert_near(left as f64 / rotated as f64, 0.5, 0.02);
}

#[test]
fn autoaugment_draws_its_pairs_with_their_probabilities() {
    let step = Step::AutoAugment { policy: Policy::Cifar10, sampling: NEAREST };
    let (mut inverted, mut solarized) = (0, 0);
    drawn(vec![Step::Fit, step], (32, 32), |ops| {
        inverted += ops.iter().filter(|op| matches!(op, Op::Invert)).count() as u64;
        solarized += ops.iter().filter(|op| matches!(op, Op::Solarize { .. })).count() as u64;
    });
    // Invert stands in three of 25 pairs, with .1, 0 and .1; solarize in four, with .5, .2, .4 and .8.
    assert_near(fraction(inverted), 0.2 / 25.0, 2e-3);
    assert_near(fraction(solarized), 1.9 / 25.0, 4e-3);
}
