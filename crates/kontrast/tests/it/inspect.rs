//! `inspect`: what a file says of itself, and files that say nothing.

use crate::program::Place;
use std::fs;

#[test]
fn a_checkpoint_says_which_encoder_it_holds_wherever_it_lies() {
    let place = Place::new();
    place.tiny(&[]).says(0, &[]);
    let file = place.checkpoints("safetensors").pop().expect("a checkpoint");
    let run = place.run_dir().display().to_string();
    place.run(&["inspect", &run]).says(0, &["checkpoints/step-", "encoder: ResNet18 of width"]);
    // A damaged last one is passed over, and said so.
    let damaged = place.checkpoints("safetensors").pop().unwrap();
    let whole = fs::read(&damaged).unwrap();
    fs::write(&damaged, &whole[..whole.len() / 2]).unwrap();
    let said = place.run(&["inspect", &run]);
    assert!(said.stderr.contains("step-"), "{}", said.stderr);
    fs::write(&damaged, whole).unwrap();
    fs::copy(file, place.path().join("alone.safetensors")).unwrap();
    let said = ["alone.safetensors: simclr", "encoder: ResNet18 of width", "images: ", "rgb, mean [0.5"];
    place.run(&["inspect", "alone.safetensors"]).says(0, &said);
}

#[test]
fn a_file_that_holds_no_encoder_is_refused() {
    let place = Place::new();
    fs::write(place.path().join("text.safetensors"), "no tensors").unwrap();
    let said = ["text.safetensors: not a safetensors file"];
    place.run(&["inspect", "text.safetensors"]).says(2, &said);
    place
        .run(&["inspect", "gone.safetensors"])
        .says(2, &["gone.safetensors: there is no such run directory or file"]);
}
