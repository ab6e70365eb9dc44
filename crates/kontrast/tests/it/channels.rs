//! Images that are no square RGB: gray and oblong ones, packs with alpha, another colour space.

use crate::program::{Place, TINY};
use image::{Rgba, RgbaImage};
use std::path::Path;

/// The tiny experiment with some of its lines replaced.
fn changed(place: &Place, lines: &[(&str, &str)]) {
    let text = lines.iter().fold(TINY.to_owned(), |text, (line, other)| {
        assert!(text.contains(line), "{line}");
        text.replace(line, other)
    });
    place.write("tiny.toml", &text);
}

const MEAN: &str = "mean = [0.5, 0.5, 0.5]";
const STD: &str = "std = [0.25, 0.25, 0.25]";
const GRAY: [(&str, &str); 4] = [
    (MEAN, "mean = [0.5]"),
    (STD, "std = [0.25]"),
    ("grayscale = 0.2", "grayscale = 0.0"),
    ("saturation = 0.8, hue = 0.2", "saturation = 0.0, hue = 0.0"),
];

fn picture(path: &Path) -> image::RgbImage {
    image::open(path).unwrap().into_rgb8()
}

#[test]
fn gray_images_in_oblong_views_are_trained_on_scored_and_shown() {
    let place = Place::new();
    changed(&place, &[&GRAY[..], &[("size = 16\ncrop", "size = [12, 20]\ncrop")]].concat());
    let probes = "eval.layers={probes=['linear', 'conv'], stages=[1, 4], features=64, epochs=1, batch=16, \
                  weight_decay=0.0, lr={linear=0.01, conv=0.1}}";
    place.tiny(&["--set", probes]).says(0, &["report.html"]);
    let views = picture(&place.run_dir().join("figures/views.png"));
    // Twelve columns of cells of 20 by 12 pixels, four times enlarged, and three rows.
    assert_eq!(views.dimensions(), (12 * (80 + 12) + 4, 3 * (48 + 12) + 4));
    assert!(views.pixels().all(|pixel| pixel[0] == pixel[1] && pixel[1] == pixel[2]));
    let one = place.path().join("one.png");
    let replay = ["preview", "--config", "tiny.toml", "--replay", "3,0,0,1", "--out", one.to_str().unwrap()];
    place.run(&replay).says(0, &["crop"]);
    assert_eq!(picture(&one).dimensions(), (20, 12));
}

#[test]
fn another_colour_space_changes_what_is_learned_and_not_what_is_shown() {
    let shown = |lines: &[(&str, &str)]| {
        let place = Place::new();
        changed(&place, lines);
        place.tiny(&[]).says(0, &["report.html"]);
        (picture(&place.run_dir().join("figures/views.png")), place.weights())
    };
    let lab = "color_space = \"lab\"\nmean = [50.0, 6.025, -6.6895]";
    let (rgb, lab) = (shown(&[]), shown(&[(MEAN, lab), (STD, "std = [50.0, 92.208, 101.1675]")]));
    assert_eq!(rgb.0, lab.0);
    assert_ne!(rgb.1, lab.1);
}

#[test]
fn packs_keep_the_channels_that_they_are_asked_for() {
    let place = Place::new();
    std::fs::create_dir(place.path().join("photos")).unwrap();
    for index in 0..4_u8 {
        let pixel = |x: u32, _| Rgba([50 * index, 90, 200, if x < 8 { 255 } else { 0 }]);
        RgbaImage::from_fn(16, 16, pixel).save(place.path().join(format!("photos/{index}.png"))).unwrap();
    }
    for channels in ["1", "4"] {
        let out = format!("{channels}.pack");
        place
            .run(&["pack", "photos", &out, "--channels", channels])
            .says(0, &["4 training and 0 test images"]);
    }
    place.run(&["pack", "photos", "257.pack", "--channels", "257"]).says(2, &["--channels"]);
    let five = ["pack", "photos", "5.pack", "--channels", "5"];
    place
        .run(&five)
        .says(1, &["photos/0.png: it has 4 channels at most; expected 5: a TIFF file of so many pages"]);
    let preview = ["preview", "--plan", "identity", "--set", "views.identity.size=16", "--replay", "0,0,1,0"];
    place.run(&[&preview[..], &["--images", "1.pack", "--out", "gray.png"]].concat()).says(0, &["gray.png"]);
    let gray = picture(&place.path().join("gray.png"));
    assert_eq!((gray.get_pixel(0, 0).0, gray.get_pixel(15, 0).0), ([91; 3], [255; 3]));
    let refused = place.run(&[&preview[..], &["--images", "4.pack"]].concat());
    refused.says(
        2,
        &["4.pack: the images of the pack have 4 channels, alpha among them, and 3 without are wanted"],
    );
    let four =
        [("mean = [0.5, 0.5, 0.5]", "mean = [0.5, 0.5, 0.5, 0.5]"), (STD, "std = [0.2, 0.2, 0.2, 0.4]")];
    changed(&place, &four);
    let shown =
        ["preview", "--config", "tiny.toml", "--images", "4.pack", "--replay", "0,0,1,0", "--out", "4.png"];
    place.run(&shown).says(0, &["4.png"]);
}

/// A NumPy array of bytes, (16, 16, 6), drawn by a formula.
fn array(place: &Place, name: &str, index: usize) {
    let text = "{'descr': '|u1', 'fortran_order': False, 'shape': (16, 16, 6), }";
    let mut bytes = format!("\u{1}NUMPY\u{1}\0\u{76}\0{text:117}\n").into_bytes();
    bytes[0] = 0x93;
    for (y, x) in (0..16).flat_map(|y| (0..16).map(move |x| (y, x))) {
        bytes.extend((0..6).map(|band| ((x * (band + 2) + y * (index % 5 + 1) + index * 9) % 256) as u8));
    }
    std::fs::write(place.write(name, ""), bytes).unwrap();
}

#[test]
fn images_of_six_bands_are_trained_on_scored_shown_embedded_and_exported() {
    let place = Place::new();
    for index in 0..48 {
        array(&place, &format!("bands/{}/{index}.npy", ["field", "wood"][index % 2]), index);
    }
    let drawn = "name = \"synthetic\"\nsynthetic = { train = 64, test = 40, classes = 4, size = 16 }";
    let folder = "name = \"folder\"\nroot = \"bands\"\nholdout = 0.25\nchannels = 6";
    let six = [(drawn, folder), (MEAN, "mean = \"measured\""), (STD, "")];
    changed(&place, &six);
    let colours = "views.simclr.grayscale = 0.2: expected 0: images of 6 channels, as many as data.mean has numbers, have no colour";
    place.tiny(&[]).says(2, &[colours]);
    changed(&place, &[&six[..], &GRAY[2..]].concat());
    place.tiny(&[]).says(0, &["measured on 36 training images", "report.html"]);
    assert_eq!(place.summary()["normalization"]["mean"].as_array().unwrap().len(), 6);
    assert!(picture(&place.run_dir().join("figures/views.png")).width() > 100);
    let run = place.run_dir().display().to_string();
    place
        .run(&["embed", &run, "--images", "bands", "--out", "bank.csv"])
        .says(0, &["48 images of 32 values"]);
    place.run(&["export", &run, "--format", "torchscript", "--out", "encoder.pt"]).says(0, &["encoder.pt"]);
    let wrong = ["--set", "data.channels=7", "--force"];
    place.tiny(&wrong).says(1, &["of shape [16, 16, 6]; expected (height, width, 7) or (7, height, width)"]);
}
