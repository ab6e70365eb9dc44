//! The plans of the papers, built from their files.

use kontrast_augment::{Step, ViewPlan};
use kontrast_config::{AmdimCrop, AmdimViews, CustomViews, Transform, ViewList, ViewSize, Views};
use kontrast_methods::view_spec;

fn paper(name: &str, changes: &[&str]) -> Views {
    let changes: Vec<_> = changes.iter().map(ToString::to_string).collect();
    Views::of_paper(name, &changes).expect("a known name").unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_papers_plan_can_be_drawn_and_has_the_views_that_its_file_says() {
    for name in Views::papers() {
        let views = paper(name, &[]);
        let spec = view_spec(&views, 3).unwrap_or_else(|error| panic!("{error}"));
        let sizes: Vec<_> = spec.plans.iter().map(ViewPlan::size).collect();
        let said: Vec<_> = views.sizes().into_iter().map(ViewSize::width_and_height).collect();
        assert_eq!(sizes, said, "{name}");
    }
}

#[test]
fn byols_second_view_is_the_one_that_is_solarised() {
    let spec = view_spec(&paper("byol", &[]), 3).unwrap();
    let ends: Vec<_> = spec.plans.iter().map(|plan| plan.steps()[4..].to_vec()).collect();
    let blur = Step::GaussianBlur { sigma: (0.1, 2.0), kernel: 23 };
    assert_eq!(ends[0], [blur.clone().sometimes(1.0)]);
    assert_eq!(ends[1], [blur.sometimes(0.1), Step::Solarize { threshold: 0.5 }.sometimes(0.2)]);
}

#[test]
fn moco_loses_the_colour_before_it_jitters_and_simclr_after() {
    let position = |name: &str| {
        let spec = view_spec(&paper(name, &[]), 3).unwrap();
        let place = |wanted: &Step| {
            let holds = |step: &Step| matches!(step, Step::RandomApply { steps, .. } if steps[..] == [wanted.clone()]);
            spec.plans[0].steps().iter().position(holds)
        };
        (place(&Step::Grayscale), place(&Step::HorizontalFlip))
    };
    assert_eq!(position("mocov1"), (Some(1), Some(3)));
    assert_eq!(position("mocov2"), (Some(3), Some(1)));
}

#[test]
fn amdims_views_share_one_flip_and_nothing_else() {
    let flip = Step::Shared(vec![Step::HorizontalFlip.sometimes(0.5)]);
    let jitter = Step::ColorJitter { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 };
    let colours = [flip, jitter.sometimes(0.8), Step::Grayscale.sometimes(0.25)];
    let spec = view_spec(&paper("amdim", &[]), 3).unwrap();
    let crop = Step::RandomResizedCrop { scale: (0.3, 1.0), ratio: (0.7, 1.4), antialias: true };
    assert_eq!(spec.plans[0].steps(), [&[crop][..], &colours].concat());
    assert_eq!(spec.plans[0], spec.plans[1]);
    let Views::Amdim(own) = paper("amdim", &["views.amdim.size=32"]) else { panic!("another plan") };
    let moved = AmdimViews { crop: AmdimCrop::Translated { probability: 0.8, most: 4 }, ..own };
    let spec = view_spec(&Views::Amdim(moved), 3).unwrap();
    let first = [Step::Fit, Step::ReflectTranslate { most: 4 }.sometimes(0.8)];
    assert_eq!(spec.plans[1].steps(), [&first[..], &colours].concat());
}

#[test]
fn the_strength_multiplies_all_four_ranges() {
    let spec = view_spec(&paper("simclr", &["views.simclr.strength=0.5"]), 3).unwrap();
    let half = Step::ColorJitter { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 };
    assert_eq!(spec.plans[0].steps()[2], half.sometimes(0.8));
}

#[test]
fn every_transform_of_a_free_list_becomes_its_step() {
    let steps = r"views.custom.view=[{ count = 1, size = 32, steps = [
        { resize = { short = 40 } }, 'centre_crop', 'horizontal_flip', 'vertical_flip', 'quarter_turns', 'equalize',
        'invert', 'autocontrast', 'sobel', 'grayscale', { posterize = { bits = 4 } },
        { sharpness = { factor = [0.5, 1.5] } }, { rotate = { degrees = [-30.0, 30.0], sampling = 'bilinear' } },
        { translate = { fraction = [0.1, 0.2], sampling = 'nearest' } },
        { shear = { x = [-10.0, 10.0], y = [0.0, 0.0], sampling = 'nearest' } },
        { erase = { scale = [0.02, 0.33], ratio = [0.3, 3.3], filling = 'noise' } },
        { cutout = { side = 8, filling = { value = 0.5 } } }, { gaussian_noise = { std = 0.1 } },
        { reflect_translate = { most = 3 } }, { shared = ['horizontal_flip'] },
        { shift_channels = { most = 2 } }, { drop_channels = { fraction = 0.01 } },
        { rand_augment = { count = 2, magnitude = 9, sampling = 'nearest' } },
        { auto_augment = { policy = 'cifar10', sampling = 'nearest' } },
        { color_jitter = { brightness = 0.1, contrast = 0.2, saturation = 0.3, hue = 0.4 } },
        { random_apply = { probability = 0.5, steps = [{ gaussian_blur = { sigma = [0.1, 2.0], kernel = 3 } }] } },
        { one_of = [{ weight = 1.0, step = { solarize = { threshold = 0.5 } } }, { weight = 2.0, step = 'invert' }] },
        { sequence = ['invert', 'invert'] },
    ] }]";
    let views = paper_with_custom(steps);
    let spec = view_spec(&views, 3).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(spec.plans[0].steps().len(), 28);
    assert_eq!(spec.plans[0].steps()[10], Step::Posterize { bits: 4 });
    assert_eq!(spec.plans[0].steps()[27], Step::Sequence(vec![Step::Invert, Step::Invert]));
}

#[test]
fn a_number_out_of_range_names_the_list_and_the_step() {
    // A file with it is refused when it is loaded; a list that a program makes comes here first.
    let list = |steps| ViewList { count: 2, size: 32.into(), steps };
    let wrong = vec![Transform::Fit, Transform::GaussianNoise { std: -1.0 }];
    let views = Views::Custom(CustomViews { view: vec![list(vec![Transform::Fit]), list(wrong)] });
    let said = view_spec(&views, 3).unwrap_err().to_string();
    assert_eq!(said, "views.custom.view[1].steps[1]: noise std is -1; expected a number of at least 0");
}

/// The identity's plan, replaced by a free list.
fn paper_with_custom(argument: &str) -> Views {
    paper("identity", &[&argument.replace('\n', " ")])
}
