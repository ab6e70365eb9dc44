//! Archives as folders: tar, zip, WebDataset shards.

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

use image::{ImageFormat, Rgb, RgbImage};
use kontrast_data::{Dataset, ImageFiles, Source, Spec, Splits, Unreadable, WHITE, open, survey};
use zip::write::FileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A PNG of one colour, which its level says.
fn png(level: u8) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    RgbImage::from_pixel(6, 4, Rgb([level, 0, 255])).write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

type Files<'f> = [(&'f str, Vec<u8>)];

fn tar(files: &Files<'_>) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        builder.append_data(&mut header, name, &bytes[..]).unwrap();
    }
    builder.into_inner().unwrap()
}

fn zip(files: &Files<'_>, method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, FileOptions::default().compression_method(method)).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn folder(root: &Path, files: &Files<'_>) {
    for (name, bytes) in files {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

fn opened(root: &Path, exclude: &[&str], unreadable: Unreadable) -> Result<Splits, String> {
    let exclude = exclude.iter().map(|&pattern| pattern.to_owned()).collect();
    let source = Source::Folder {
        exclude,
        root: root.to_owned(),
        unreadable,
        holdout: None,
        background: WHITE,
        levels: None,
    };
    open(&Spec { source, subset: None, seed: 0, channels: 3 }, Path::new("unused"))
        .map_err(|error| error.to_string())
}

fn message(root: &Path) -> String {
    opened(root, &[], Unreadable::Refuse).map(|_| ()).unwrap_err()
}

/// What a split holds: the end of each image's path, its first byte, its class.
type Held = Vec<(String, u8, Option<String>)>;

fn held(splits: &Splits, root: &Path) -> (Held, Option<Held>) {
    let of = |images: &dyn Dataset, class: &dyn Fn(usize) -> Option<String>| {
        let held = |index: usize| {
            let path = images.path(index).unwrap().strip_prefix(root).unwrap().display().to_string();
            (path, images.image(index, &mut Vec::new()).unwrap().pixels[0], class(index))
        };
        (0..images.len()).map(held).collect::<Held>()
    };
    let labelled = splits.train.labelled();
    let class = |index| labelled.as_ref().map(|all| all.class_names()[all.label(index) as usize].clone());
    let train = of(&*splits.train.images(), &class);
    let test = splits.test.as_ref().map(|all| {
        let class = |index| Some(all.class_names()[all.label(index) as usize].clone());
        of(&**all, &class)
    });
    (train, test)
}

#[test]
fn field_an_archive_holds_what_the_folder_held() {
    let trees: [Vec<(&str, Vec<u8>)>; 3] = [
        vec![("b.png", png(1)), ("a.png", png(2)), ("notes.txt", b"none".to_vec())],
        vec![("dog/1.png", png(3)), ("cat/deep/2.png", png(4)), ("cat/1.png", png(5))],
        vec![("train/dog/1.png", png(6)), ("train/cat/1.png", png(7)), ("val/cat/9.png", png(8))],
    ];
    for files in trees {
        let place = tempfile::tempdir().unwrap();
        let plain = place.path().join("plain");
        folder(&plain, &files);
        let expected = held(&opened(&plain, &[], Unreadable::Refuse).unwrap(), &plain);
        let archives = [
            ("a.tar", tar(&files)),
            ("a.zip", zip(&files, CompressionMethod::Stored)),
            ("b.ZIP", zip(&files, CompressionMethod::Deflated)),
        ];
        for (name, bytes) in archives {
            let path = place.path().join(name);
            fs::write(&path, bytes).unwrap();
            assert_eq!(held(&opened(&path, &[], Unreadable::Refuse).unwrap(), &path), expected, "{name}");
            let alone = place.path().join(format!("folder of {name}"));
            fs::create_dir(&alone).unwrap();
            fs::rename(&path, alone.join(name)).unwrap();
            let splits = opened(&alone, &[], Unreadable::Refuse).unwrap();
            assert_eq!(held(&splits, &alone.join(name)), expected, "a folder with {name}");
            assert!(splits.notes[0].ends_with(": images are read from 1 archive"), "{:?}", splits.notes);
        }
    }
}

#[test]
fn one_folder_with_everything_is_passed_through_and_a_split_is_not() {
    let place = tempfile::tempdir().unwrap();
    let of = |name: &str, files: &Files<'_>| {
        let path = place.path().join(name);
        fs::write(&path, tar(files)).unwrap();
        let splits = opened(&path, &["**/thumbs/**"], Unreadable::Refuse).unwrap();
        held(&splits, &path).0.into_iter().map(|(_, _, class)| class).collect::<Vec<_>>()
    };
    let class = |name: &str| Some(name.to_owned());
    let photos = [("photos/1.png", png(1)), ("photos/2.png", png(2)), ("__MACOSX/photos/._1.png", vec![0])];
    assert_eq!(of("photos.tar", &photos), [None, None]);
    let classes =
        [("data/x/cat/1.png", png(1)), ("data/x/dog/1.png", png(2)), ("data/x/thumbs/1.png", png(3))];
    assert_eq!(of("pets.tar", &classes), [class("cat"), class("dog")]);
    assert_eq!(of("split.tar", &[("train/cat/1.png", png(1))]), [class("cat")]);
}

#[test]
fn shards_are_one_folder_with_the_classes_that_they_number() {
    let place = tempfile::tempdir().unwrap();
    let sample = |key: &str, level: u8, class: &str| {
        [
            (format!("{key}.png"), png(level)),
            (format!("{key}.cls"), class.as_bytes().to_vec()),
            (format!("{key}.json"), b"{}".to_vec()),
        ]
    };
    let shard = |name: &str, samples: &[[(String, Vec<u8>); 3]]| {
        let files: Vec<_> =
            samples.iter().flatten().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
        fs::write(place.path().join(name), tar(&files)).unwrap();
    };
    shard("pets-train-0.tar", &[sample("0", 1, "10"), sample("1", 2, "2\n")]);
    shard("pets-train-1.tar", &[sample("0", 3, "2")]);
    shard("pets-validation-0.tar", &[sample("0", 4, "10")]);
    let splits = opened(place.path(), &[], Unreadable::Refuse).unwrap();
    assert_eq!(splits.train.labelled().unwrap().class_names(), ["2", "10"]);
    let row = |path: &str, level, class: &str| (path.to_owned(), level, Some(class.to_owned()));
    let train = vec![
        row("pets-train-0.tar/1.png", 2, "2"),
        row("pets-train-1.tar/0.png", 3, "2"),
        row("pets-train-0.tar/0.png", 1, "10"),
    ];
    let test = vec![row("pets-validation-0.tar/0.png", 4, "10")];
    assert_eq!(held(&splits, place.path()), (train, Some(test)));
    assert!(splits.notes[0].ends_with(": images are read from 3 archives"), "{:?}", splits.notes);

    let mut without = sample("2", 5, "2");
    without[1].0 = "2.txt".to_owned();
    shard("pets-train-2.tar", &[without]);
    let splits = opened(place.path(), &[], Unreadable::Refuse).unwrap();
    assert!(splits.train.labelled().is_none());
    let noted = "1 of 4 images have no .cls beside them, so that no classes are taken from these";
    assert!(splits.notes.iter().any(|note| note.ends_with(noted)), "{:?}", splits.notes);

    shard("pets-train-2.tar", &[sample("2", 5, "seven")]);
    let said = message(place.path());
    let expected = "pets-train-2.tar/2.cls: expected the number of a class, as in 7, found \"seven\"";
    assert!(said.ends_with(expected), "{said}");
}

#[test]
fn what_is_damaged_or_no_archive_is_named_with_what_to_do() {
    let place = tempfile::tempdir().unwrap();
    let files = [("1.png", png(1)), ("2.png", png(2))];
    let path = |name: &str, bytes: &[u8]| {
        let path = place.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let whole = tar(&files);
    for length in [100, 513, 600] {
        let said = message(&path("cut.tar", &whole[..length]));
        assert!(said.contains("cut.tar: expected a tar archive that is whole: "), "{said}");
    }
    let mut header = whole.clone();
    header[3] ^= 1;
    let said = message(&path("header.tar", &header));
    assert!(said.contains("header.tar: expected a tar archive that is whole: "), "{said}");
    let packed = zip(&files, CompressionMethod::Deflated);
    let said = message(&path("cut.zip", &packed[..packed.len() - 30]));
    assert!(said.contains("cut.zip: expected a zip archive that is whole: "), "{said}");
    for (name, says) in [
        ("a.tar.gz", "gunzip it once"),
        ("a.rar", "unpack it once"),
        ("a.txt", "archive of them that ends in .tar or .zip"),
    ] {
        let said = message(&path(name, b"bytes"));
        assert!(said.contains(name) && said.contains(says), "{said}");
    }
    let empty = message(&path("empty.tar", &tar(&[("readme", b"none".to_vec())])));
    assert!(empty.contains("empty.tar: no images found; expected JPEG"), "{empty}");
}

#[test]
fn an_image_that_cannot_be_read_is_named_and_the_rest_goes_on() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("some.zip");
    let files = [("1.png", png(1)), ("2.png", png(2)), ("3.png", png(3))];
    let mut bytes = zip(&files, CompressionMethod::Stored);
    let place_of =
        |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).position(|found| found == part).unwrap();
    // A byte of the first image's pixels, which its own checksum does not cover.
    let first = place_of(&bytes, b"IEND");
    bytes[first] ^= 1;
    // The second is packed by a method that is not read, as both of its headers say.
    for mark in [b"PK\x03\x04", b"PK\x01\x02"] {
        let starts: Vec<_> =
            bytes.windows(4).enumerate().filter(|(_, found)| found == mark).map(|(at, _)| at).collect();
        let method = starts[1] + if mark[2] == 3 { 8 } else { 10 };
        bytes[method] = 12;
    }
    fs::write(&path, &bytes).unwrap();
    let splits = opened(&path, &[], Unreadable::Skip).unwrap();
    assert_eq!(held(&splits, &path).0, [("3.png".to_owned(), 3, None)]);
    let [note] = &splits.notes[..] else { panic!("{:?}", splits.notes) };
    assert!(note.starts_with("2 of 3 images cannot be read and are skipped: "), "{note}");
    assert!(note.contains("some.zip/1.png: its checksum in the archive is another"), "{note}");
    assert!(note.contains("some.zip/2.png: its archive packs it by another method than deflate"), "{note}");
    assert!(message(&path).contains("some.zip/1.png"), "{}", message(&path));
}

#[test]
fn archives_beside_images_are_left_alone() {
    let place = tempfile::tempdir().unwrap();
    folder(place.path(), &[("cat/1.png", png(1)), ("more.tar", tar(&[("dog/1.png", png(2))]))]);
    let splits = opened(place.path(), &[], Unreadable::Refuse).unwrap();
    assert_eq!(held(&splits, place.path()).0, [("cat/1.png".to_owned(), 1, Some("cat".to_owned()))]);
}

#[test]
fn survey_and_single_files_know_archives() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("pets.zip");
    let files = [("cat/1.png", png(1)), ("dog/1.png", png(2))];
    fs::write(&path, zip(&files, CompressionMethod::Deflated)).unwrap();
    let found = survey(&path).unwrap();
    assert_eq!((found.train, found.sizes), (2, vec![(6, 4); 2]));
    let mut images = ImageFiles::default();
    assert_eq!(images.image(&path.join("dog/1.png")).unwrap().get_pixel(0, 0).0, [2, 0, 255]);
    assert!(images.contains(&path.join("cat/1.png")) && !images.contains(&path.join("cat/2.png")));
    let said = images.image(&path.join("cat/2.png")).unwrap_err();
    assert_eq!(said, "its archive has no such file");
    assert_eq!(images.image(&place.path().join("1.png")).unwrap_err(), "there is no such file");
}
