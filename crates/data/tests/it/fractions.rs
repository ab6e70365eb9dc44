//! Every filter leaves training images to each class that is tested, or it is said.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use image::{Rgb, RgbImage};
use kontrast_data::{Labelled, Packing, Source, Spec, Splits, Unreadable, WHITE, open, pack};

/// So many images of each class, in folders below a split or, where it is empty, below the root.
fn folder(root: &Path, split: &str, classes: &[(&str, usize)]) {
    for &(class, images) in classes {
        let folder = root.join(split).join(class);
        fs::create_dir_all(&folder).unwrap();
        for image in 0..images {
            let level = Rgb([image as u8, 0, 0]);
            RgbImage::from_pixel(2, 2, level).save(folder.join(format!("{image:03}.png"))).unwrap();
        }
    }
}

fn opened(source: Source, subset: Option<usize>) -> Splits {
    open(&Spec { source, subset, seed: 1, channels: 3 }, Path::new("unused")).unwrap()
}

fn source(root: &Path, unreadable: Unreadable, holdout: Option<f64>) -> Source {
    Source::Folder {
        exclude: Vec::new(),
        root: root.to_owned(),
        unreadable,
        holdout,
        background: WHITE,
        levels: None,
    }
}

/// Images of each class.
fn counts(images: &dyn Labelled) -> Vec<usize> {
    let labels = images.labels();
    let count = |label| labels.iter().filter(|&&found| found == label).count();
    (0..images.class_names().len() as u32).map(count).collect()
}

#[test]
fn field_a_holdout_leaves_images_of_rare_classes_to_train_on() {
    let place = tempfile::tempdir().unwrap();
    folder(place.path(), "", &[("common", 100), ("rare", 10)]);
    let splits = opened(source(place.path(), Unreadable::Refuse, Some(0.2)), None);
    assert_eq!(counts(&*splits.train.labelled().unwrap()), [80, 8]);
    assert_eq!(counts(&*splits.test.unwrap()), [20, 2]);
    assert!(splits.notes.is_empty(), "{:?}", splits.notes);
}

#[test]
fn field_a_class_too_small_for_its_share_is_named() {
    let place = tempfile::tempdir().unwrap();
    folder(place.path(), "", &[("common", 30), ("one", 1), ("two", 2), ("three", 3)]);
    let splits = opened(source(place.path(), Unreadable::Refuse, Some(0.2)), None);
    assert_eq!(counts(&*splits.train.labelled().unwrap()), [24, 1, 2, 2]);
    assert_eq!(counts(&*splits.test.unwrap()), [6, 0, 1, 0]);
    let [note] = &splits.notes[..] else { panic!("{:?}", splits.notes) };
    assert!(note.contains("0.2 sets no test images apart of one (1 image), two (2 images): "), "{note}");
}

#[test]
fn field_a_packed_holdout_has_the_same_images_and_its_pack_the_same_split() {
    let place = tempfile::tempdir().unwrap();
    folder(&place.path().join("images"), "", &[("common", 40), ("one", 1), ("rare", 4)]);
    let splits = opened(source(&place.path().join("images"), Unreadable::Refuse, Some(0.25)), None);
    let out = place.path().join("all.pack");
    let packing = Packing { short: None, holdout: Some(0.25) };
    pack(&splits, packing, &out, &mut |_, _| ControlFlow::Continue(())).unwrap();
    let packed = opened(Source::Pack(out), None);
    assert_eq!(counts(&*packed.train.labelled().unwrap()), [30, 1, 3]);
    assert_eq!(counts(&*packed.test.unwrap()), [10, 0, 1]);
}

#[test]
fn field_a_subset_without_images_of_a_tested_class_is_said() {
    let place = tempfile::tempdir().unwrap();
    folder(place.path(), "train", &[("a", 3), ("b", 3), ("c", 3)]);
    folder(place.path(), "test", &[("a", 1), ("b", 1), ("c", 1)]);
    let notes = |subset| opened(source(place.path(), Unreadable::Refuse, None), Some(subset)).notes;
    assert!(notes(3).is_empty() && notes(9).is_empty());
    let [note] = &notes(2)[..] else { panic!("one note") };
    assert!(note.contains("no training images are left of ") && note.contains(" (1 test image): "), "{note}");
    let held = tempfile::tempdir().unwrap();
    folder(held.path(), "", &[("a", 10), ("b", 10)]);
    let splits = opened(source(held.path(), Unreadable::Refuse, Some(0.2)), Some(1));
    assert!(splits.notes[0].contains(" (2 test images): "), "{:?}", splits.notes);
    let shapes = Source::Synthetic { train: 50, test: 10, classes: 5, size: 8 };
    let splits = opened(shapes, Some(4));
    assert!(splits.notes[0].starts_with("no training images are left of "), "{:?}", splits.notes);
}

#[test]
fn field_a_class_whose_images_cannot_be_read_is_named() {
    let place = tempfile::tempdir().unwrap();
    folder(place.path(), "train", &[("cat", 3), ("dog", 2)]);
    folder(place.path(), "test", &[("cat", 1), ("dog", 2)]);
    for image in ["train/dog/000.png", "train/dog/001.png"] {
        fs::write(place.path().join(image), "no image").unwrap();
    }
    let splits = opened(source(place.path(), Unreadable::Skip, None), None);
    assert_eq!(counts(&*splits.train.labelled().unwrap()), [3, 0]);
    let [_, lost, untrained] = &splits.notes[..] else { panic!("{:?}", splits.notes) };
    assert_eq!(lost, "none of the training images of these classes can be read: dog");
    assert!(untrained.starts_with("no training images are left of dog (2 test images): "), "{untrained}");
}
