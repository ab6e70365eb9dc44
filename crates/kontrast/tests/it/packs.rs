//! `pack`: a folder as one file, and the files that it spares.

use crate::program::{Place, TINY};
use image::{Rgb, RgbImage};

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
    place.run(&["pack", "nowhere", out]).says(2, &["nowhere: there is no such folder or file"]);
    place
        .run(&["preview", "--plan", "identity", "--images", out, "--rows", "1"])
        .says(0, &["1 of 40 images of"]);
}

#[test]
fn only_a_pack_is_replaced_without_being_asked() {
    let place = Place::new();
    for (index, name) in ["1", "2"].iter().enumerate() {
        let path = place.write(&format!("photos/{name}.png"), "");
        RgbImage::from_pixel(8, 8, Rgb([index as u8, 0, 0])).save(path).unwrap();
    }
    place.write("thesis.txt", "years of work");
    place
        .run(&["pack", "photos", "thesis.txt"])
        .says(2, &["thesis.txt: there is a file that is no pack", "--force"]);
    assert_eq!(std::fs::read(place.path().join("thesis.txt")).unwrap(), b"years of work");
    place.run(&["pack", "photos", "thesis.txt", "--force"]).says(0, &["2 training and 0 test images"]);
    place.write(".thesis.txt.part", "half");
    place
        .run(&["pack", "photos", "thesis.txt"])
        .says(0, &["is a pack already, and is replaced", "left unfinished"]);
    assert!(!place.path().join(".thesis.txt.part").exists());
    place.run(&["pack", "photos", "photos/all.pack"]).says(2, &["would lie among the images"]);
    place.run(&["pack", "photos", "photos"]).says(2, &["this is a folder; name a file"]);
    place.run(&["pack", "thesis.txt", "all.pack"]).says(2, &["this is a file; expected a folder of images"]);
    let held = place.run(&["pack", "photos", "all.pack", "--holdout", "0.5"]);
    held.says(2, &["photos: --holdout 0.5 cannot be used"]);
    std::fs::create_dir(place.path().join("empty")).unwrap();
    place.run(&["pack", "empty", "all.pack"]).says(2, &["empty: no images found"]);
}
