//! What the page says of the pictures of a run.

use std::fs;
use std::path::Path;

use kontrast_config::Experiment;
use kontrast_report::run_page;
use kontrast_runlog::{Layout, Pretext, Reconstruction, Summary};

use crate::sample;

/// The page of a run of one of the smoke experiments, with all pictures that a run may have.
fn page(experiment: &str, overrides: &[&str], summary: &Summary) -> String {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::of(folder.path());
    sample::write(folder.path(), summary, &[]);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../configs/smoke/{experiment}.toml"));
    let overrides: Vec<_> = overrides.iter().map(|&set| set.to_owned()).collect();
    fs::write(layout.config(), Experiment::load(&file, &overrides).unwrap().resolved).unwrap();
    for name in ["pretext.png", "confusion.png", "reconstructions.png"] {
        fs::write(layout.figures().join(name), sample::PIXEL).unwrap();
    }
    run_page(folder.path()).unwrap();
    fs::read_to_string(layout.report()).unwrap()
}

fn with_predictions(classes: u64) -> Summary {
    let pretext = Pretext { classes, count: 100, on_test: true, ..Pretext::default() };
    Summary { pretext: Some(pretext), ..sample::summary() }
}

#[track_caller]
fn assert_says(html: &str, parts: &[&str]) {
    for part in parts {
        assert!(html.contains(part), "{part:?} is missing");
    }
}

#[test]
fn what_becomes_of_the_views_is_said_by_method() {
    let of = |experiment: &str, overrides: &[&str]| page(experiment, overrides, &sample::summary());
    assert_says(&of("simclr", &[]), &["<h2>Views</h2>", "The encoder sees them as they are."]);
    assert_says(
        &of("rotation", &[]),
        &["Each view is then turned by all 4 angles, and all of them are trained on."],
    );
    let one = of("rotation", &["method.rotation.all=false"]);
    assert_says(&one, &["Each view is then turned by one of 4 angles."]);
    let tiles = "Of each view 2x2 tiles of 14 pixels are then cut, normalised each by itself, and shuffled;";
    assert_says(&of("jigsaw", &[]), &[tiles]);
    assert!(!of("jigsaw", &["method.jigsaw.normalise=false"]).contains("normalised each by itself"));
    assert_says(
        &of("relative_patch", &[]),
        &["and noise replaces two colours of each; the encoder sees one tile"],
    );
    assert_says(&of("autoencoder", &[]), &["and they are what has to be given back."]);
    let joint = of("joint", &[]);
    assert_says(
        &joint,
        &["For rotation: Each view is then turned", "For byol: The encoder sees them as they are."],
    );
}

#[test]
fn a_run_whose_configuration_cannot_be_read_is_said_nothing_untrue_of() {
    let folder = tempfile::tempdir().unwrap();
    sample::write(folder.path(), &sample::summary(), &[]);
    run_page(folder.path()).unwrap();
    let html = fs::read_to_string(Layout::of(folder.path()).report()).unwrap();
    assert_says(&html, &["Some methods turn views, cut tiles from them or drop colours afterwards."]);
}

#[test]
fn predictions_are_explained_by_their_task() {
    let turned = "by how much an image was turned, counter-clockwise; there is a row for each angle";
    for experiment in ["rotation", "joint"] {
        assert_says(&page(experiment, &[], &with_predictions(4)), &[turned, "on undistorted test images"]);
    }
    assert_says(
        &page("jigsaw", &[], &with_predictions(24)),
        &["the number of the tile at each place, row by row"],
    );
    let patches = page("relative_patch", &[], &with_predictions(8));
    assert_says(
        &patches,
        &["On the left the tile in the middle of an image", "before they are normalised and lose"],
    );
}

#[test]
fn many_answers_are_numbered_in_the_matrix() {
    let numbered = "Answers are numbered from 0, as they stand in permutations.toml.";
    assert_says(&page("jigsaw", &[], &with_predictions(24)), &[numbered, "class=\"picture words small\""]);
    assert!(!page("rotation", &[], &with_predictions(4)).contains(numbered));
}

#[test]
fn reconstructions_have_their_error_and_its_baseline() {
    let reconstruction = Reconstruction {
        loss: "l1".to_owned(),
        error: 0.1234,
        baseline: 0.4567,
        images: 10_000,
        on_test: true,
    };
    let summary = Summary { reconstruction: Some(reconstruction), ..sample::summary() };
    let html = page("autoencoder", &[], &summary);
    let said = "Over all 10,000 test images the mean absolute error of normalised values is 0.123; that of each image \
                painted over in its one best colour is 0.457.";
    assert_says(&html, &["<h2>Reconstructions</h2>", said]);
    // Of what the method did not see.
    let html = page("mae", &[], &summary);
    let said = "below each the patches that the encoder sees, and then the image with what the decoder predicts in place of the \
                others, each brought to the mean and the standard deviation that the hidden patch has. Over what is hidden of \
                all 10,000 test images the mean";
    assert_says(&html, &[said]);
    // A run from before there was such a figure.
    let html = page("autoencoder", &[], &sample::summary());
    assert!(html.contains("<h2>Reconstructions</h2>") && !html.contains("of normalised values"));
}
