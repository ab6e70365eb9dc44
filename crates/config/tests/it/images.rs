//! Images of one to four channels, colour spaces, and views that are not square.

use crate::folder::Folder;
use kontrast_config::{ColorSpace, Experiment, ViewSize};
use std::path::Path;

/// The committed smoke experiment of a method, or what is wrong with it, under these arguments.
fn smoke(name: &str, arguments: &[&str]) -> Result<Experiment, String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../configs/smoke/{name}.toml"));
    let arguments: Vec<_> = arguments.iter().map(ToString::to_string).collect();
    Experiment::load(&file, &arguments).map(|loaded| loaded.experiment).map_err(|error| error.to_string())
}

fn refused(name: &str, arguments: &[&str], expected: &str) {
    let said = smoke(name, arguments).unwrap_err();
    assert!(said.contains(expected), "{arguments:?}:\n{said}");
}

const GRAY: [&str; 2] = ["data.mean=[0.5]", "data.std=[0.25]"];
/// What takes the colour out of SimCLR's views.
const NO_COLOUR: [&str; 3] =
    ["views.simclr.grayscale=0", "views.simclr.jitter.hue=0", "views.simclr.jitter.saturation=0"];

#[test]
fn a_view_is_square_or_has_height_and_width() {
    let oblong = smoke("simclr", &["views.simclr.size=[24, 32]"]).unwrap();
    assert_eq!(oblong.views.sizes(), [ViewSize { height: 24, width: 32 }; 2]);
    assert_eq!(oblong.views.size().width_and_height(), (32, 24));
    refused(
        "simclr",
        &["views.simclr.size=[4, 32]"],
        "views.simclr.size = [4, 32]: expected at least 8 pixels",
    );
    refused("simclr", &["views.simclr.size=[24]"], "expected a whole number of pixels, or [height, width]");
    let kernel = ["views.simclr.size=[8, 32]", "views.simclr.blur.kernel=17"];
    refused("simclr", &kernel, "an odd number below twice the shorter side of the view's size, 8");
    refused(
        "simclr",
        &["views.simclr.size=[8, 32]", "encoder.resnet18.stem=imagenet"],
        "views.simclr = 8 pixels",
    );
}

#[test]
fn a_square_keeps_its_digest_however_it_is_written() {
    let folder = Folder::new();
    let digest = |argument: &str| folder.load("", &[argument]).digest;
    assert_eq!(digest("views.simclr.size=[32, 32]"), digest("views.simclr.size=32"));
    assert_ne!(digest("views.simclr.size=[32, 40]"), digest("views.simclr.size=32"));
    assert_eq!(digest("data.color_space=\"rgb\""), folder.load("", &[]).digest);
}

#[test]
fn methods_that_turn_or_cut_squares_refuse_other_views() {
    let oblong = "views.custom.view.size=[24, 32]";
    let of = |name: &str| {
        let view = "views.custom.view=[{ count = 1, size = [24, 36], steps = [\"fit\"] }]";
        smoke(name, &[view])
    };
    assert!(of("autoencoder").is_ok(), "{oblong}");
    let jigsaw = of("jigsaw").unwrap_err();
    assert!(
        jigsaw.contains("[24, 36] pixels: expected a square, for method.jigsaw cuts it into as many"),
        "{jigsaw}"
    );
    let patch = of("relative_patch").unwrap_err();
    assert!(patch.contains("[24, 36] pixels: expected a square, for method.relative_patch cuts"), "{patch}");
    let rotation = of("rotation").unwrap_err();
    assert!(
        rotation.contains("expected a square for method.rotation.rotations = 4, since a quarter"),
        "{rotation}"
    );
    let view = "views.custom.view=[{ count = 1, size = [24, 36], steps = [\"fit\"] }]";
    assert!(smoke("rotation", &[view, "method.rotation.rotations=2"]).is_ok());
    let turning = "views.custom.view=[{ count = 1, size = [24, 36], steps = [\"fit\", \"quarter_turns\"] }]";
    refused(
        "autoencoder",
        &[turning],
        "steps[1] = quarter_turns: expected no such step in a view of [24, 36]",
    );
}

#[test]
fn means_and_standard_deviations_say_the_channels() {
    let gray = smoke("simclr", &[&GRAY[..], &NO_COLOUR].concat()).unwrap();
    assert_eq!(gray.data.channels(), 1);
    let four = ["data.mean=[0.5, 0.5, 0.5, 1.0]", "data.std=[0.25, 0.25, 0.25, 1.0]"];
    assert_eq!(smoke("simclr", &four).unwrap().data.channels(), 4);
    refused("simclr", &["data.mean=[]", "data.std=[]"], "data.mean = []: expected a number for each channel");
    refused(
        "simclr",
        &["data.mean=[0.5, 0.5]"],
        "expected as many numbers as data.mean has, 2: one a channel",
    );
    refused(
        "simclr",
        &["data.mean=[0.5, 0.5, 1.5]"],
        "data.mean = [0.5, 0.5, 1.5]: expected numbers from 0 to 1",
    );
    let folder = ["data.name=folder", "data.root=images", "data.background=black"];
    let overlaid = smoke("simclr", &[&four[..], &folder].concat()).unwrap_err();
    assert!(overlaid.contains("no such key, since alpha is a channel of the images"), "{overlaid}");
}

#[test]
fn changes_of_colour_are_refused_for_gray_images() {
    let said = smoke("simclr", &GRAY).unwrap_err();
    for key in ["jitter.saturation = 0.8", "jitter.hue = 0.2", "grayscale = 0.2"] {
        let expected =
            format!("views.simclr.{key}: expected 0: images of 1 channel, as many as data.mean has");
        assert!(said.contains(&expected), "{said}");
    }
    let said = smoke("jigsaw", &GRAY).unwrap_err();
    let step = "views.custom.view[0].steps[2].random_apply.steps[0] = grayscale: expected no such step";
    assert!(said.contains(step), "{said}");
    let drop =
        "method.relative_patch.drop_channels = 0.01: expected left out: two of three colours are dropped";
    refused("relative_patch", &GRAY, drop);
}

#[test]
fn a_colour_space_is_that_of_three_channels_and_has_its_own_units() {
    let space = "data.color_space=\"lab\"";
    let cmc = ["data.mean=[50.0, 6.0, -6.7]", "data.std=[50.0, 92.2, 101.2]"];
    let lab = smoke("simclr", &[&[space][..], &cmc].concat()).unwrap();
    assert_eq!(lab.data.color_space, Some(ColorSpace::Lab));
    refused("simclr", &cmc, "data.mean = [50.0, 6.0, -6.7]: expected numbers from 0 to 1");
    refused(
        "simclr",
        &[space, "data.mean=[50.0, 0.0, 130.0]"],
        "expected L* from 0 to 100, a* and b* from -128",
    );
    let gray = [&GRAY[..], &NO_COLOUR, &[space]].concat();
    refused("simclr", &gray, "data.color_space = \"lab\": expected rgb, or 3 numbers in data.mean");
    refused("simclr", &["data.color_space=\"hsv\""], "data.color_space");
}

#[test]
fn mean_and_std_may_be_measured_and_the_channels_stand_beside_them() {
    // Bases have numbers, which `measured` has to replace both.
    let measured = ["data.mean=measured", "data.std=measured"];
    let experiment = smoke("simclr", &measured).unwrap();
    assert_eq!((experiment.data.channels(), experiment.data.normalization()), (3, None));
    let gray = [&measured[..], &["data.channels=1"], &NO_COLOUR].concat();
    let gray = smoke("simclr", &gray).unwrap();
    assert_eq!(gray.data.channels(), 1);
    let known = gray.data.normalized_by(vec![0.5], vec![0.25]);
    assert_eq!((known.normalization(), known.channels()), (Some((&[0.5][..], &[0.25][..])), 1));
    refused("simclr", &measured[..1], "data.std = [0.25, 0.25, 0.25]: expected \"measured\" as data.mean is");
    refused("simclr", &measured[1..], "data.std is missing: expected 3 numbers, as many as data.mean has");
    refused("simclr", &["data.channels=3"], "data.channels = 3: expected no such key, since the numbers");
    refused("simclr", &[&measured[..], &["data.channels=5"]].concat(), "data.channels = 5: expected 1 to 4");
    refused("simclr", &["data.mean=mesured"], "a list of numbers, one a channel, or \"measured\"");
    let lab = [&measured[..], &["data.channels=1", "data.color_space=lab"], &NO_COLOUR].concat();
    refused("simclr", &lab, "data.color_space = \"lab\": expected rgb");
}

#[test]
fn what_only_files_have_is_refused_elsewhere_and_patterns_are_checked() {
    refused("simclr", &["data.exclude=['*.gif']"], "no such key, since only data.name = \"folder\" reads it");
    let folder = ["data.name=folder", "data.root=images"];
    let of =
        |pattern: &str| smoke("simclr", &[&folder[..], &[&format!("data.exclude=['{pattern}']")]].concat());
    let without = |said: String| said.contains("data.exclude[0] =");
    assert!(!without(of("**/thumbs/**").unwrap_err()), "drawn images are another problem");
    for (pattern, expected) in [
        ("a[", "expected a pattern such as"),
        ("a/***", "expected a pattern such as"),
        ("/home/me/*", "expected a pattern of paths below data.root"),
        ("", "expected a pattern of paths below data.root"),
    ] {
        let said = of(pattern).unwrap_err();
        assert!(without(said.clone()) && said.contains(expected), "{pattern}: {said}");
    }
    refused("simclr", &["data.name=csv"], "data.root is missing: expected the file that names the images");
}
