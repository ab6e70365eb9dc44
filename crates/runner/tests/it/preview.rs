//! `preview` and `pack`: pictures of a plan, one view again, the audit, and a folder as one file.

use crate::program::{Place, TINY};
use image::{ImageReader, Rgb, RgbImage};
use std::path::Path;

fn picture(path: &Path) -> RgbImage {
    ImageReader::open(path).unwrap().decode().unwrap().into_rgb8()
}

#[test]
fn a_view_on_the_sheet_can_be_replayed_from_its_four_numbers() {
    let place = Place::new();
    let (sheet, one) = (place.path().join("sheet.png"), place.path().join("one.png"));
    let (file, sheet_name, one_name) = ("tiny.toml", sheet.to_str().unwrap(), one.to_str().unwrap());
    place
        .run(&["preview", "--config", file, "--rows", "2", "--epochs", "2", "--out", sheet_name])
        .says(0, &["--replay"]);
    // The second column is the first view of image 0 in epoch 0, with the file's seed.
    place
        .run(&["preview", "--config", file, "--replay", "3,0,0,0", "--out", one_name])
        .says(0, &["crop", one_name]);
    let (sheet, one) = (picture(&sheet), picture(&one));
    let times = 192_u32.div_ceil(one.width());
    let (left, top) = (12 + one.width() * times + 12, 12 + 16);
    for (x, y, pixel) in one.enumerate_pixels() {
        assert_eq!(sheet.get_pixel(left + x * times, top + y * times), pixel, "{x}, {y}");
    }
}

#[test]
fn the_audit_tells_an_open_plan_from_a_closed_one() {
    let place = Place::new();
    let open = ["preview", "--plan", "identity", "--set", "views.identity.size=32", "--audit"];
    // Without any distortion every cue finds the other view.
    place
        .run(&open)
        .says(0, &["| colour histogram |   100.0 |", "warning: the colour histogram alone finds 100 %"]);
    // Edges of noise, in gray, say nothing.
    let noise = "views.custom.view=[{count=2, size=32, steps=['fit', 'grayscale', {gaussian_noise={deviation=5.0}}]}]";
    let closed = ["preview", "--plan", "identity", "--set", noise, "--audit"];
    place.run(&closed).says(0, &["No cue finds more than 25 %"]);
    let few = [
        "preview",
        "--config",
        "tiny.toml",
        "--set",
        "data.synthetic.train=40",
        "--set",
        "train.batch=8",
        "--audit",
    ];
    place.run(&few).says(2, &["--audit: there are 40 images; expected at least 64"]);
}

#[test]
fn what_cannot_be_previewed_is_named() {
    let place = Place::new();
    place
        .run(&["preview", "--plan", "simlcr"])
        .says(2, &["there is no such plan; expected one of simclr, mocov1"]);
    place.run(&["preview"]).says(2, &["--plan <NAME>", "--config <FILE>"]);
    let beyond = ["preview", "--plan", "byol", "--replay", "0,0,0,2"];
    place.run(&beyond).says(2, &["view 2: the plan has 2, counted from 0"]);
    place
        .run(&["preview", "--plan", "byol", "--replay", "1,2"])
        .says(2, &["four whole numbers such as 0,3,17,1"]);
    let probability = ["preview", "--plan", "byol", "--set", "views.byol.flip=1.5"];
    place.run(&probability).says(2, &["views.byol.flip = 1.5: expected a probability, 0 to 1"]);
    let nowhere = ["preview", "--plan", "identity", "--out", "nowhere/sheet.png"];
    place.run(&nowhere).says(1, &["nowhere/sheet.png: cannot be written"]);
}

#[test]
fn a_packed_folder_trains_as_the_folder_does() {
    let place = Place::new();
    let folder = place.path().join("images");
    std::fs::create_dir_all(&folder).unwrap();
    for index in 0..40_u32 {
        let draw =
            |x: u32, y: u32| Rgb([(x * (3 + index % 5)) as u8, (y * 7 + index) as u8, (index * 6) as u8]);
        RgbImage::from_fn(20 + index % 3, 18, draw).save(folder.join(format!("{index:02}.png"))).unwrap();
    }
    let out = place.path().join("all.pack");
    let (folder, out) = (folder.to_str().unwrap(), out.to_str().unwrap());
    place.run(&["pack", folder, out]).says(0, &["40 training and 0 test images", "--set data.name=pack"]);
    let weights = |name: &str, root: &str| {
        let place = Place::new();
        let drawn = "name = \"synthetic\"\nsynthetic = { train = 64, test = 40, classes = 4, size = 16 }";
        assert!(TINY.contains(drawn));
        place.write("tiny.toml", &TINY.replace(drawn, &format!("name = {name:?}\nroot = {root:?}")));
        place.tiny(&[]).says(0, &["report.html"]);
        place.weights()
    };
    assert_eq!(weights("pack", out), weights("folder", folder));
    place.run(&["pack", "nowhere", out]).says(2, &["nowhere: "]);
}
