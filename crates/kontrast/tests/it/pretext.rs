//! What runs of pretext tasks leave behind besides what all runs do.

use crate::program::Place;
use std::fs;

const ONE_VIEW: &str = "views.identity={ count = 1, size = 16 }";
const JIGSAW: &str = "{ grid = 2, tile = 7, normalise = true, position_weight = 0.0, \
                      permutations = { method = \"greedy\", count = 6, seed = 5 }, \
                      projector = { widths = [], batch_norm = false }, head = { widths = [], batch_norm = false } }";

#[test]
fn the_permutations_of_a_jigsaw_stand_in_the_run_directory_and_its_predictions_are_drawn() {
    let place = Place::new();
    place
        .tiny(&["--set", ONE_VIEW, "--set", &format!("method.jigsaw={JIGSAW}")])
        .says(0, &["pretext accuracy on the test images"]);
    let run = place.run_dir();
    let stored = fs::read_to_string(run.join("permutations.toml")).unwrap();
    let printed = place.run(&["permutations", "--count", "6", "--grid", "2", "--seed", "5"]);
    assert_eq!(stored.trim_end(), printed.stdout.trim_end());
    for file in ["figures/pretext.png", "figures/confusion.png"] {
        assert!(run.join(file).exists(), "{file}");
    }
    let pretext = &place.summary()["puzzle"];
    assert_eq!(
        (place.summary()["puzzle"]["puzzles"].as_u64(), pretext["classes"].as_u64()),
        (Some(40), Some(6))
    );
}

#[test]
fn each_of_several_jigsaws_has_its_permutations() {
    let place = Place::new();
    let task = format!("{{ weight = 1.0, views = [0], method = {{ jigsaw = {JIGSAW} }} }}");
    let other = task.replace("seed = 5", "seed = 6");
    let joint = format!("method.joint={{ tasks = [{task}, {other}] }}");
    place.tiny(&["--set", ONE_VIEW, "--set", &joint]).says(0, &["pretext accuracy on the test images"]);
    let read = |name: &str| fs::read_to_string(place.run_dir().join(name)).unwrap();
    assert!(read("permutations.toml").contains("seed = 5"));
    assert!(read("permutations-2.toml").contains("seed = 6"));
}

#[test]
fn the_tiles_places_are_shown_beside_the_permutations() {
    let place = Place::new();
    let asked = JIGSAW.replace("position_weight = 0.0", "position_weight = 0.5");
    place
        .tiny(&["--set", ONE_VIEW, "--set", &format!("method.jigsaw={asked}")])
        .says(0, &[" [permutations ", " % right (16.7 % by chance); positions ", "| positions        |"]);
    let parts = &place.summary()["loss_parts"];
    assert_eq!((&parts[1]["name"], &parts[1]["accuracy_chance"]), (&"positions".into(), &25.0.into()));
}

#[test]
fn an_autoencoder_shows_what_it_gives_back() {
    let place = Place::new();
    let own = "method.autoencoder={ loss = \"l1\", projector = { widths = [8], batch_norm = true } }";
    place
        .tiny(&["--set", ONE_VIEW, "--set", own])
        .says(0, &["reconstruction of the test images: l1 ", "report: "]);
    let measured = &place.summary()["reconstruction"];
    assert_eq!((measured["loss"].as_str(), measured["images"].as_u64()), (Some("l1"), Some(40)));
    assert_eq!(measured["on_test"], true);
    // Drawn shapes: neither is near 0, nor beyond what normalised values differ by.
    for figure in ["error", "floor"] {
        let value = measured[figure].as_f64().unwrap();
        assert!((0.05..4.0).contains(&value), "{figure}: {value}");
    }
    let picture = image::open(place.run_dir().join("figures/reconstructions.png")).unwrap().to_rgb8();
    let colours: std::collections::HashSet<_> = picture.pixels().collect();
    assert!(colours.len() > 100, "images and their reconstructions: {} colours", colours.len());
}

#[test]
fn a_masked_autoencoder_shows_what_it_sees_and_what_it_predicts() {
    let place = Place::new();
    let own = "method.mae={ mask_ratio = 0.75, normalise_pixels = false, decoder = { width = 8, depth = 1, heads = 2 } }";
    let vit = "encoder.vit_tiny={ patch = 4, size = 16, depth = 1, position = \"sines\", stochastic_depth = 0.0, \
               frozen_projection = false }";
    place
        .tiny(&["--set", ONE_VIEW, "--set", vit, "--set", own])
        .says(0, &["reconstruction of the test images: mse ", "report: "]);
    let measured = &place.summary()["reconstruction"];
    assert_eq!((measured["loss"].as_str(), measured["images"].as_u64()), (Some("mse"), Some(40)));
    let picture = image::open(place.run_dir().join("figures/reconstructions.png")).unwrap().to_rgb8();
    // Images, what is seen of them, and what comes back: three rows of twelve, so four times as wide as high.
    let across = f64::from(picture.width()) / f64::from(picture.height());
    assert!((3.8..4.2).contains(&across), "{} x {}", picture.width(), picture.height());
}

#[test]
fn exemplars_train_on_as_many_images_as_there_are_classes_and_are_judged_on_all() {
    let place = Place::new();
    let own = "method.exemplar={ classes = 32, projector = { widths = [8], batch_norm = true } }";
    let said = ["synthetic, 32 images", "2 epochs, 4 steps", "pretext accuracy on the training images"];
    place.tiny(&["--set", own]).says(0, &said);
    let summary = place.summary();
    assert!(summary["reconstruction"].is_null());
    // Each class is looked for in a view that was not trained on; the test images are none of them.
    let pretext = &summary["puzzle"];
    assert_eq!((&summary["puzzle"]["puzzles"], &pretext["classes"]), (&32.into(), &32.into()));
    assert_eq!((&pretext["on_test"], &pretext["chance"]), (&false.into(), &3.125.into()));
    assert!(place.run_dir().join("figures/pretext.png").exists());
    let chance = summary["loss_chance"].as_f64().unwrap();
    assert!((chance - 32f64.ln()).abs() < 1e-9, "{chance}");
    assert_eq!(summary["test_images"], 40);
}

#[test]
fn what_the_encoder_cannot_see_is_refused_with_the_key_and_the_least_size() {
    let place = Place::new();
    let small = format!("method.jigsaw={}", JIGSAW.replace("tile = 7", "tile = 4"));
    let said = "method.jigsaw.tile = 4 pixels: expected at least 5 pixels on a side";
    place.tiny(&["--set", ONE_VIEW, "--set", &small]).says(2, &[said]);
    let said = "views.simclr = 16 pixels: expected at least 17 pixels on a side, for encoder.resnet18";
    place.tiny(&["--set", "encoder.resnet18.stem=imagenet"]).says(2, &[said]);
}
