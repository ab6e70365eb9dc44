//! Folders of images: layouts, unreadable files, holdout.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use image::{Rgb, RgbImage};
use kontrast_data::{Dataset, Labelled, Source, Spec, Split, Splits, Unreadable, WHITE, open};

/// Writes an image of one colour, which its level says.
fn write(folder: &Path, name: &str, level: u8) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    RgbImage::from_pixel(6, 4, Rgb([level, 0, 255])).save(path).unwrap();
}

fn opened(root: &Path, unreadable: Unreadable, holdout: Option<f64>) -> Result<Splits, String> {
    let source = Source::Folder {
        exclude: Vec::new(),
        root: root.to_owned(),
        unreadable,
        holdout,
        background: WHITE,
        levels: None,
    };
    open(&Spec { source, subset: None, seed: 0, channels: 3 }, Path::new("unused"))
        .map_err(|error| error.to_string())
}

fn message(root: &Path, unreadable: Unreadable, holdout: Option<f64>) -> String {
    opened(root, unreadable, holdout).map(|_| ()).unwrap_err()
}

/// The first byte of every image.
fn levels(images: &dyn Dataset) -> Vec<u8> {
    (0..images.len()).map(|index| images.image(index, &mut Vec::new()).unwrap().pixels[0]).collect()
}

#[test]
fn classes_are_folders_and_their_names_are_sorted() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "train/dog/1.png", 30);
    write(folder.path(), "train/cat/2.png", 20);
    write(folder.path(), "train/cat/1.png", 10);
    write(folder.path(), "test/dog/1.png", 40);
    let splits = opened(folder.path(), Unreadable::Refuse, None).unwrap();
    let (train, test) = (splits.train.labelled().unwrap(), splits.test.unwrap());
    assert_eq!(train.class_names(), ["cat", "dog"]);
    assert_eq!((levels(&*train), train.labels()), (vec![10, 20, 30], vec![0, 0, 1]));
    assert_eq!((levels(&*test), test.labels()), (vec![40], vec![1]));
    assert_eq!(train.size(0).unwrap(), (6, 4));
}

#[test]
fn images_side_by_side_are_unlabelled() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "b.jpg", 200);
    write(folder.path(), "a.png", 10);
    let splits = opened(folder.path(), Unreadable::Refuse, None).unwrap();
    assert!(matches!(splits.train, Split::Unlabelled(_)) && splits.test.is_none());
    let levels = levels(&*splits.train.images());
    assert!(levels[0] == 10 && levels[1].abs_diff(200) < 5, "{levels:?}");
}

#[test]
fn every_image_below_a_folder_has_a_class_only_where_each_lies_in_the_folder_of_one() {
    let folder = tempfile::tempdir().unwrap();
    let every = || {
        let (root, unreadable) = (folder.path().to_owned(), Unreadable::Skip);
        let source = Source::EveryImage { root, unreadable, background: WHITE };
        open(&Spec { source, subset: None, seed: 0, channels: 3 }, Path::new("unused")).unwrap()
    };
    write(folder.path(), "train/cat/1.png", 10);
    write(folder.path(), "train/dog/deep/1.png", 20);
    write(folder.path(), "test/cow/1.png", 30);
    let splits = every();
    let (train, test) = (splits.train.labelled().unwrap(), splits.test.unwrap());
    let classes = |images: &dyn Labelled| {
        images.labels().iter().map(|&label| images.class_names()[label as usize].clone()).collect::<Vec<_>>()
    };
    assert_eq!((classes(&*train), classes(&*test)), (vec!["cat".into(), "dog".into()], vec!["cow".into()]));
    write(folder.path(), "more/1.png", 5);
    write(folder.path(), "0.png", 1);
    write(folder.path(), "train/2.png", 15);
    let splits = every();
    assert!(splits.train.labelled().is_none() && splits.test.is_none());
    // By path.
    assert_eq!(levels(&*splits.train.images()), [1, 5, 30, 15, 10, 20]);
    let [note] = &splits.notes[..] else { panic!("{:?}", splits.notes) };
    assert!(
        note.ends_with("images lie beside the folders of classes, so that no classes are taken from these")
    );
}

#[test]
fn files_are_images_in_the_order_in_which_they_are_named() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.png", 1);
    write(folder.path(), "b/c.png", 2);
    let files = ["b/c.png", "gone.png", "a.png", "a.png"].map(|name| folder.path().join(name)).to_vec();
    let source = |unreadable| Source::Files { files: files.clone(), unreadable, background: WHITE };
    let spec = |unreadable| Spec { source: source(unreadable), subset: None, seed: 0, channels: 3 };
    let splits = open(&spec(Unreadable::Skip), Path::new("unused")).unwrap();
    assert_eq!(levels(&*splits.train.images()), [2, 1, 1]);
    assert!(
        splits.notes[0].starts_with("1 of 4 images cannot be read and are skipped: "),
        "{:?}",
        splits.notes
    );
    let said = open(&spec(Unreadable::Refuse), Path::new("unused")).map(|_| ()).unwrap_err().to_string();
    assert!(said.contains("gone.png"), "{said}");
}

#[test]
fn hidden_images_are_left_out_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["train/cat/1.png", "train/cat/.2.png", "train/.3.png", ".4.png", ".thumbs/5.png"] {
        write(folder.path(), name, 1);
    }
    fs::write(folder.path().join(".hidden"), "no image").unwrap();
    let splits = opened(folder.path(), Unreadable::Refuse, None).unwrap();
    assert_eq!(levels(&*splits.train.images()), [1]);
    let said = ": 3 images are left out: 3 hidden, with names that begin with a dot";
    assert!(splits.notes[0].ends_with(said), "{:?}", splits.notes);
}

#[test]
fn gray_and_transparent_images_become_rgb() {
    let folder = tempfile::tempdir().unwrap();
    image::GrayImage::from_pixel(2, 2, image::Luma([7])).save(folder.path().join("1.png")).unwrap();
    image::RgbaImage::from_pixel(2, 2, image::Rgba([9, 8, 7, 0])).save(folder.path().join("2.png")).unwrap();
    let images = opened(folder.path(), Unreadable::Refuse, None).unwrap().train.images();
    assert_eq!(images.image(0, &mut Vec::new()).unwrap().pixels, [7; 12]);
    assert_eq!(images.image(1, &mut Vec::new()).unwrap().pixels, [255; 12]);
}

#[test]
fn unreadable_images_are_named_and_counted_and_refused_or_skipped() {
    let folder = tempfile::tempdir().unwrap();
    for (name, level) in [("cat/1.png", 1), ("cat/2.png", 2), ("dog/1.png", 3), ("dog/2.png", 4)] {
        write(folder.path(), name, level);
    }
    let cut = folder.path().join("cat/2.png");
    let whole = fs::read(&cut).unwrap();
    fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    let text = folder.path().join("dog/1.png");
    fs::write(&text, "no image").unwrap();

    let said = message(folder.path(), Unreadable::Refuse, None);
    assert!(said.starts_with("2 of 4 images cannot be read: "), "{said}");
    assert!(said.contains(&format!("{}: ", cut.display())), "{said}");
    assert!(said.contains(&format!("{}: ", text.display())), "{said}");
    assert!(said.ends_with("or set data.unreadable = \"skip\""), "{said}");

    let splits = opened(folder.path(), Unreadable::Skip, None).unwrap();
    let train = splits.train.labelled().unwrap();
    assert_eq!((levels(&*train), train.labels()), (vec![1, 4], vec![0, 1]));
    assert!(
        splits.notes[0].starts_with("2 of 4 images cannot be read and are skipped: "),
        "{:?}",
        splits.notes
    );
    let [first, second] = &splits.skipped[..] else { panic!("{:?}", splits.skipped) };
    assert!(first.starts_with(&format!("{}: ", cut.display())), "{first}");
    assert!(second.starts_with(&format!("{}: ", text.display())), "{second}");
}

#[test]
fn a_root_that_is_no_folder_is_named_with_what_it_is_relative_to() {
    let said = message(Path::new("no/such/folder"), Unreadable::Refuse, None);
    let here = std::env::current_dir().unwrap();
    assert!(said.starts_with("no/such/folder: data.root names no folder that is there; "), "{said}");
    assert!(said.ends_with(&format!("in which the command runs, {}", here.display())), "{said}");
    let said = message(Path::new("~/photos"), Unreadable::Refuse, None);
    assert!(said.contains("is there; ~ is not expanded, write the whole path; a relative"), "{said}");
}

#[test]
fn many_unreadable_images_are_counted_beyond_the_tenth() {
    let folder = tempfile::tempdir().unwrap();
    for name in 0..13 {
        fs::write(folder.path().join(format!("{name}.png")), "no image").unwrap();
    }
    let said = message(folder.path(), Unreadable::Refuse, None);
    assert!(said.starts_with("13 of 13 images cannot be read: ") && said.contains(" and 3 more; "), "{said}");
    let said = message(folder.path(), Unreadable::Skip, None);
    let expected =
        format!("{}: expected images, found 13 files of which none can be read: ", folder.path().display());
    assert!(said.starts_with(&expected), "{said}");
    assert!(said.ends_with(" and 3 more; mend them, or name another folder with data.root"), "{said}");
}

#[test]
fn an_empty_or_missing_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let said = message(folder.path(), Unreadable::Refuse, None);
    assert!(said.contains("no images found; expected JPEG, PNG, WebP, BMP, TIFF or GIF files"), "{said}");
    let missing = folder.path().join("missing");
    let said = message(&missing, Unreadable::Refuse, None);
    assert!(said.starts_with(&missing.display().to_string()), "{said}");
}

#[test]
fn a_holdout_takes_as_many_images_of_each_class() {
    let folder = tempfile::tempdir().unwrap();
    for image in 0..10 {
        write(folder.path(), &format!("cat/{image}.png"), image);
        write(folder.path(), &format!("dog/{image}.png"), 100 + image);
    }
    let splits = opened(folder.path(), Unreadable::Refuse, Some(0.2)).unwrap();
    let (train, test) = (splits.train.labelled().unwrap(), splits.test.unwrap());
    assert_eq!(test.labels(), [0, 0, 1, 1]);
    assert_eq!(train.labels(), [[0; 8], [1; 8]].concat());
    let mut levels = [levels(&*train), levels(&*test)].concat();
    levels.sort_unstable();
    levels.dedup();
    assert_eq!(levels.len(), 20, "no image is in both splits");
}

#[test]
fn a_holdout_that_does_not_fit_is_refused() {
    let classes = tempfile::tempdir().unwrap();
    write(classes.path(), "train/cat/1.png", 1);
    write(classes.path(), "train/cat/2.png", 1);
    let said = message(classes.path(), Unreadable::Refuse, Some(1.5));
    assert!(said.contains("data.holdout = 1.5 leaves nothing to train or to test on, of 2 images"), "{said}");
    write(classes.path(), "val/cat/1.png", 1);
    let said = message(classes.path(), Unreadable::Refuse, Some(0.5));
    assert!(
        said.ends_with(
            "data.holdout = 0.5 cannot be used, since there is a test split already; leave it out"
        ),
        "{said}"
    );
    let flat = tempfile::tempdir().unwrap();
    write(flat.path(), "1.png", 1);
    let said = message(flat.path(), Unreadable::Refuse, Some(0.5));
    assert!(
        said.ends_with("cannot be used, since images without classes cannot be scored; leave it out"),
        "{said}"
    );
}

#[test]
fn a_test_class_without_training_images_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "train/cat/1.png", 1);
    write(folder.path(), "test/cow/1.png", 1);
    let said = message(folder.path(), Unreadable::Refuse, None);
    let expected =
        "the class cow has test images, but no training images; give it some, or remove its test images";
    assert!(said.ends_with(expected), "{said}");
}

#[test]
fn field_pipes_sockets_and_devices_are_counted_and_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    write(folder.path(), "cat/1.png", 1);
    assert!(Command::new("mkfifo").arg(place("cat/pipe.png")).status().unwrap().success());
    let _socket = UnixListener::bind(place("cat/socket.jpg")).unwrap();
    symlink("/dev/zero", place("cat/zeros.jpeg")).unwrap();
    symlink(place("cat/pipe.png"), place("beside.png")).unwrap();
    let splits = opened(folder.path(), Unreadable::Refuse, None).unwrap();
    assert_eq!(levels(&*splits.train.images()), [1]);
    assert!(
        splits.notes[0].ends_with(": 4 images are left out: 4 not regular files (pipes, sockets, devices)"),
        "{:?}",
        splits.notes
    );
}

#[test]
fn field_a_file_of_more_than_the_bound_is_refused_unread() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "1.png", 1);
    File::create(folder.path().join("2.png")).unwrap().set_len(1 << 40).unwrap();
    let said = message(folder.path(), Unreadable::Refuse, None);
    assert!(said.contains("2.png: expected at most 268435456 bytes, found 1099511627776"), "{said}");
    let splits = opened(folder.path(), Unreadable::Skip, None).unwrap();
    assert_eq!(splits.train.images().len(), 1);
}

/// A pack, a data set of the cache and a root that are pipes.
#[test]
fn field_a_pipe_in_place_of_a_data_set_is_named() {
    let place = tempfile::tempdir().unwrap();
    let pipe = |name: &str| {
        let path = place.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        path
    };
    let said = |source| {
        open(&Spec { source, subset: None, seed: 0, channels: 3 }, place.path())
            .map(|_| ())
            .unwrap_err()
            .to_string()
    };
    let found = "expected a regular file, found a named pipe";
    let packed = pipe("all.pack");
    assert!(kontrast_data::is_pack(&packed).unwrap_err().to_string().contains(found));
    let root = said(Source::Folder {
        exclude: Vec::new(),
        root: packed.clone(),
        unreadable: Unreadable::Refuse,
        holdout: None,
        background: WHITE,
        levels: None,
    });
    assert!(root.contains("data.root names no folder that is there"), "{root}");
    assert!(said(Source::Pack(packed)).contains(found));
    pipe("data/cifar10/data_batch_1.bin");
    assert!(said(Source::Cifar10).contains(found));
    pipe("data/cifar100/fine_label_names.txt");
    assert!(said(Source::Cifar100).contains(found));
}

#[test]
fn field_transparent_images_are_laid_over_the_background_and_counted_once() {
    let folder = tempfile::tempdir().unwrap();
    for (name, alpha) in
        [("train/a/1.png", 0), ("train/a/2.png", 255), ("test/a/1.png", 0), ("test/a/2.png", 128)]
    {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        image::RgbaImage::from_pixel(2, 2, image::Rgba([0, 0, 0, alpha])).save(path).unwrap();
    }
    let (root, unreadable) = (folder.path().to_owned(), Unreadable::Refuse);
    let source = Source::Folder {
        exclude: Vec::new(),
        root,
        unreadable,
        holdout: None,
        background: [200, 0, 0],
        levels: None,
    };
    let splits = open(&Spec { source, subset: None, seed: 0, channels: 3 }, Path::new("unused")).unwrap();
    assert_eq!(
        (levels(&*splits.train.images()), levels(&*splits.test.unwrap())),
        (vec![200, 0], vec![200, 100])
    );
    let said = "3 images are transparent in places, and laid over the background, rgb 200 0 0";
    assert_eq!(splits.notes, [said]);
}

#[test]
fn patterns_leave_images_out_and_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a/1.png", "a/2.gif", "a/thumbs/1.png", "b/1.png", "b/thumbs/x/2.png"] {
        write(folder.path(), name, 9);
    }
    let excluding = |exclude: &[&str]| {
        let source = Source::Folder {
            exclude: exclude.iter().map(ToString::to_string).collect(),
            root: folder.path().to_owned(),
            unreadable: Unreadable::Refuse,
            holdout: None,
            background: WHITE,
            levels: None,
        };
        open(&Spec { source, subset: None, seed: 0, channels: 3 }, Path::new("unused"))
            .map_err(|error| error.to_string())
    };
    let splits = excluding(&["**/thumbs/**", "*.gif", "*.bmp"]).unwrap();
    assert_eq!(splits.train.labelled().unwrap().labels(), [0, 1]);
    let notes = splits.notes.join("\n");
    for expected in [
        "2 images are left out by the pattern \"**/thumbs/**\"",
        "1 image is left out by the pattern \"*.gif\"",
        "the pattern \"*.bmp\" of data.exclude leaves out no image",
    ] {
        assert!(notes.contains(expected), "{notes}");
    }
    let refused = excluding(&["*"]).err().unwrap();
    assert!(refused.contains("no images found, but 5 that data.exclude leaves out"), "{refused}");
    assert!(excluding(&["a[.png"]).err().unwrap().contains("which is no pattern"));
}
