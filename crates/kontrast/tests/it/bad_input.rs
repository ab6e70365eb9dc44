//! Wrong files, arguments and data: the message, the exit code, never a backtrace.

use crate::program::{Place, TINY};
use std::fs;

/// `tiny.toml` with one passage replaced, and what the program says of it.
fn with(from: &str, to: &str) -> crate::program::Ended {
    let place = Place::new();
    assert!(TINY.contains(from), "{from}");
    place.write("tiny.toml", &TINY.replacen(from, to, 1));
    place.tiny(&[])
}

#[test]
fn an_unknown_key_is_named_with_its_place() {
    with("momentum = 0.9", "momentun = 0.9").says(2, &["tiny.toml:", "momentun"]);
}

#[test]
fn a_wrong_type_is_named_with_what_was_expected() {
    with("batch = 16", "batch = \"many\"").says(2, &["tiny.toml:", "train.batch"]);
}

#[test]
fn two_methods_are_one_too_many() {
    let second = "[method.simclr]\ntemperature = 0.5\nprojector = { widths = [], batch_norm = false }\n";
    let place = Place::new();
    place.write("tiny.toml", &format!("{TINY}\n{}", second.replace("simclr", "moco")));
    place.tiny(&[]).says(2, &["method", "moco"]);
}

#[test]
fn an_argument_that_replaces_the_files_choice_is_noted() {
    let place = Place::new();
    let set = "schedule.constant.warmup_epochs=0";
    let ended = place.tiny(&["--set", set, "--set", "train.epochs=1"]);
    ended.says(0, &[]);
    let note = format!(
        "note: --set {set}: [schedule.constant] replaces the whole of [schedule.cosine] at tiny.toml:"
    );
    assert!(ended.stderr.contains(&note), "{}", ended.stderr);
}

#[test]
fn values_out_of_range_are_listed_all_at_once() {
    let place = Place::new();
    let sets =
        ["--set", "train.batch=1", "--set", "method.simclr.temperature=0", "--set", "optimizer.sgd.lr=-1"];
    place.tiny(&sets).says(2, &["train.batch", "method.simclr.temperature", "optimizer.sgd.lr"]);
    place.tiny(&["--set", "train.batch=0"]).says(2, &["train.batch"]);
    place.tiny(&["--set", "train.batch=65"]).says(2, &["train.batch"]);
}

#[test]
fn more_shots_than_a_class_has_images_are_refused_before_training() {
    let place = Place::new();
    let few_shot = "eval.few_shot={ shots = [1, 17], draws = 2, temperature = 0.07 }";
    place
        .tiny(&["--set", few_shot])
        .says(2, &["eval.few_shot.shots = [1, 17]: expected no more than each class"]);
    assert!(!place.path().join("runs").exists(), "refused before the run directory");
}

#[test]
fn a_missing_file_and_a_circle_of_bases_are_named() {
    let place = Place::new();
    place.run(&["pretrain", "nowhere.toml"]).says(2, &["nowhere.toml"]);
    place.write("a.toml", "extends = \"b.toml\"\n");
    place.write("b.toml", "extends = \"a.toml\"\n");
    place.run(&["pretrain", "a.toml"]).says(2, &["a.toml", "b.toml"]);
}

#[test]
fn arguments_that_make_no_sense_are_refused() {
    let place = Place::new();
    place.tiny(&["--set", "train.epochs"]).says(2, &["train.epochs"]);
    place.tiny(&["--device", "tpu"]).says(2, &["tpu"]);
    place.run(&["pretrain"]).says(2, &["FILE"]);
    place.run(&["report", "nowhere"]).says(2, &["nowhere"]);
    place.run(&["evaluate", "nowhere"]).says(2, &["nowhere"]);
    place.run(&["data", "imagenet22k"]).says(2, &["imagenet22k", "cifar10"]);
}

#[test]
fn a_gpu_that_is_not_there_is_named() {
    if !std::path::Path::new("/dev/nvidiactl").exists() {
        Place::new().tiny(&["--device", "cuda"]).says(2, &["cuda:0", "no GPU is seen here", "--device cpu"]);
    }
}

#[test]
fn a_folder_that_is_not_there_or_cannot_be_made_is_named_once_with_its_key() {
    let place = Place::new();
    folder(&place);
    let said = place.tiny(&["--set", "data.root=nowhere"]);
    said.says(2, &["nowhere: data.root names no folder that is there", &place.path().display().to_string()]);
    let place = Place::new();
    place.write("file", "");
    let said = place.tiny(&["--out", "file/below"]);
    said.says(2, &["run.out = file/below: cannot be made: ", "--out"]);
    assert_eq!(said.stderr.matches("os error").count(), 1, "{}", said.stderr);
    let said = place.run(&["evaluate", "nowhere"]);
    said.says(2, &["nowhere: expected a run directory, which holds a config.toml, found none"]);
}

fn folder(place: &Place) {
    let config = TINY.replace(
        "name = \"synthetic\"\nsynthetic = { train = 64, test = 40, classes = 4, size = 16 }",
        "name = \"folder\"\nroot = \"photos\"",
    );
    place.write("tiny.toml", &config);
    fs::create_dir(place.path().join("photos")).unwrap();
}

#[test]
fn an_empty_folder_and_an_unreadable_image_are_named() {
    let place = Place::new();
    folder(&place);
    place.tiny(&[]).says(2, &["photos: no images found"]);
    for i in 0..20u8 {
        let picture = image::RgbImage::from_pixel(16, 16, image::Rgb([i, 2 * i, 100]));
        picture.save(place.path().join(format!("photos/{i:02}.png"))).unwrap();
    }
    place.write("photos/broken.png", "no picture");
    place.tiny(&["--force"]).says(1, &["broken.png"]);
    assert!(!place.path().join("runs").exists(), "nothing was run, and a run directory is there");
    place.tiny(&["--set", "data.unreadable=skip", "--set", "train.epochs=1"]).says(0, &["broken.png"]);
    let skipped = &place.summary()["skipped_images"];
    assert_eq!(skipped.as_array().unwrap().len(), 1, "{skipped}");
    assert!(skipped[0].as_str().unwrap().contains("photos/broken.png: "), "{skipped}");
}

#[test]
fn values_that_the_images_do_not_bear_are_a_mistake_of_the_file() {
    let place = Place::new();
    folder(&place);
    for i in 0..20u8 {
        let picture = image::RgbImage::from_pixel(16, 16, image::Rgb([i, 2 * i, 100]));
        picture.save(place.path().join(format!("photos/{i:02}.png"))).unwrap();
    }
    let refusals = [
        ("train.batch=21", "train.batch = 21, but there are 20 training images"),
        ("data.subset=21", "data.subset = 21, but there are 20 training images"),
        ("data.holdout=0.5", "data.holdout"),
    ];
    for (set, said) in refusals {
        place.tiny(&["--force", "--set", set]).says(2, &[said]);
    }
    assert!(!place.path().join("runs").exists(), "nothing was run, and a run directory is there");
    // Known before anything is opened.
    with("classes = 4", "classes = 16").says(2, &["data.synthetic.classes = 16: expected 2 to 15"]);
    with("[views.simclr]", "unreadable = \"skip\"\n[views.simclr]").says(2, &["data.unreadable"]);
}

#[test]
fn a_damaged_data_set_in_the_cache_is_named_and_not_trained_on() {
    let place = Place::new();
    // What a user's own hands may leave in the cache: the folder is there, the files are not what they should be.
    let folder = place.path().join("cache/data/cifar10");
    fs::create_dir_all(&folder).unwrap();
    for name in [
        "data_batch_1.bin",
        "data_batch_2.bin",
        "data_batch_3.bin",
        "data_batch_4.bin",
        "data_batch_5.bin",
        "test_batch.bin",
        "data_batch_1",
        "data_batch_2",
        "data_batch_3",
        "data_batch_4",
        "data_batch_5",
        "test_batch",
    ] {
        fs::write(folder.join(name), "short").unwrap();
    }
    let config = TINY.replace(
        "name = \"synthetic\"\nsynthetic = { train = 64, test = 40, classes = 4, size = 16 }",
        "name = \"cifar10\"",
    );
    place.write("tiny.toml", &config);
    place.tiny(&[]).says(1, &["data_batch_1", "expected", "cargo xtask data cifar10"]);
}
