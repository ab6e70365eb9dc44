//! Images of one to four channels, from folders, packs and drawn shapes.

use image::{Rgba, RgbaImage};
use kontrast_data::{Levels, Packing, Source, Spec, Splits, Unreadable, WHITE, luminance, open, pack};
use sha2::{Digest, Sha256};
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

fn opened(source: Source, channels: usize) -> Result<Splits, String> {
    let spec = Spec { source, subset: None, seed: 0, channels };
    open(&spec, Path::new("unused")).map_err(|error| error.to_string())
}

/// A folder with one picture of two pixels: one of colour, and one that is erased.
fn folder(place: &Path) -> Source {
    let root = place.join("images");
    fs::create_dir_all(&root).unwrap();
    let pixel = |x, _| if x == 0 { Rgba([200, 100, 50, 255]) } else { Rgba([9, 9, 9, 0]) };
    RgbaImage::from_fn(2, 1, pixel).save(root.join("1.png")).unwrap();
    Source::Folder {
        exclude: Vec::new(),
        root,
        unreadable: Unreadable::Refuse,
        holdout: None,
        background: WHITE,
        levels: None,
    }
}

fn first(splits: &Splits) -> Vec<u8> {
    splits.train.images().image(0, &mut Vec::new()).unwrap().pixels.to_vec()
}

fn packed(place: &Path, channels: usize) -> PathBuf {
    let out = place.join(format!("{channels}.pack"));
    let splits = opened(folder(place), channels).unwrap();
    pack(&splits, Packing::default(), &out, &mut |_, _| ControlFlow::Continue(())).unwrap();
    out
}

#[test]
fn a_folder_gives_the_channels_that_are_asked_for_and_a_pack_keeps_them() {
    let place = tempfile::tempdir().unwrap();
    let gray = luminance([200, 100, 50]);
    let expected: [&[u8]; 4] =
        [&[gray, 255], &[gray, 255, 9, 0], &[200, 100, 50, 255, 255, 255], &[200, 100, 50, 255, 9, 9, 9, 0]];
    for (channels, expected) in (1..).zip(expected) {
        let splits = opened(folder(place.path()), channels).unwrap();
        assert_eq!(first(&splits), expected);
        assert_eq!(splits.notes.len(), channels % 2, "only what is laid over a background is told");
        let pack = Source::Pack(packed(place.path(), channels));
        assert_eq!(first(&opened(pack, channels).unwrap()), expected);
    }
}

#[test]
fn a_pack_is_converted_but_for_alpha_that_nobody_wants() {
    let place = tempfile::tempdir().unwrap();
    let rgb = packed(place.path(), 3);
    let gray = luminance([200, 100, 50]);
    assert_eq!(first(&opened(Source::Pack(rgb.clone()), 1).unwrap()), [gray, 255]);
    assert_eq!(first(&opened(Source::Pack(rgb), 2).unwrap()), [gray, 255, 255, 255]);
    let said = opened(Source::Pack(packed(place.path(), 4)), 3).err().unwrap();
    assert!(
        said.contains("have 4 channels, alpha among them, and 3 without are wanted; give data.mean"),
        "{said}"
    );
    assert!(said.ends_with("or pack the folder again with --channels 3"), "{said}");
}

#[test]
fn a_pack_that_does_not_say_its_channels_has_three() {
    let place = tempfile::tempdir().unwrap();
    let path = packed(place.path(), 3);
    let mut bytes = fs::read(&path).unwrap();
    let length = u64::from_le_bytes(bytes[8..16].try_into().unwrap()) as usize;
    let table = String::from_utf8(bytes.split_off(bytes.len() - length)).unwrap();
    let earlier = table.replace("\"channels\":3,", "");
    assert!(earlier.len() < table.len());
    bytes[8..16].copy_from_slice(&(earlier.len() as u64).to_le_bytes());
    bytes[16..48].copy_from_slice(&Sha256::digest(&earlier));
    bytes.extend(earlier.as_bytes());
    fs::write(&path, bytes).unwrap();
    assert_eq!(first(&opened(Source::Pack(path), 3).unwrap()), [200, 100, 50, 255, 255, 255]);
}

#[test]
fn drawn_shapes_are_gray_where_one_channel_is_asked_for() {
    let shapes = Source::Synthetic { train: 6, test: 2, classes: 2, size: 8 };
    let [gray, rgb] = [1, 3].map(|channels| opened(shapes.clone(), channels).unwrap());
    let expected: Vec<u8> = first(&rgb).as_chunks().0.iter().map(|&colour| luminance(colour)).collect();
    assert_eq!(first(&gray), expected);
    let (gray, rgb) = (gray.train.labelled().unwrap(), rgb.train.labelled().unwrap());
    assert_eq!((gray.labels(), gray.class_names()), (rgb.labels(), rgb.class_names()));
}

/// A gray image of 16 bits.
fn words(folder: &Path, name: &str) {
    let words =
        image::ImageBuffer::from_fn(4, 1, |x, _| image::Luma([[0_u16, 1000, 1500, 60_000][x as usize]]));
    words.save(folder.join(name)).unwrap();
}

#[test]
fn field_gray_images_of_16_bits_have_windows_and_percentiles() {
    let folder = tempfile::tempdir().unwrap();
    words(folder.path(), "a.png");
    words(folder.path(), "b.tiff");
    let pixels = |levels: Levels, channels| -> Vec<Vec<u8>> {
        let (root, unreadable) = (folder.path().to_owned(), Unreadable::Refuse);
        let (exclude, levels) = (Vec::new(), Some(levels));
        let source = Source::Folder { root, exclude, unreadable, holdout: None, background: WHITE, levels };
        let spec = Spec { source, subset: None, seed: 0, channels };
        let images =
            open(&spec, Path::new("unused")).map_err(|error| error.to_string()).unwrap().train.images();
        (0..2).map(|index| images.image(index, &mut Vec::new()).unwrap().pixels.to_vec()).collect()
    };
    let window = Levels::windows(&[[1000.0, 2000.0]]);
    assert_eq!(pixels(window, 1), [[0, 128, 191, 255], [0, 128, 191, 255]]);
    assert_eq!(pixels(window, 3)[0][3..9], [128, 128, 128, 191, 191, 191]);
    let three = Levels::windows(&[[1000.0, 2000.0], [1500.0, 10.0], [30_000.0, 60_000.0]]);
    assert_eq!(pixels(three, 3)[1][6..], [191, 128, 6, 255, 255, 255]);
    assert_eq!(pixels(Levels::percentiles(&[[0.0, 100.0]]), 1)[0], [0, 4, 6, 255]);
}
