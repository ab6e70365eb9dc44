//! The drawn numbers over 100,000 views: their ranges, means and frequencies.

use kontrast_augment::{KeyedRng, Op, Recipe, Step, ViewPlan};

pub(crate) const DRAWS: u64 = 100_000;

pub(crate) fn drawn(steps: Vec<Step>, image: (usize, usize), mut each: impl FnMut(&[Op])) {
    let plan = ViewPlan::new((32, 32), steps).unwrap();
    let mut recipe = Recipe::default();
    for index in 0..DRAWS {
        plan.draw_into(&mut recipe, image, &mut KeyedRng::new(11, 2, index, 1));
        each(&recipe.ops);
    }
}

pub(crate) fn assert_near(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() < tolerance, "{found} is not within {tolerance} of {expected}");
}

#[test]
fn crops_have_torchvisions_area_proportions_and_place() {
    let step = Step::RandomResizedCrop { scale: (0.2, 0.4), ratio: (0.5, 2.0), antialias: true };
    let (mut area, mut log_ratio, mut place, mut wide) = (0.0, 0.0, 0.0, 0);
    drawn(vec![step], (1000, 1000), |ops| {
        let Op::Crop { x, y, width, height, .. } = ops[0] else { panic!("no crop") };
        assert!(x + width <= 1000 && y + height <= 1000);
        let fraction = (width * height) as f64 / 1e6;
        let ratio = width as f64 / height as f64;
        assert!((0.199..0.401).contains(&fraction) && (0.497..2.01).contains(&ratio), "{fraction} {ratio}");
        area += fraction;
        log_ratio += ratio.ln();
        place += x as f64 / (1000 - width) as f64;
        wide += u32::from(ratio > 2.0_f64.sqrt());
    });
    let count = DRAWS as f64;
    assert_near(area / count, 0.3, 1e-3);
    assert_near(log_ratio / count, 0.0, 5e-3);
    assert_near(place / count, 0.5, 5e-3);
    // Log-uniform: a quarter of all crops lies beyond the square root of the largest ratio.
    assert_near(f64::from(wide) / count, 0.25, 5e-3);
}

#[test]
fn steps_are_taken_as_often_as_their_probability_says() {
    let steps = vec![
        Step::Fit,
        Step::HorizontalFlip.sometimes(0.5),
        Step::ColorJitter { brightness: 0.0, contrast: 0.4, saturation: 0.0, hue: 0.0 }.sometimes(0.8),
        Step::Grayscale.sometimes(0.2),
        Step::GaussianBlur { sigma: (0.1, 2.0), kernel: 3 }.sometimes(0.1),
        Step::Solarize { threshold: 0.5 }.sometimes(0.0),
    ];
    let (mut flips, mut jitters, mut grays, mut blurs, mut sigmas) = (0, 0, 0, 0, 0.0);
    drawn(steps, (32, 32), |ops| {
        for op in &ops[1..] {
            match *op {
                Op::Flip => flips += 1,
                Op::Contrast(_) => jitters += 1,
                Op::Grayscale => grays += 1,
                Op::Blur { sigma, kernel: 3 } => {
                    assert!((0.1..2.0).contains(&sigma));
                    blurs += 1;
                    sigmas += f64::from(sigma);
                }
                ref other => panic!("{other} was never asked for"),
            }
        }
    });
    for (count, expected) in [(flips, 0.5), (jitters, 0.8), (grays, 0.2), (blurs, 0.1)] {
        assert_near(f64::from(count) / DRAWS as f64, expected, 6e-3);
    }
    assert_near(sigmas / f64::from(blurs), 1.05, 0.02);
}

#[test]
fn jitter_factors_are_uniform_and_their_order_is_random() {
    let step = Step::ColorJitter { brightness: 0.4, contrast: 1.5, saturation: 0.8, hue: 0.1 }.sometimes(1.0);
    let mut sums = [0.0; 4];
    let mut first = [0; 4];
    drawn(vec![Step::Fit, step], (32, 32), |ops| {
        assert_eq!(ops.len(), 5);
        for (position, op) in ops[1..].iter().enumerate() {
            let (which, factor, range) = match *op {
                Op::Brightness(factor) => (0, factor, 0.6..=1.4),
                // A factor is never negative, so the range is cut off at 0.
                Op::Contrast(factor) => (1, factor, 0.0..=2.5),
                Op::Saturation(factor) => (2, factor, 0.2..=1.8),
                Op::Hue(turn) => (3, turn, -0.1..=0.1),
                ref other => panic!("{other} is no jitter"),
            };
            assert!(range.contains(&factor), "{op}");
            sums[which] += f64::from(factor);
            first[which] += usize::from(position == 0);
        }
    });
    let count = DRAWS as f64;
    for (sum, (mean, tolerance)) in sums.iter().zip([(1.0, 3e-3), (1.25, 1e-2), (1.0, 6e-3), (0.0, 1e-3)]) {
        assert_near(sum / count, mean, tolerance);
    }
    for count_first in first {
        assert_near(count_first as f64 / count, 0.25, 6e-3);
    }
}

#[test]
fn views_and_epochs_of_one_image_differ_and_can_be_drawn_again() {
    let step = Step::RandomResizedCrop { scale: (0.08, 1.0), ratio: (0.75, 4.0 / 3.0), antialias: true };
    let plan = ViewPlan::new((32, 32), vec![step]).unwrap();
    let draw = |seed, epoch, image, view| {
        let mut recipe = Recipe::default();
        plan.draw_into(&mut recipe, (500, 400), &mut KeyedRng::new(seed, epoch, image, view));
        recipe
    };
    assert_eq!(draw(1, 2, 3, 0), draw(1, 2, 3, 0));
    for other in [draw(1, 2, 3, 1), draw(1, 3, 3, 0), draw(1, 2, 4, 0), draw(2, 2, 3, 0)] {
        assert_ne!(draw(1, 2, 3, 0), other);
    }
}
