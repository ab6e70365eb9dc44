//! `train.feed = "device"` from outside: a run to its end, one that goes on, and what it refuses.

use crate::program::{Place, TINY};
use std::fs;

const DEVICE: [&str; 4] = ["--set", "train.feed=device", "--set", "train.precision=fp32"];

#[test]
fn a_run_fed_on_the_device_ends_like_any_other() {
    let place = Place::new();
    place.tiny(&DEVICE).says(0, &["epoch 2/2, step 8/8", "waiting for data"]);
    // The feed is no part of what a run is called, so that the other one finds it finished.
    place.tiny(&["--set", "train.precision=fp32"]).says(0, &["finished already"]);
}

#[test]
fn images_of_several_sizes_are_refused_with_the_key_and_the_ways_out() {
    let place = Place::new();
    let synthetic = "name = \"synthetic\"\nsynthetic = { train = 64, test = 40, classes = 4, size = 16 }";
    place.write("tiny.toml", &TINY.replace(synthetic, "name = \"folder\"\nroot = \"photos\""));
    fs::create_dir(place.path().join("photos")).unwrap();
    for i in 0..20 {
        let picture =
            image::RgbImage::from_pixel(16 + u32::from(i / 19) * 4, 16, image::Rgb([i, 2 * i, 100]));
        picture.save(place.path().join(format!("photos/{i:02}.png"))).unwrap();
    }
    let words = ["train.feed = \"device\"", "16x16", "20x16", "train.feed = \"host\"", "kontrast pack"];
    place.tiny(&DEVICE).says(2, &words);
    assert!(!place.path().join("runs").exists(), "a refusal leaves no run behind");
}

#[test]
fn images_that_do_not_fit_the_device_are_refused_before_any_is_read() {
    let place = Place::new();
    let set = "data.synthetic={ train = 4000000, test = 40, classes = 4, size = 1024 }";
    let words = ["train.feed = \"device\": 4000000 images of 1024x1024", "12.6 TB", "data.subset"];
    place.tiny(&[&DEVICE[..], &["--set", set]].concat()).says(2, &words);
}
