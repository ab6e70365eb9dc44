//! What is found in a folder: formats, splits, links, names, and what Kontrast wrote itself.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use kontrast_data::{DataError, Dataset, Source, Spec, Split, Splits, Unreadable, WHITE, open, save_picture};

/// Writes an image of one colour, which its level says, in a format whatever the name.
fn write_as(path: &Path, level: u8, format: ImageFormat) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let image = DynamicImage::from(RgbImage::from_pixel(6, 4, Rgb([level; 3])));
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    fs::write(path, bytes.into_inner()).unwrap();
}

fn write(folder: &Path, name: &str, level: u8) {
    write_as(&folder.join(name), level, ImageFormat::Png);
}

fn held(root: &Path, holdout: Option<f64>) -> Result<Splits, DataError> {
    let (root, unreadable) = (root.to_owned(), Unreadable::Refuse);
    let source =
        Source::Folder { exclude: Vec::new(), root, unreadable, holdout, background: WHITE, levels: None };
    open(&Spec { source, subset: None, seed: 0, channels: 3 }, Path::new("unused"))
}

fn opened(root: &Path) -> Splits {
    held(root, None).unwrap()
}

fn message(root: &Path) -> String {
    held(root, None).map(|_| ()).unwrap_err().to_string()
}

/// The first byte of every image.
fn levels(images: &dyn Dataset) -> Vec<u8> {
    (0..images.len()).map(|index| images.image(index, &mut Vec::new()).unwrap().pixels[0]).collect()
}

fn classes(splits: &Splits) -> Vec<String> {
    splits.train.labelled().unwrap().class_names().to_vec()
}

#[test]
fn field_every_format_is_read_in_lower_and_upper_case() {
    let folder = tempfile::tempdir().unwrap();
    let formats = [
        ("bmp", ImageFormat::Bmp),
        ("gif", ImageFormat::Gif),
        ("jfif", ImageFormat::Jpeg),
        ("jpeg", ImageFormat::Jpeg),
        ("jpg", ImageFormat::Jpeg),
        ("png", ImageFormat::Png),
        ("tif", ImageFormat::Tiff),
        ("tiff", ImageFormat::Tiff),
        ("webp", ImageFormat::WebP),
    ];
    for (ending, format) in formats {
        write_as(&folder.path().join(format!("lower.{ending}")), 120, format);
        write_as(&folder.path().join(format!("upper.{}", ending.to_uppercase())), 120, format);
    }
    let splits = opened(folder.path());
    let levels = levels(&*splits.train.images());
    assert_eq!((levels.len(), splits.notes.len()), (18, 0), "{:?}", splits.notes);
    assert!(levels.iter().all(|level| level.abs_diff(120) < 4), "{levels:?}");
}

#[test]
fn field_files_are_read_by_their_content() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        ("1.jpg", ImageFormat::Png),
        ("2.png", ImageFormat::Jpeg),
        ("3.tif", ImageFormat::WebP),
        ("4.webp", ImageFormat::Gif),
        ("5.heic", ImageFormat::Jpeg),
        ("6", ImageFormat::Bmp),
    ];
    for (name, format) in cases {
        write_as(&folder.path().join(name), 60, format);
    }
    let splits = opened(folder.path());
    assert_eq!((splits.train.images().len(), splits.notes.len()), (6, 0), "{:?}", splits.notes);
}

#[test]
fn field_of_an_animation_the_first_frame_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = fs::File::create(folder.path().join("1.gif")).unwrap();
    let mut encoder = image::codecs::gif::GifEncoder::new(&mut file);
    for level in [40, 90, 200] {
        let frame = image::RgbaImage::from_pixel(4, 4, image::Rgba([level, level, level, 255]));
        encoder.encode_frame(image::Frame::new(frame)).unwrap();
    }
    drop(encoder);
    assert_eq!(levels(&*opened(folder.path()).train.images()), [40]);
}

#[test]
fn field_formats_that_are_not_read_are_counted_by_their_endings() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "1.png", 1);
    for name in ["2.heic", "3.HEIC", "4.avif", "5.jp2", "6.svg", "7.CR2", "8.dng", "9.psd", "notes.txt"] {
        fs::write(folder.path().join(name), "not read").unwrap();
    }
    write_as(&folder.path().join("10.png.bak"), 1, ImageFormat::Png);
    let [note] = &opened(folder.path()).notes[..] else { panic!("one note") };
    let counted =
        ": 9 images are left out: 1 .avif, 1 .bak, 1 .cr2, 1 .dng, 2 .heic, 1 .jp2, 1 .psd, 1 .svg, of ";
    assert!(note.contains(counted), "{note}");
}

#[test]
fn field_splits_are_known_by_their_usual_names_in_any_case() {
    let pairs = [
        ("train", "valid"),
        ("Train", "Test"),
        ("TRAINING", "validation"),
        ("training", "Testing"),
        ("train", "VAL"),
    ];
    for (train, test) in pairs {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &format!("{train}/cat/1.png"), 1);
        write(folder.path(), &format!("{train}/dog/1.png"), 2);
        write(folder.path(), &format!("{test}/dog/1.png"), 3);
        let splits = opened(folder.path());
        assert_eq!(
            (classes(&splits), splits.notes.len()),
            (vec!["cat".into(), "dog".into()], 0),
            "{train}, {test}"
        );
        assert_eq!(splits.test.unwrap().labels(), [1], "{train}, {test}");
    }
}

#[test]
fn field_what_lies_beside_the_splits_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "train/a/1.png",
        "test/a/1.png",
        "val/a/1.png",
        "val/a/2.png",
        "Train/a/1.png",
        "more/1.png",
        "1.png",
    ] {
        write(folder.path(), name, 1);
    }
    let splits = opened(folder.path());
    assert_eq!((splits.train.images().len(), splits.test.unwrap().len()), (1, 1));
    let counted = ": 5 images are left out: 1 in Train, beside train; 1 in more, beside train; 2 in val, beside train; \
                   1 beside train";
    assert!(splits.notes[0].ends_with(counted), "{:?}", splits.notes);
}

#[test]
fn field_test_images_that_cannot_be_used_are_said() {
    let flat = tempfile::tempdir().unwrap();
    for name in ["train/1.png", "test/cat/1.png", "test/dog/1.png"] {
        write(flat.path(), name, 1);
    }
    let splits = opened(flat.path());
    assert!(matches!(splits.train, Split::Unlabelled(_)) && splits.test.is_none());
    assert!(splits.notes[0].contains(": 2 test images are not used, since "), "{:?}", splits.notes);
    let lone = tempfile::tempdir().unwrap();
    write(lone.path(), "Valid/cat/1.png", 1);
    write(lone.path(), "test/cat/1.png", 1);
    let said = message(lone.path());
    assert!(said.contains(": found test images in Valid, test, but no folder train; put "), "{said}");
    write(lone.path(), "invalid/1.png", 1);
    let splits = opened(lone.path());
    assert!(splits.notes[0].contains(": Valid, test counts as a class, since "), "{:?}", splits.notes);
}

#[test]
fn field_links_to_folders_are_followed_once() {
    let place = tempfile::tempdir().unwrap();
    let (root, pool) = (place.path().join("root"), place.path().join("pool"));
    write(&root, "cat/1.png", 1);
    write(&root, "cat/deep/2.png", 2);
    write(&pool, "dogs/3.png", 3);
    write(&pool, "more/4.png", 4);
    let link = |to: &Path, name: &str| symlink(to, root.join(name)).unwrap();
    // A class, a part of a class, a second name of either, two circles, and one to a folder that comes later.
    link(&pool.join("dogs"), "dog");
    link(&pool.join("more"), "cat/more");
    link(&pool.join("more"), "cat/twice");
    link(&root.join("cat"), "also_cat");
    link(&root, "cat/circle");
    link(&root.join("cat/deep"), "cat/before");
    let splits = opened(&root);
    assert_eq!(classes(&splits), ["cat", "dog"]);
    let mut found = levels(&*splits.train.images());
    found.sort_unstable();
    assert_eq!(found, [1, 2, 3, 4]);
    let said =
        splits.notes.iter().any(|note| note.contains(": 4 links lead to folders that are read already, "));
    assert!(said, "{:?}", splits.notes);
}

#[test]
fn field_test_images_do_not_come_in_through_links_of_the_training_images() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "train/cat/1.png", 1);
    write(root.path(), "test/cat/2.png", 2);
    symlink(root.path().join("test/cat"), root.path().join("train/cat/more")).unwrap();
    let splits = opened(root.path());
    assert_eq!((levels(&*splits.train.images()), levels(&*splits.test.unwrap())), (vec![1], vec![2]));
    fs::remove_dir_all(root.path().join("test")).unwrap();
    symlink(root.path().join("train"), root.path().join("test")).unwrap();
    let said = message(root.path());
    assert!(said.contains(": train and test are one folder; "), "{said}");
    fs::remove_file(root.path().join("test")).unwrap();
    let pool = tempfile::tempdir().unwrap();
    write(pool.path(), "cat/3.png", 3);
    symlink(pool.path(), root.path().join("Test")).unwrap();
    assert_eq!(levels(&*opened(root.path()).test.unwrap()), [3]);
}

#[test]
fn field_classes_whose_names_are_no_utf_8_are_classes_of_their_own() {
    let root = tempfile::tempdir().unwrap();
    let names: [&[u8]; 4] = [b"caf\xe8", b"caf\xe9", b"\xff", b"tea"];
    for (level, name) in names.into_iter().enumerate() {
        for split in ["train", "test"] {
            let class = root.path().join(split).join(OsStr::from_bytes(name));
            write(&class, "1.png", level as u8);
            write(&class, "2.png", level as u8);
        }
    }
    // By bytes: tea comes before 255.
    let splits = opened(root.path());
    assert_eq!(classes(&splits), [r"caf\xe8", r"caf\xe9", "tea", r"\xff"]);
    let (train, test) = (splits.train.labelled().unwrap(), splits.test.unwrap());
    for images in [&train, &test] {
        assert_eq!(levels(&**images), [0, 0, 1, 1, 3, 3, 2, 2]);
        assert_eq!(images.labels(), [0, 0, 1, 1, 2, 2, 3, 3]);
    }
    let splits = held(&root.path().join("train"), Some(0.5)).unwrap();
    assert_eq!(splits.test.unwrap().labels(), [0, 1, 2, 3]);
}

/// A run with a picture, beside an image.
fn run(folder: &Path, files: &[&str]) {
    fs::create_dir_all(folder).unwrap();
    for file in files {
        fs::write(folder.join(file), "").unwrap();
    }
    write(folder, "figures/views.png", 200);
}

#[test]
fn field_runs_in_the_folder_are_left_out() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "1.png", 1);
    run(&root.path().join("runs/one"), &["config.toml", "events.jsonl"]);
    run(&root.path().join("runs/two"), &["config.toml", "summary.json", "events.jsonl"]);
    run(&root.path().join("elsewhere"), &["config.toml", "summary.json"]);
    let splits = opened(root.path());
    assert_eq!(levels(&*splits.train.images()), [1]);
    let said = ": 3 folders hold runs of Kontrast, and are left out";
    assert!(splits.notes.len() == 1 && splits.notes[0].ends_with(said), "{:?}", splits.notes);
    // Beside classes, and beside splits.
    write(root.path(), "cat/1.png", 2);
    let splits = opened(root.path());
    assert_eq!((classes(&splits), splits.notes.len()), (vec!["cat".into()], 2), "{:?}", splits.notes);
    write(root.path(), "train/cat/1.png", 3);
    let splits = opened(root.path());
    assert!(splits.notes.iter().any(|note| note.ends_with(said)), "{:?}", splits.notes);
    let said = message(&root.path().join("runs"));
    assert!(said.contains(": no images found, but 2 folders of runs; "), "{said}");
    // A configuration alone makes no run.
    run(&root.path().join("train/dog"), &["config.toml"]);
    assert_eq!(classes(&opened(root.path())), ["cat", "dog"]);
}

#[test]
fn field_pictures_that_kontrast_wrote_are_left_out() {
    let picture = RgbImage::from_pixel(3, 3, Rgb([9; 3]));
    for place in ["preview.png", "sheets/views.png", "cat/sheet.PNG"] {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "cat/1.png", 1);
        let path = root.path().join(place);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        save_picture(&picture, &path).unwrap();
        let splits = opened(root.path());
        assert_eq!(
            (classes(&splits), levels(&*splits.train.images())),
            (vec!["cat".into()], vec![1]),
            "{place}"
        );
        let said = ": 1 image is left out: 1 written by Kontrast";
        assert!(splits.notes.len() == 1 && splits.notes[0].ends_with(said), "{:?}", splits.notes);
    }
    let alone = tempfile::tempdir().unwrap();
    save_picture(&picture, &alone.path().join("preview.png")).unwrap();
    assert!(message(alone.path()).contains(": no images found, but 1 picture written by Kontrast; "));
}
