//! CSV files that name images: columns, splits, groups, and what is wrong with a line.

use image::{Rgb, RgbImage};
use kontrast_data::{Dataset, Source, Spec, Splits, Unreadable, WHITE, open};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// Twelve images of one colour each, and the file.
fn folder(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("pictures")).unwrap();
    for level in 0..12_u8 {
        let path = folder.path().join(format!("pictures/{level}.png"));
        RgbImage::from_pixel(6, 4, Rgb([level, 0, 255])).save(path).unwrap();
    }
    fs::write(folder.path().join("images.csv"), text).unwrap();
    folder
}

fn opened(folder: &Path, holdout: Option<f64>, subset: Option<usize>) -> Result<Splits, String> {
    let path = folder.join("images.csv");
    let source =
        Source::Csv { path, unreadable: Unreadable::Refuse, holdout, background: WHITE, levels: None };
    let spec = Spec { source, subset, seed: 0, channels: 3 };
    open(&spec, Path::new("unused")).map_err(|error| error.to_string())
}

fn levels(images: &dyn Dataset) -> Vec<u8> {
    (0..images.len()).map(|index| images.image(index, &mut Vec::new()).unwrap().pixels[0]).collect()
}

/// Twelve images of two classes, two images a group.
fn grouped() -> String {
    let mut text = "image,label,group\n".to_owned();
    for image in 0..12 {
        let (label, group) = (["cat", "dog"][image / 6], image / 2);
        let _ = writeln!(text, "pictures/{image}.png,{label},video {group}");
    }
    text
}

#[test]
fn images_classes_and_splits_are_those_that_the_lines_say() {
    let folder = folder(
        "split,label,image,size\ntrain,dog,pictures/3.png,1\nval,cat,pictures/0.png,1\ntraining,cat,pictures/7.png,1\n",
    );
    let splits = opened(folder.path(), None, None).unwrap();
    let (train, test) = (splits.train.labelled().unwrap(), splits.test.unwrap());
    assert_eq!(
        (train.class_names(), train.labels()),
        (&["cat".to_owned(), "dog".to_owned()][..], vec![1, 0])
    );
    assert_eq!((levels(&*train), levels(&*test), test.labels()), (vec![3, 7], vec![0], vec![0]));
    assert!(splits.notes.iter().any(|note| note.contains("columns that are not read: \"size\"")));
}

#[test]
fn images_alone_are_unlabelled() {
    let folder = folder("image\npictures/3.png\n\"pictures/1.png\"\n");
    let splits = opened(folder.path(), None, None).unwrap();
    assert!(splits.train.labelled().is_none() && splits.test.is_none());
    assert_eq!(levels(&*splits.train.images()), [3, 1]);
}

#[test]
fn an_image_has_the_captions_of_all_its_lines() {
    let folder = folder(
        "image,caption,split\npictures/3.png,\"a cat, a dog\",train\npictures/1.png,one,train\npictures/3.png,Both,train\n",
    );
    let splits = opened(folder.path(), None, None).unwrap();
    let images = splits.train.images();
    assert_eq!(levels(&*images), [3, 1]);
    assert_eq!(
        (images.captions(0), images.captions(1)),
        (&["a cat, a dog".to_owned(), "Both".to_owned()][..], &["one".to_owned()][..])
    );
    let some = opened(folder.path(), None, Some(1)).unwrap().train.images();
    let kept = usize::from(levels(&*some) == [1]);
    assert_eq!(some.captions(0), images.captions(kept));
    assert!(splits.notes.iter().all(|note| !note.contains("not read")), "{:?}", splits.notes);
}

#[test]
fn a_holdout_and_a_subset_keep_groups_whole() {
    let folder = folder(&grouped());
    let splits = opened(folder.path(), Some(0.33), None).unwrap();
    let (train, test) = (splits.train.images(), splits.test.unwrap());
    let groups = |images: &dyn Dataset| -> BTreeSet<u64> {
        (0..images.len()).map(|index| images.group(index)).collect()
    };
    assert_eq!((train.len(), test.len()), (8, 4));
    assert!(groups(&*train).is_disjoint(&groups(&*test)));
    let splits = opened(folder.path(), None, Some(7)).unwrap();
    let train = splits.train.images();
    assert_eq!((train.len(), groups(&*train).len()), (6, 3));
    assert!(splits.notes.iter().any(|note| note.contains("data.subset = 7: 6 images are taken")));
    let refused = opened(folder.path(), None, Some(1)).err().unwrap();
    assert!(refused.contains("data.subset = 1: groups of images stay whole"), "{refused}");
}

#[test]
fn a_group_on_both_sides_of_the_file_is_noted() {
    let folder = folder("image,label,group,split\npictures/1.png,a,x,train\npictures/2.png,a,x,test\n");
    let notes = opened(folder.path(), None, None).unwrap().notes;
    assert!(notes.iter().any(|note| note.contains("scores are too good: x")), "{notes:?}");
}

#[test]
fn field_what_is_wrong_is_said_with_its_line() {
    let cases = [
        ("", "images.csv:1: expected a line of headings with a column image"),
        ("image,label\n", "images.csv:1: expected a line for each image"),
        (
            "file,label\n1,a\n",
            "images.csv:1: expected a line of headings with a column image, and label, group",
        ),
        ("image;label\n1;a\n", "separate them with commas"),
        ("image,label,label\n1,a,b\n", "images.csv:1: the column label stands there twice"),
        ("image,label\npictures/1.png,a\npictures/2.png,\n", "images.csv:3: label is empty"),
        ("image\npictures/1.png\n\npictures/99.png\n", "images.csv:4: there is no image"),
        ("image\r\npictures/1.png\r\npictures/99.png\r\n", "images.csv:3: there is no image"),
        ("image\npictures/1.png\npictures/1.png\n", "stands on line 2 already"),
        ("image,caption\npictures/1.png,a\npictures/2.png,\n", "images.csv:3: caption is empty"),
        ("image,caption\npictures/1.png,a\npictures/99.png,b\n", "images.csv:3: there is no image"),
        ("image,caption,label\npictures/1.png,a,cat\npictures/1.png,b,dog\n", "images.csv:3: "),
        (
            "image,label\npictures/1.png,a,b\n",
            "images.csv:2: expected 2 fields, as the first line has, found 3",
        ),
        ("image,split\npictures/1.png,left\n", "images.csv:2: split is \"left\"; expected train or test"),
        ("image,split\npictures/1.png,test\n", "every image is of the test split"),
        (
            "image,label,split\npictures/1.png,a,train\npictures/2.png,b,test\n",
            "images.csv:3: the class \"b\" has test images, but no training images",
        ),
    ];
    for (text, expected) in cases {
        let said = opened(folder(text).path(), None, None).err().unwrap();
        assert!(said.contains(expected), "{text:?}: {said}");
    }
    let nowhere = tempfile::tempdir().unwrap();
    let said = opened(nowhere.path(), None, None).err().unwrap();
    assert!(said.contains("data.root names no file that is there"), "{said}");
    let labelled = "image,split,label\npictures/1.png,train,a\npictures/2.png,test,a\n";
    let said = opened(folder(labelled).path(), Some(0.5), None).err().unwrap();
    assert!(said.contains("cannot be used, since the column split names test images"), "{said}");
}
