//! Mistakes in free lists of steps: each at its own place, under its own key.

use crate::folder::Folder;

/// The message about a free list of these steps in views of 32 pixels, without the place and the key of the steps.
fn steps(steps: &str) -> String {
    let text = format!("[[views.custom.view]]\ncount = 2\nsize = 32\nsteps = {steps}\n");
    let message = Folder::new().refusal(&text, &[]);
    let short = |line: &str| line.split_once("views.custom.view[0].steps").map(|(_, rest)| rest.to_owned());
    message.lines().map(|line| short(line).unwrap_or_else(|| line.to_owned())).collect::<Vec<_>>().join("\n")
}

#[test]
fn all_mistakes_of_a_list_are_named_at_once_with_file_line_and_column() {
    let text = "[[views.custom.view]]
count = 1
size = 32
steps = ['fit']
[[views.custom.view]]
count = 1
size = 32
steps = [
    'fit',
    { gaussian_blur = { sigma = [0.0, 2.0], kernel = 64 } },
    { random_apply = { probability = 1.5, steps = [{ posterize = { bits = 9 } }] } },
    { one_of = [{ weight = -1.0, step = { solarize = { threshold = 128.0 } } }] },
    { sequence = ['invert', 'fit'] },
]
";
    let message = Folder::new().refusal(text, &[]);
    let lines: Vec<_> = message.lines().collect();
    assert_eq!(
        lines,
        [
            "mine.toml:11:25: views.custom.view[1].steps[1].gaussian_blur.sigma = [0.0, 2.0]: expected the smaller number \
             first, both from 0.01 to 1000 pixels",
            "mine.toml:11:45: views.custom.view[1].steps[1].gaussian_blur.kernel = 64: expected an odd number below twice \
             the view's size = 32",
            "mine.toml:12:24: views.custom.view[1].steps[2].random_apply.probability = 1.5: expected a probability, 0 to 1",
            "mine.toml:12:68: views.custom.view[1].steps[2].random_apply.steps[0].posterize.bits = 9: expected 0 to 8",
            "mine.toml:13:19: views.custom.view[1].steps[3].one_of[0].weight = -1.0: expected 0 or above",
            "mine.toml:13:56: views.custom.view[1].steps[3].one_of[0].step.solarize.threshold = 128.0: expected 0 to 1",
            "mine.toml:14:29: views.custom.view[1].steps[4].sequence[1] = fit: expected no crop or resize inside another \
             step: the list's only crop comes first",
        ]
    );
}

#[test]
fn a_list_begins_with_its_only_crop() {
    let crops = "expected a crop first: one of fit, centre_crop, random_crop, random_resized_crop";
    assert_eq!(steps("[]"), format!(" = []: {crops}"));
    assert_eq!(steps("['invert']"), format!(" = [\"invert\"]: {crops}"));
    assert_eq!(steps("[{ resize = { short = 40 } }]"), format!(" = [\"resize\"]: {crops}"));
    let late = "expected no crop or resize here: the list's only crop comes first, behind a resize or alone";
    assert_eq!(steps("['invert', 'fit']"), format!("[0] = invert: {crops}\n[1] = fit: {late}"));
    assert_eq!(steps("['fit', 'centre_crop']"), format!("[1] = centre_crop: {late}"));
    let twice = "expected centre_crop or random_crop after a resize, since the others resize again";
    assert_eq!(steps("[{ resize = { short = 40 } }, 'fit']"), format!("[1] = fit: {twice}"));
}

#[test]
fn a_step_around_others_has_some() {
    let one = "expected at least one step";
    let nothing = "['fit', { random_apply = { probability = 0.5, steps = [] } }]";
    assert_eq!(steps(nothing), format!("[1].random_apply.steps = []: {one}"));
    assert_eq!(steps("['fit', { sequence = [] }]"), format!("[1].sequence = []: {one}"));
    assert_eq!(steps("['fit', { one_of = [] }]"), "[1].one_of = []: expected at least one choice");
    let never = "['fit', { one_of = [{ weight = 0.0, step = 'invert' }] }]";
    assert_eq!(steps(never), "[1].one_of = weights of 0: expected one weight above 0 at least");
}

#[test]
fn each_number_of_a_crop_has_its_range() {
    let cases = [
        ("random_crop = { padding = 33 }", ".random_crop.padding = 33: expected 0 to the view's size = 32"),
        (
            "random_resized_crop = { scale = [0.0, 1.0], ratio = [0.75, 1.33] }",
            "scale = [0.0, 1.0]: expected the",
        ),
        (
            "random_resized_crop = { scale = [0.2, 1.0], ratio = [2.0, 1.0] }",
            "ratio = [2.0, 1.0]: expected the",
        ),
    ];
    for (step, expected) in cases {
        let said = steps(&format!("[{{ {step} }}]"));
        assert!(said.contains(expected) && said.lines().count() == 1, "{step} gives\n{said}");
    }
}

#[test]
fn each_number_of_a_step_has_its_range() {
    let cases = [
        (
            "color_jitter = { brightness = 0.4, contrast = 0.4, saturation = 0.4, hue = 0.6 }",
            "hue = 0.6: expected 0 to 0.5",
        ),
        (
            "color_jitter = { brightness = -0.4, contrast = 0.4, saturation = 0.4, hue = 0.1 }",
            "brightness = -0.4: expected 0 or",
        ),
        ("sharpness = { factor = [2.0, 1.0] }", "factor = [2.0, 1.0]: expected the smaller number first"),
        (
            "rotate = { degrees = [-400, 10], sampling = 'nearest' }",
            "degrees = [-400.0, 10.0]: expected the smaller",
        ),
        (
            "translate = { fraction = [0.1, 1.2], sampling = 'nearest' }",
            "fraction = [0.1, 1.2]: expected fractions of the width",
        ),
        (
            "shear = { x = [0, 90], y = [0, 0], sampling = 'nearest' }",
            "shear.x = [0.0, 90.0]: expected the smaller",
        ),
        (
            "erase = { scale = [0.1, 1.1], ratio = [1, 1], filling = 'noise' }",
            "erase.scale = [0.1, 1.1]: expected",
        ),
        (
            "erase = { scale = [0.1, 1.0], ratio = [1, 1], filling = { value = 2 } }",
            "filling.value = 2.0: expected 0 to 1",
        ),
        ("cutout = { side = 33, filling = 'noise' }", "side = 33: expected 1 pixel to the view's size = 32"),
        ("gaussian_noise = { std = -0.1 }", "std = -0.1: expected 0 or above"),
        ("reflect_translate = { most = 32 }", "most = 32: expected below the view's size = 32"),
        ("shared = [\"fit\"]", "no crop or resize inside another step"),
        ("shared = []", "at least one step"),
        ("shift_channels = { most = 40 }", "most = 40: expected 0 to the view's size = 32"),
        ("drop_channels = { fraction = nan }", "fraction = NaN: expected 0 or above"),
        (
            "rand_augment = { count = 17, magnitude = 9, sampling = 'nearest' }",
            "count = 17: expected 0 to 16",
        ),
        (
            "rand_augment = { count = 2, magnitude = 31, sampling = 'nearest' }",
            "magnitude = 31: expected 0 to 30",
        ),
    ];
    for (step, expected) in cases {
        let said = steps(&format!("['fit', {{ {step} }}]"));
        assert!(said.starts_with("[1].") && said.contains(expected), "{step} gives\n{said}");
        assert_eq!(said.lines().count(), 1, "{step} gives\n{said}");
    }
}

#[test]
fn too_many_views_are_counted_once() {
    let text = "[[views.custom.view]]\ncount = 65\nsize = 32\nsteps = ['fit']";
    let message = Folder::new().refusal(text, &[]);
    assert_eq!(message, "mine.toml:3:1: views.custom.view[0].count = 65: expected 1 to 64 views");
}
#[test]
fn a_step_of_another_shape_is_shown_as_it_is_meant() {
    let cases = [
        (
            "{ posterize = { bits = 3 }, solarize = { threshold = 0.5 } }",
            ": expected one key in a table, found `posterize`, `solarize`; give each a table of its own: \
             { posterize = ... }, { solarize = ... }",
        ),
        (
            "'gaussian_blur'",
            ": expected { gaussian_blur = { sigma, kernel } }, found only the name \"gaussian_blur\"",
        ),
        ("'one_of'", ": expected { one_of = [{ weight, step }, ...] }, found only the name \"one_of\""),
        (
            "{ horizontal_flip = { probability = 0.5 } }",
            ".horizontal_flip: this step has no settings; write \"horizontal_flip\" alone, and for a part of the views \
             only { random_apply = { probability = 0.5, steps = [\"horizontal_flip\"] } }",
        ),
        (
            "{ cutout = { side = 3, filling = 0.5 } }",
            ".cutout.filling: expected \"noise\" or { value = 0.5 }, found 0.5",
        ),
        ("3", ": expected a name or a table of one name, found integer 3"),
        ("{}", ": expected one key inside that names the variant, found none"),
        (
            "{ rotate = { degrees = 30, sampling = 'nearest' } }",
            ".rotate.degrees: expected an array of 2 numbers, found integer `30`",
        ),
        (
            "{ one_of = ['invert'] }",
            ".one_of[0]: expected a table such as { weight = 1.0, step = \"invert\" }, found string \"invert\"",
        ),
    ];
    for (step, expected) in cases {
        assert_eq!(steps(&format!("['fit', {step}]")), format!("[1]{expected}"), "{step}");
    }
}

#[test]
fn unknown_keys_inside_an_array_are_reported_all_at_once() {
    let text = "[[views.custom.view]]
count = 2
cout = 2
size = 32
steps = ['fit', { cutout = { side = 3, sid = 4, filling = 'noise' } }]
";
    assert_eq!(
        Folder::new().refusal(text, &[]),
        "mine.toml:4:1: views.custom.view[0].cout: unknown key; did you mean `count`? Valid keys here: `count`, `size`, \
         `steps`\nmine.toml:6:40: views.custom.view[0].steps[1].cutout.sid: unknown key; did you mean `side`? Valid keys \
         here: `side`, `filling`"
    );
}

#[test]
fn a_list_of_views_has_two_brackets() {
    let rest = "count = 2\nsize = 32\nsteps = ['fit']";
    let brackets = "expected an array, found a table; two brackets on each side, [[views.custom.view]], begin one of several";
    for table in ["[views.custom.view]", "[[views.custom]]"] {
        let message = Folder::new().refusal(&format!("{table}\n{rest}"), &[]);
        assert!(
            message.starts_with("mine.toml:2:1: views.custom") && message.ends_with(brackets),
            "{message}"
        );
    }
}
