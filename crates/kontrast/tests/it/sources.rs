//! Images as people have them: measured normalization, CSV files, and the file that `suggest` writes for a folder.

use crate::program::{Place, TINY};
use image::{GrayImage, Luma, Rgb, RgbImage};
use std::fmt::Write;
use std::fs;

/// Images that differ, drawn by a formula.
fn photo(place: &Place, name: &str, size: (u32, u32), seed: u32) {
    let path = place.write(name, "");
    let draw = |x: u32, y: u32| {
        let wave = |step: u32| ((x * step + y * (seed % 7 + 1) + seed * 13) % 256) as u8;
        Rgb([wave(3), wave(5), wave(2)])
    };
    RgbImage::from_fn(size.0, size.1, draw).save(path).unwrap();
}

const DRAWN: &str = "name = \"synthetic\"\nsynthetic = { train = 64, test = 40, classes = 4, size = 16 }";
const NUMBERS: &str = "mean = [0.5, 0.5, 0.5]\nstd = [0.25, 0.25, 0.25]";

fn tiny(place: &Place, data: &str, numbers: &str) {
    assert!(TINY.contains(DRAWN) && TINY.contains(NUMBERS));
    place.write("tiny.toml", &TINY.replace(DRAWN, data).replace(NUMBERS, numbers));
}

#[test]
fn measured_mean_and_std_are_stored_and_never_measured_again() {
    let place = Place::new();
    tiny(&place, DRAWN, "mean = \"measured\"");
    let ended = place.tiny(&[]);
    ended.says(0, &["note: measured on 64 training images: mean 0."]);
    let normalization = place.summary()["normalization"].clone();
    assert_eq!(normalization["images"], 64);
    assert_eq!(normalization["mean"].as_array().unwrap().len(), 3);
    let again = place.run(&["evaluate", place.run_dir().to_str().unwrap()]);
    again.says(0, &[]);
    assert!(!again.stderr.contains("measured on"), "{}", again.stderr);
    assert_eq!(place.summary()["normalization"], normalization);
    // Numbers given by hand are the same training.
    let list = |key: &str| normalization[key].to_string();
    let other = Place::new();
    tiny(&other, DRAWN, &format!("mean = {}\nstd = {}", list("mean"), list("std")));
    other.tiny(&[]).says(0, &[]);
    assert!(place.weights() == other.weights(), "weights differ from those of the same numbers");
    let other_space = Place::new();
    tiny(&other_space, DRAWN, "mean = \"measured\"");
    other_space.tiny(&["--set", "data.color_space=lab"]).says(0, &["note: measured on 64 training images"]);
}

#[test]
fn a_channel_of_one_value_is_refused_before_training() {
    let place = Place::new();
    for index in 0..20_u8 {
        let path = place.write(&format!("flat/{index}.png"), "");
        RgbImage::from_fn(16, 16, |x, y| Rgb([x as u8 * 3 + index, y as u8, 77])).save(path).unwrap();
    }
    tiny(&place, "name = \"folder\"\nroot = \"flat\"", "mean = \"measured\"");
    place.tiny(&[]).says(2, &["found channel 3 of 3 at 0.3020 in every pixel of all 20 images"]);
    assert!(!place.path().join("runs").exists());
}

#[test]
fn a_csv_of_images_is_trained_on_with_its_groups_apart() {
    let place = Place::new();
    let mut text = "image,label,group\n".to_owned();
    for index in 0..48 {
        photo(&place, &format!("pictures/{index}.png"), (16, 16), index);
        let (label, scan) = (["cat", "dog"][index as usize % 2], index / 4);
        let _ = writeln!(text, "pictures/{index}.png,{label},scan {scan}");
    }
    place.write("images.csv", &text);
    tiny(&place, "name = \"csv\"\nroot = \"images.csv\"\nholdout = 0.25", "mean = \"measured\"");
    place.tiny(&[]).says(0, &["report.html"]);
    assert_eq!((&place.summary()["dataset"], &place.summary()["test_images"]), (&"csv".into(), &12.into()));
    place.write("images.csv", "image\nnowhere.png\n");
    place.tiny(&["--force"]).says(2, &["images.csv:2: there is no image nowhere.png"]);
}

/// What `suggest` writes for a folder trains as it is.
fn suggested(place: &Place, folder: &str, expected: &[&str], in_file: &[&str]) {
    place.run(&["suggest", folder]).says(0, expected);
    let file = format!("{folder}.toml");
    let text = fs::read_to_string(place.path().join(&file)).unwrap();
    for part in in_file {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    let sets = ["--set", "train.epochs=1", "--threads", "1"];
    place.run(&[&["pretrain", &file], &sets[..]].concat()).says(0, &["report.html"]);
}

#[test]
fn a_suggested_file_trains_small_images_with_classes() {
    let place = Place::new();
    for index in 0..60 {
        photo(
            &place,
            &format!("tiny-ones/{}/{index}.png", ["cat", "dog"][index as usize % 2]),
            (32, 32),
            index,
        );
    }
    let expected = ["60 training images in 2 classes", "k-NN and a linear probe on 20 % of the images"];
    let in_file = ["stem = \"cifar\"", "size = 32", "holdout = 0.2", "mean = \"measured\""];
    suggested(&place, "tiny-ones", &expected, &in_file);
    place.run(&["suggest", "tiny-ones"]).says(2, &["tiny-ones.toml: there is such a file", "--force"]);
    place.run(&["suggest", "tiny-ones", "--force"]).says(0, &["expect about"]);
    place.run(&["suggest", "nowhere"]).says(2, &["nowhere: there is no such folder"]);
    place.run(&["suggest", "tiny-ones.toml", "--out", "b.toml"]).says(2, &["expected a folder of images"]);
}

#[test]
fn a_suggested_file_trains_photographs_without_classes() {
    let place = Place::new();
    for index in 0..40 {
        photo(&place, &format!("photos/{index}.jpg"), (500, 375), index);
    }
    place.write("photos/broken.jpg", "no image");
    let expected = ["41 training images without classes", "missing: classes"];
    suggested(&place, "photos", &expected, &["stem = \"imagenet\"", "size = 64", "unreadable = \"skip\""]);
}

#[test]
fn a_suggested_file_trains_twelve_gray_images() {
    let place = Place::new();
    for index in 0..12_u32 {
        let path = place.write(&format!("scans/{index}.png"), "");
        let draw = |x: u32, y: u32| Luma([((x * 3 + y * index) % 256) as u8]);
        GrayImage::from_fn(40, 60, draw).save(path).unwrap();
    }
    suggested(&place, "scans", &["12 are few to learn from", "gray"], &["channels = 1", "method.dcl"]);
}

/// A tar of what lies in a folder, beside it.
fn archived(place: &Place, folder: &str) -> String {
    let name = format!("{folder}.tar");
    let mut archive = tar::Builder::new(fs::File::create(place.path().join(&name)).unwrap());
    archive.append_dir_all(".", place.path().join(folder)).unwrap();
    archive.finish().unwrap();
    name
}

#[test]
fn an_archive_trains_as_its_folder_does_and_is_embedded_and_searched() {
    let place = Place::new();
    place.colours(&["train", "test"]);
    let archive = archived(&place, "colours");
    let weights = |root: &str| {
        let other = Place::new();
        let root = place.path().join(root);
        tiny(&other, &format!("name = \"folder\"\nroot = {root:?}"), NUMBERS);
        other.tiny(&["--set", "train.batch=12"]).says(0, &["report.html"]);
        assert_eq!(other.summary()["test_images"], 12);
        (other.weights(), other)
    };
    let (from_folder, from_archive) = (weights("colours"), weights(&archive));
    assert!(from_folder.0 == from_archive.0, "the archive trains another encoder");
    let run = from_archive.1.run_dir().display().to_string();
    place.run(&["embed", &run, "--images", &archive, "--out", "bank.csv"]).says(0, &["24 images"]);
    let table = fs::read_to_string(place.path().join("bank.csv")).unwrap();
    assert!(table.contains("\ntrain/blue/1.png,"), "{table}");
    let query = format!("{archive}/test/red/4.png");
    let search = ["search", &run, "--index", "bank.csv", "--query", &query, "--k", "2"];
    place
        .run(&[&search[..], &["--sheet", "found.png", "--images", &archive]].concat())
        .says(0, &["red/4.png (red)", "found.png"]);
    assert_eq!(
        image::open(place.path().join("found.png")).unwrap().into_rgb8().get_pixel(56, 70).0,
        [200, 12, 12]
    );
    let on = ["evaluate", &run, "--on", &archive];
    place.run(&on).says(0, &["knn"]);
    fs::rename(place.path().join(&archive), place.path().join("colours.tar.gz")).unwrap();
    let on = ["evaluate", &run, "--on", "colours.tar.gz"];
    place
        .run(&on)
        .says(2, &["colours.tar.gz: images are read from the middle of an archive", "gunzip it once"]);
}
