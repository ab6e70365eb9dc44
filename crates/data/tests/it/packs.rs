//! Packs: what goes in comes out, and damage is named.

use image::{Rgb, RgbImage};
use kontrast_augment::ImageRef;
use kontrast_data::{
    DataError, Dataset, Packing, Source, Spec, Split, Splits, Unreadable, WHITE, is_pack, open, pack,
    remove_unfinished,
};
use std::ffi::OsStr;
use std::fs;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A folder with two classes, images of several sizes.
fn folder(root: &Path) -> Splits {
    for (index, name) in ["train/a/1", "train/a/2", "train/b/1", "test/a/1", "test/b/1"].iter().enumerate() {
        let path = root.join(format!("{name}.png"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let draw = |x: u32, y: u32| Rgb([(x * 9) as u8, (y * 11) as u8, index as u8]);
        RgbImage::from_fn(20 + index as u32, 12, draw).save(path).unwrap();
    }
    let source = Source::Folder {
        exclude: Vec::new(),
        root: root.to_owned(),
        unreadable: Unreadable::Refuse,
        holdout: None,
        background: WHITE,
        levels: None,
    };
    opened(source).unwrap()
}

fn opened(source: Source) -> Result<Splits, String> {
    open(&Spec { source, subset: None, seed: 0, channels: 3 }, Path::new("unused"))
        .map_err(|error| error.to_string())
}

/// A packed folder.
fn packed(place: &Path, short: Option<usize>) -> (Splits, PathBuf) {
    let splits = folder(&place.join("images"));
    let out = place.join("all.pack");
    let mut heard = Vec::new();
    let packing = Packing { short, holdout: None };
    let mut hear = |done, total| {
        heard.push((done, total));
        ControlFlow::Continue(())
    };
    let summary = pack(&splits, packing, &out, &mut hear).unwrap();
    assert_eq!((summary.train, summary.test, heard), (3, 2, vec![(3, 5), (5, 5)]));
    assert_eq!(summary.bytes, fs::metadata(&out).unwrap().len());
    (splits, out)
}

fn pixels(images: &dyn Dataset, index: usize) -> ((usize, usize), Vec<u8>) {
    let mut buffer = Vec::new();
    let image = images.image(index, &mut buffer).unwrap();
    assert_eq!(image.size(), images.size(index).unwrap());
    (image.size(), image.pixels.to_vec())
}

#[test]
fn a_pack_gives_the_folders_images_and_labels() {
    let place = tempfile::tempdir().unwrap();
    let (before, out) = packed(place.path(), None);
    let after = opened(Source::Pack(out)).unwrap();
    let (before_train, after_train) = (before.train.labelled().unwrap(), after.train.labelled().unwrap());
    for (before, after) in [(before_train, after_train), (before.test.unwrap(), after.test.unwrap())] {
        assert_eq!(before.class_names(), after.class_names());
        assert_eq!(before.labels(), after.labels());
        for index in 0..before.len() {
            assert_eq!(pixels(&*before, index), pixels(&*after, index));
        }
    }
}

#[test]
fn larger_images_are_made_smaller_once() {
    let place = tempfile::tempdir().unwrap();
    let (_, out) = packed(place.path(), Some(6));
    let images = opened(Source::Pack(out)).unwrap().train.images();
    assert_eq!((images.size(0).unwrap(), images.size(2).unwrap()), ((10, 6), (11, 6)));
    // Red rises by 9 a pixel to the right: by 18 once two are one.
    let ((width, _), bytes) = pixels(&*images, 0);
    let red: Vec<u8> = bytes.chunks_exact(3).take(width).map(|pixel| pixel[0]).collect();
    assert!(red[1..9].windows(2).all(|pair| (17..=19).contains(&(pair[1] - pair[0]))), "{red:?}");
}

#[test]
fn every_damaged_byte_is_noticed_and_named() {
    let place = tempfile::tempdir().unwrap();
    let (_, out) = packed(place.path(), None);
    let whole = fs::read(&out).unwrap();
    for place in (0..whole.len()).step_by(7) {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x10;
        fs::write(&out, damaged).unwrap();
        let said = match opened(Source::Pack(out.clone())) {
            Err(said) => said,
            Ok(splits) => {
                let test = splits.test.unwrap();
                let read = |images: &dyn Dataset| {
                    (0..images.len()).find_map(|index| images.image(index, &mut Vec::new()).err())
                };
                read(&*splits.train.images()).or_else(|| read(&*test)).expect("a damaged byte").to_string()
            }
        };
        assert!(said.contains("all.pack") && said.contains("make"), "byte {place}: {said}");
    }
}

#[test]
fn a_pack_that_is_cut_short_or_none_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let (_, out) = packed(place.path(), None);
    let whole = fs::read(&out).unwrap();
    for length in [0, 20, 60, whole.len() / 2, whole.len() - 1] {
        fs::write(&out, &whole[..length]).unwrap();
        let said = opened(Source::Pack(out.clone())).map(|_| ()).unwrap_err();
        let expected = if length < 48 { "too short" } else { "cut short" };
        assert!(said.contains(expected), "{length}: {said}");
    }
    fs::write(&out, [b'x'; 100]).unwrap();
    assert!(opened(Source::Pack(out)).map(|_| ()).unwrap_err().contains("this is no pack"));
}

/// Images of which the second cannot be read.
struct Broken;

impl Dataset for Broken {
    fn len(&self) -> usize {
        2
    }

    fn size(&self, _index: usize) -> Result<(usize, usize), DataError> {
        Ok((1, 1))
    }

    fn image<'a>(&'a self, index: usize, buffer: &'a mut Vec<u8>) -> Result<ImageRef<'a>, DataError> {
        if index == 1 {
            return Err(DataError::Format { path: "broken".into(), reason: "the second image".into() });
        }
        buffer.resize(3, 0);
        Ok(ImageRef::new(1, 1, buffer))
    }
}

#[test]
fn a_failed_packing_leaves_the_earlier_file() {
    let place = tempfile::tempdir().unwrap();
    let (_, out) = packed(place.path(), None);
    let before = fs::read(&out).unwrap();
    let broken = Splits {
        train: Split::Unlabelled(Arc::new(Broken)),
        test: None,
        captioned: None,
        notes: Vec::new(),
        skipped: Vec::new(),
    };
    let mut on = |_, _| ControlFlow::Continue(());
    let said = pack(&broken, Packing::default(), &out, &mut on).unwrap_err().to_string();
    assert!(said.contains("the second image"), "{said}");
    assert_eq!(fs::read(&out).unwrap(), before);
    assert!(
        pack(&folder(&place.path().join("images")), Packing::default(), place.path(), &mut on).is_err(),
        "a folder"
    );
    let left: Vec<_> = fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn a_stopped_packing_leaves_the_earlier_file_and_a_killed_ones_part_is_removed() {
    let place = tempfile::tempdir().unwrap();
    let (splits, out) = packed(place.path(), None);
    let before = fs::read(&out).unwrap();
    let said = pack(&splits, Packing::default(), &out, &mut |_, _| ControlFlow::Break(())).unwrap_err();
    assert!(matches!(said, DataError::Interrupted(_)), "{said}");
    assert_eq!(fs::read(&out).unwrap(), before);
    assert!(!remove_unfinished(&out).unwrap(), "the stopped one left something");
    fs::write(place.path().join(".all.pack.part"), "half").unwrap();
    assert!(remove_unfinished(&out).unwrap());
    assert!(is_pack(&out).unwrap() && !is_pack(&place.path().join("images/train/a/1.png")).unwrap());
}

#[test]
fn a_pack_that_is_not_there_or_a_folder_says_what_to_do() {
    let place = tempfile::tempdir().unwrap();
    let said = |path: PathBuf| opened(Source::Pack(path)).map(|_| ()).unwrap_err();
    let missing = said(place.path().join("no.pack"));
    assert!(
        missing.contains("there is no such pack; make it with: cargo xtask run -- pack FOLDER"),
        "{missing}"
    );
    let folder = said(place.path().to_owned());
    assert!(folder.contains("this is a folder, no pack; name the file"), "{folder}");
}

#[test]
fn the_advice_about_a_damaged_image_repeats_how_the_pack_was_made() {
    let place = tempfile::tempdir().unwrap();
    let splits = folder(&place.path().join("images"));
    let out = place.path().join("all.pack");
    let packing = Packing { short: Some(6), holdout: Some(0.25) };
    pack(&splits, packing, &out, &mut |_, _| ControlFlow::Continue(())).unwrap();
    let mut damaged = fs::read(&out).unwrap();
    damaged[50] ^= 1;
    fs::write(&out, damaged).unwrap();
    let images = opened(Source::Pack(out)).unwrap().train.images();
    let said = images.image(0, &mut Vec::new()).unwrap_err().to_string();
    assert!(said.ends_with("all.pack --short 6 --holdout 0.25"), "{said}");
}

#[test]
fn field_packs_whose_names_are_no_utf_8_do_not_share_what_is_unfinished() {
    let place = tempfile::tempdir().unwrap();
    let out = |name: &[u8]| place.path().join(OsStr::from_bytes(name));
    let outs = [out(b"caf\xe8"), out(b"caf\xe9"), out(b"\xff")];
    let parts = [out(b".caf\xe8.part"), out(b".caf\xe9.part"), out(b".\xff.part")];
    for part in &parts {
        fs::write(part, "half").unwrap();
    }
    for (number, out) in outs.iter().enumerate() {
        assert!(remove_unfinished(out).unwrap());
        assert_eq!(parts.iter().filter(|part| part.exists()).count(), 2 - number);
    }
}
