//! What holds for every image and every recipe.

use kontrast_augment::{
    Filling, ImageRef, KeyedRng, Op, Policy, Recipe, Sampling, Scratch, Step, ViewPlan, render_into,
};
use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};

fn render(recipe: &Recipe, image: ImageRef<'_>, scratch: &mut Scratch) -> Vec<u8> {
    let mut view = vec![0; recipe.size.0 * recipe.size.1 * image.channels()];
    render_into(recipe, image, &mut view, scratch);
    view
}

fn image(size: (usize, usize), seed: u64) -> Vec<u8> {
    let mut stream = KeyedRng::named(*b"testing ", seed, 0, 0);
    (0..size.0 * size.1 * 3).map(|_| stream.below(256) as u8).collect()
}

fn strong(size: (usize, usize)) -> ViewPlan {
    let kernel = 2 * (size.0.min(size.1) - 1) + 1;
    ViewPlan::new(
        size,
        vec![
            Step::RandomResizedCrop { scale: (0.01, 1.0), ratio: (0.2, 5.0), antialias: true },
            Step::HorizontalFlip.sometimes(0.5),
            Step::ColorJitter { brightness: 0.9, contrast: 0.9, saturation: 0.9, hue: 0.5 }.sometimes(0.8),
            Step::Grayscale.sometimes(0.2),
            Step::GaussianBlur { sigma: (0.1, 5.0), kernel }.sometimes(0.5),
            Step::Solarize { threshold: 0.5 }.sometimes(0.3),
            Step::RandAugment { count: 3, magnitude: 30, sampling: Sampling::Bilinear },
            Step::AutoAugment { policy: Policy::Cifar10, sampling: Sampling::Nearest },
            Step::Cutout { side: 7, filling: Filling::Noise }.sometimes(0.5),
            Step::ShiftChannels { most: 0 },
            Step::GaussianNoise { std: 0.1 }.sometimes(0.5),
            Step::Sobel.sometimes(0.1),
        ],
    )
    .unwrap()
}

/// What treats each channel by itself.
fn without_colours(size: (usize, usize)) -> ViewPlan {
    let kernel = 2 * (size.0.min(size.1) - 1) + 1;
    let steps = vec![
        Step::RandomResizedCrop { scale: (0.01, 1.0), ratio: (0.2, 5.0), antialias: true },
        Step::HorizontalFlip.sometimes(0.5),
        Step::ColorJitter { brightness: 0.9, contrast: 0.0, saturation: 0.0, hue: 0.0 }.sometimes(0.8),
        Step::GaussianBlur { sigma: (0.1, 5.0), kernel }.sometimes(0.5),
        Step::Solarize { threshold: 0.5 }.sometimes(0.3),
        Step::Posterize { bits: 3 }.sometimes(0.3),
        Step::Sobel.sometimes(0.1),
    ];
    ViewPlan::new(size, steps).unwrap().of_channels(13).unwrap()
}

#[test]
fn bands_lose_contrast_towards_the_mean_of_all() {
    let pixels = [10, 20, 30, 40, 50, 60, 30, 40, 50, 60, 70, 80];
    let recipe = Recipe { size: (2, 1), ops: vec![Op::Contrast(0.0)] };
    assert_eq!(render(&recipe, ImageRef::new(2, 1, &pixels), &mut Scratch::default()), [45; 12]);
}

#[test]
fn what_knows_three_colours_is_refused_for_bands() {
    let refused = |step: Step| {
        ViewPlan::new((8, 8), vec![Step::Fit, step]).unwrap().of_channels(13).unwrap_err().to_string()
    };
    let jitter = Step::ColorJitter { brightness: 0.1, contrast: 0.1, saturation: 0.1, hue: 0.0 };
    let rand = Step::RandAugment { count: 1, magnitude: 9, sampling: Sampling::Nearest };
    let auto = Step::AutoAugment { policy: Policy::Cifar10, sampling: Sampling::Nearest };
    for (step, name) in [
        (jitter, "saturation of a colour jitter"),
        (Step::Grayscale, "grayscale"),
        (rand, "rand_augment"),
        (auto, "auto_augment"),
        (Step::Autocontrast, "autocontrast"),
    ] {
        let said = refused(step);
        assert!(
            said.contains(&format!("{name} changes colours, and images of 13 channel(s) have none")),
            "{said}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_view_of_any_image_is_the_same_whatever_was_rendered_before(
        width in 1_usize..40, height in 1_usize..40, x in 1_usize..40, y in 1_usize..40, seed in any::<u64>(),
    ) {
        let pixels = image((width, height), seed);
        let image = ImageRef::new(width, height, &pixels);
        let mut recipe = Recipe::default();
        strong((x, y)).draw_into(&mut recipe, image.size(), &mut KeyedRng::new(seed, 0, 0, 0));
        let mut used = Scratch::default();
        let other = Recipe { size: (width, height), ops: vec![Op::Flip, Op::Blur { sigma: 3.0, kernel: 9 }] };
        render(&other, image, &mut used);
        prop_assert_eq!(render(&recipe, image, &mut used), render(&recipe, image, &mut Scratch::default()));
    }

    #[test]
    fn alpha_changes_nothing_of_the_other_channels(
        width in 1_usize..40, height in 1_usize..40, x in 1_usize..40, y in 1_usize..40, seed in any::<u64>(),
        alpha in any::<u8>(),
    ) {
        let pixels = image((width, height), seed);
        let with_alpha: Vec<u8> = pixels.as_chunks::<3>().0.iter().flat_map(|&[r, g, b]| [r, g, b, alpha]).collect();
        let mut recipe = Recipe::default();
        strong((x, y)).draw_into(&mut recipe, (width, height), &mut KeyedRng::new(seed, 0, 0, 0));
        let mut scratch = Scratch::default();
        let expected = render(&recipe, ImageRef::new(width, height, &pixels), &mut scratch);
        let found = render(&recipe, ImageRef::new(width, height, &with_alpha), &mut scratch);
        let found: Vec<u8> = found.as_chunks::<4>().0.iter().flat_map(|&[r, g, b, _]| [r, g, b]).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn each_band_becomes_what_it_becomes_alone(
        bands in 5_usize..20, width in 1_usize..40, height in 1_usize..40, x in 1_usize..40, y in 1_usize..40,
        seed in any::<u64>(),
    ) {
        let mut stream = KeyedRng::named(*b"testing ", seed, 0, 0);
        let pixels: Vec<u8> = (0..width * height * bands).map(|_| stream.below(256) as u8).collect();
        let mut recipe = Recipe::default();
        without_colours((x, y)).draw_into(&mut recipe, (width, height), &mut KeyedRng::new(seed, 0, 0, 0));
        let mut scratch = Scratch::default();
        let found = render(&recipe, ImageRef::new(width, height, &pixels), &mut scratch);
        for band in 0..bands {
            let of = |all: &[u8]| all.iter().skip(band).step_by(bands).copied().collect::<Vec<u8>>();
            let alone = render(&recipe, ImageRef::new(width, height, &of(&pixels)), &mut scratch);
            prop_assert_eq!(of(&found), alone);
        }
    }

    #[test]
    fn one_colour_stays_one_colour_under_crop_flip_and_blur(
        color in any::<[u8; 3]>(), width in 1_usize..40, height in 1_usize..40, side in 1_usize..30,
    ) {
        let pixels = color.repeat(width * height);
        let crop = Op::crop(0, 0, width, height);
        let ops = vec![crop, Op::Flip, Op::Blur { sigma: 1.5, kernel: 7 }];
        let view = render(&Recipe { size: (side, side), ops }, ImageRef::new(width, height, &pixels), &mut Scratch::default());
        prop_assert_eq!(view, color.repeat(side * side));
    }

    #[test]
    fn a_flip_of_the_crop_is_the_crop_of_the_flip(
        width in 2_usize..30, height in 1_usize..30, side in 1_usize..30, seed in any::<u64>(),
    ) {
        let size = (width, height);
        let pixels = image(size, seed);
        let mut scratch = Scratch::default();
        let flipped = render(&Recipe { size, ops: vec![Op::Flip] }, ImageRef::new(width, height, &pixels), &mut scratch);
        let part = width.div_ceil(2);
        let left = Op::crop(0, 0, part, height);
        let right = Op::crop(width - part, 0, part, height);
        let view = (side, side);
        let one = render(&Recipe { size: view, ops: vec![left, Op::Flip] }, ImageRef::new(width, height, &pixels), &mut scratch);
        let other = render(&Recipe { size: view, ops: vec![right] }, ImageRef::new(width, height, &flipped), &mut scratch);
        let furthest = one.iter().zip(&other).map(|(a, b)| a.abs_diff(*b)).max();
        prop_assert_eq!(furthest.map(|step| step <= 1), Some(true));
    }
}
