//! Whole recipes, drawn from plans.

use crate::both::{Images, largest_difference, renderer};
use kontrast_augment::{Choice, Filling, KeyedRng, Op, Policy, Recipe, Sampling, Step, ViewPlan};
use kontrast_augment_torch::{DeviceRenderer, Grouping};
use kontrast_torch_ext::{Autocast, Precision};
use proptest::prelude::{ProptestConfig, any, prop_assert, proptest};
use tch::{Device, Kind};

/// A plan in which any step may come, in an order that is drawn with the seed.
fn everything(size: (usize, usize), seed: u64) -> ViewPlan {
    let mut stream = KeyedRng::named(*b"testing ", seed, 1, 0);
    let kernel = (2 * (size.0.min(size.1) - 1) + 1).min(9);
    let sampling = if stream.chance(0.5) { Sampling::Nearest } else { Sampling::Bilinear };
    let filling = if stream.chance(0.5) { Filling::Noise } else { Filling::Value(0.3) };
    let crop = |antialias| Step::RandomResizedCrop { scale: (0.01, 1.0), ratio: (0.2, 5.0), antialias };
    let first = match stream.below(5) {
        0 => vec![Step::Fit],
        1 => vec![Step::RandomCrop { padding: size.0.max(size.1).min(3) }],
        2 => vec![Step::Resize { short: 9 }, Step::CentreCrop],
        other => vec![crop(other == 3)],
    };
    let mut later = vec![
        Step::HorizontalFlip,
        Step::VerticalFlip,
        Step::ColorJitter { brightness: 0.9, contrast: 0.9, saturation: 0.9, hue: 0.5 },
        Step::Grayscale,
        Step::GaussianBlur { sigma: (0.1, 3.0), kernel },
        Step::Solarize { threshold: 0.5 },
        Step::Posterize { bits: 3 },
        Step::OneOf(vec![
            Choice { weight: 1.0, step: Step::Equalize },
            Choice { weight: 1.0, step: Step::Autocontrast },
            Choice { weight: 1.0, step: Step::Invert },
        ]),
        Step::Sharpness { factor: (0.0, 2.0) },
        Step::Rotate { degrees: (-180.0, 180.0), sampling },
        Step::Translate { fraction: (0.4, 0.4), sampling },
        Step::Shear { x: (-30.0, 30.0), y: (-30.0, 30.0), sampling },
        Step::Erase { scale: (0.02, 0.4), ratio: (0.3, 3.3), filling },
        Step::Cutout { side: 3, filling },
        Step::GaussianNoise { std: 0.1 },
        Step::Sobel,
        Step::ShiftChannels { most: 1 },
        Step::ReflectTranslate { most: (size.0.min(size.1) - 1).min(3) },
        Step::DropChannels { fraction: 0.1 },
        Step::RandAugment { count: 2, magnitude: 17, sampling },
        Step::AutoAugment { policy: Policy::Cifar10, sampling },
    ];
    stream.shuffle(&mut later);
    ViewPlan::new(size, first.into_iter().chain(later.into_iter().map(|step| step.sometimes(0.25))).collect())
        .unwrap()
}

/// Leaves out what makes a large difference of the smallest one, unless all before it is exact.
fn well_conditioned(recipe: &mut Recipe) {
    let mut exact = true;
    recipe.ops.retain(|op| {
        let steep =
            matches!(op, Op::Solarize { .. } | Op::Posterize { .. } | Op::Equalize | Op::Autocontrast);
        let moves = matches!(
            op,
            Op::Cut { .. }
                | Op::Flip
                | Op::FlipVertical
                | Op::QuarterTurns(_)
                | Op::ShiftChannels(_)
                | Op::ReflectTranslate { .. }
        );
        let kept = exact || !steep;
        exact &=
            moves || matches!(op, Op::Invert | Op::Solarize { .. } | Op::Posterize { .. } | Op::Equalize);
        kept
    });
}

fn drawn(plan: &ViewPlan, image: (usize, usize), seed: u64, count: u64) -> Vec<Recipe> {
    let draw = |view| {
        let mut recipe = Recipe::default();
        plan.draw_into(&mut recipe, image, &mut KeyedRng::new(seed, 0, view, 0));
        recipe
    };
    (0..count).map(draw).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn any_view_of_any_image_is_the_cpu_renderers_within_two_steps_of_a_byte(
        width in 1_usize..40, height in 1_usize..40, x in 1_usize..40, y in 1_usize..40, seed in any::<u64>(),
    ) {
        let images = Images::of_all_sorts((width, height), seed);
        let mut recipes = drawn(&everything((x, y), seed), images.size, seed, 8);
        recipes.iter_mut().for_each(well_conditioned);
        let (difference, said) = largest_difference(&images, &recipes);
        prop_assert!(difference <= 2, "{width}x{height} to {x}x{y}: {said}");
    }
}

#[test]
fn a_view_is_the_same_alone_and_in_any_batch() {
    let images = Images::of_all_sorts((32, 32), 1);
    let tensor = images.tensor();
    let recipes = drawn(&everything((32, 32), 3), (32, 32), 4, 150);
    let sources: Vec<i64> = (0..150).map(|view| view % images.len() as i64).collect();
    for grouping in [Grouping::Runs, Grouping::Kinds] {
        let renderer = renderer(grouping);
        let together = renderer.render_unnormalised(&tensor, &recipes, &sources);
        for view in 0..recipes.len() {
            let alone =
                renderer.render_unnormalised(&tensor, &recipes[view..=view], &sources[view..=view]).get(0);
            let apart = (together.get(view as i64) - alone).abs().max().double_value(&[]);
            assert!(apart <= 1e-6, "view {view} differs by {apart}: {}", recipes[view]);
        }
    }
}

#[test]
fn views_are_normalised_and_lie_channels_last() {
    let images = Images::of_all_sorts((9, 7), 2);
    let recipes = drawn(&everything((6, 5), 8), (9, 7), 1, 6);
    let sources = [5, 0, 1, 1, 2, 0];
    let unit = renderer(Grouping::Runs).render_unnormalised(&images.tensor(), &recipes, &sources);
    let shape = |values: [f32; 3]| tch::Tensor::from_slice(&values).view([1, 3, 1, 1]);
    let expected = (unit - shape([0.4, 0.5, 0.6])) / shape([0.2, 0.25, 0.3]);
    for (kind, tolerance) in [(Kind::Float, 1e-5), (Kind::BFloat16, 2e-2)] {
        let renderer = DeviceRenderer::new(Device::Cpu, [0.4, 0.5, 0.6], [0.2, 0.25, 0.3], kind);
        let found = renderer.render(&images.tensor(), &recipes, &sources);
        assert_eq!((found.size(), found.kind()), (vec![6, 3, 5, 6], kind));
        assert_eq!(found.stride(), [90, 1, 18, 3]);
        let apart = (found.to_kind(Kind::Float) - &expected).abs().max().double_value(&[]);
        assert!(apart <= tolerance, "{kind:?} differs by {apart}");
    }
}

#[test]
fn autocast_changes_nothing() {
    let images = Images::of_all_sorts((20, 20), 2);
    let recipes = drawn(&everything((16, 16), 8), (20, 20), 1, 60);
    let sources: Vec<i64> = (0..60).map(|view| view % images.len() as i64).collect();
    let render = || renderer(Grouping::Kinds).render(&images.tensor(), &recipes, &sources);
    let expected = render();
    let _guard = Autocast::new(Device::Cpu, Precision::Bf16);
    assert_eq!(render(), expected);
}

#[test]
fn no_recipes_give_no_views() {
    let views = renderer(Grouping::Runs).render(&Images::of_all_sorts((4, 4), 2).tensor(), &[], &[]);
    assert_eq!(views.size()[..2], [0, 3]);
}

#[test]
fn an_image_as_it_is_keeps_every_byte() {
    let images = Images::of_all_sorts((8, 6), 2);
    let recipe = Recipe { size: (8, 6), ops: Vec::new() };
    let cropped = Recipe { size: (8, 6), ops: vec![Op::crop(0, 0, 8, 6)] };
    let tiny =
        Recipe { size: (8, 6), ops: vec![Op::Flip, Op::Cut { x: 0, y: 0, width: 8, height: 6 }, Op::Flip] };
    assert_eq!(largest_difference(&images, &[recipe, cropped, tiny]).0, 0);
}

#[test]
#[should_panic(expected = "the recipe ends in 2x2, but the view is 3x3")]
fn a_picture_of_another_size_than_the_view_is_a_bug() {
    let recipe = Recipe { size: (3, 3), ops: vec![Op::Invert] };
    let _ = renderer(Grouping::Runs).render(&Images::of_all_sorts((2, 2), 2).tensor(), &[recipe], &[0]);
}

#[test]
#[should_panic(expected = "can only be the first operation of a recipe")]
fn a_late_crop_is_a_bug() {
    let images = Images::of_all_sorts((2, 2), 2);
    let recipe = Recipe { size: (2, 2), ops: vec![Op::Invert, Op::crop(0, 0, 2, 2)] };
    let _ = renderer(Grouping::Runs).render(&images.tensor(), &[recipe], &[0]);
}
