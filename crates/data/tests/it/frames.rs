//! Folders of frames: layouts, the order of frames, animations, what is refused, what is skipped.

use std::fs::{self, File};
use std::path::Path;

use image::codecs::gif::GifEncoder;
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, Frame, Rgb, RgbImage, Rgba, RgbaImage};
use kontrast_data::{Dataset, Paired, Partners, Source, Spec, Splits, Unreadable, WHITE, open};

/// Writes images of one colour each, whose red is their place in the list.
fn folder(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (level, name) in names.iter().enumerate() {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        RgbImage::from_pixel(6, 4, Rgb([level as u8, 0, 255])).save(path).unwrap();
    }
    folder
}

/// An animation of one colour a frame, whose red is `first`, `first + 1`, ...
fn gif(folder: &Path, name: &str, first: u8, frames: u8) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let frame = |level| Frame::new(RgbaImage::from_pixel(5, 3, Rgba([level, 0, 0, 255])));
    let mut encoder = GifEncoder::new(File::create(path).unwrap());
    encoder.encode_frames((first..first + frames).map(frame)).unwrap();
}

fn opened(root: &Path, unreadable: Unreadable, holdout: Option<f64>) -> Result<Splits, String> {
    let source =
        Source::Frames { root: root.to_owned(), unreadable, holdout, background: WHITE, levels: None };
    open(&Spec { source, subset: None, seed: 0, channels: 3 }, Path::new("unused"))
        .map_err(|error| error.to_string())
}

fn read(root: &Path) -> Splits {
    opened(root, Unreadable::Refuse, None).unwrap()
}

fn refused(root: &Path) -> String {
    opened(root, Unreadable::Refuse, None).map(|_| ()).unwrap_err()
}

/// The first byte of every image.
fn levels(images: &dyn Dataset) -> Vec<u8> {
    (0..images.len()).map(|index| images.image(index, &mut Vec::new()).unwrap().pixels[0]).collect()
}

fn groups(images: &dyn Dataset) -> Vec<u64> {
    (0..images.len()).map(|index| images.group(index)).collect()
}

fn names(images: &dyn Dataset) -> Vec<String> {
    (0..images.len()).filter_map(|index| images.name(index)).collect()
}

#[test]
fn a_folder_is_a_clip_whose_frames_are_in_natural_order() {
    let folder =
        folder(&["b/frame10.png", "b/frame2.png", "a10/x.png", "a2/y.png", "a2/x.png", "b/frame1.png"]);
    let splits = read(folder.path());
    assert!(splits.train.labelled().is_none() && splits.test.is_none());
    let images = splits.train.images();
    assert_eq!(
        names(&*images),
        ["a2/x.png", "a2/y.png", "a10/x.png", "b/frame1.png", "b/frame2.png", "b/frame10.png"]
    );
    assert_eq!((levels(&*images), groups(&*images)), (vec![4, 3, 2, 5, 1, 0], vec![0, 0, 1, 2, 2, 2]));
    assert_eq!(
        (images.path(0).unwrap(), images.size(0).unwrap()),
        (&*folder.path().join("a2/x.png"), (6, 4))
    );
    let [note] = &splits.notes[..] else { panic!("{:?}", splits.notes) };
    assert!(note.ends_with(": 1 clip has one frame only, which has no other to be paired with: a10/x.png"));
}

#[test]
fn a_folder_of_clips_is_a_class() {
    let folder =
        folder(&["run/2/1.png", "run/1/1.png", "run/1/2.png", "jump/1/1.png", "jump/1/2.png", "run/2/2.png"]);
    let splits = read(folder.path());
    let images = splits.train.labelled().unwrap();
    assert_eq!(images.class_names(), ["jump", "run"]);
    assert_eq!((images.labels(), groups(&*images)), (vec![0, 0, 1, 1, 1, 1], vec![0, 0, 1, 1, 2, 2]));
    assert_eq!(levels(&*images), [3, 4, 1, 2, 0, 5]);
    assert!(splits.notes.is_empty(), "{:?}", splits.notes);
}

#[test]
fn train_and_test_hold_clips_with_classes_whose_groups_differ() {
    let folder = folder(&[
        "Train/run/1/1.png",
        "Train/run/1/2.png",
        "Train/sit/1/1.png",
        "Train/sit/1/2.png",
        "val/sit/1/1.png",
        "val/sit/1/2.png",
        "other/1.png",
    ]);
    let splits = read(folder.path());
    let (train, test) = (splits.train.labelled().unwrap(), splits.test.unwrap());
    assert_eq!((train.labels(), groups(&*train)), (vec![0, 0, 1, 1], vec![0, 0, 1, 1]));
    assert_eq!((test.labels(), groups(&*test), test.class_names().len()), (vec![1, 1], vec![2, 2], 2));
    let [note] = &splits.notes[..] else { panic!("{:?}", splits.notes) };
    assert!(note.ends_with("1 image is left out: 1 in other, beside Train"), "{note}");
    let said = opened(folder.path(), Unreadable::Refuse, Some(0.5)).err().unwrap();
    assert!(
        said.contains("data.holdout = 0.5 cannot be used, since there is a test split already"),
        "{said}"
    );
    fs::rename(folder.path().join("val/sit"), folder.path().join("val/fly")).unwrap();
    let said = refused(folder.path());
    assert!(said.ends_with(
        "the class fly has test clips, but no training clips; give it some, or remove its test clips"
    ));
}

#[test]
fn test_clips_have_no_use_beside_clips_without_classes() {
    let folder = folder(&["train/1/1.png", "train/1/2.png", "test/1/1.png"]);
    let splits = read(folder.path());
    assert!(splits.train.labelled().is_none() && splits.test.is_none());
    assert!(splits.notes[0].contains("1 test images are not used"), "{:?}", splits.notes);
    fs::create_dir(folder.path().join("train/run")).unwrap();
    fs::rename(folder.path().join("train/1"), folder.path().join("train/run/1")).unwrap();
    let said = refused(folder.path());
    assert!(said.ends_with("the test clips have no classes; give each class a folder"), "{said}");
}

#[test]
fn a_holdout_keeps_clips_whole() {
    let names: Vec<String> =
        (0..40).map(|image| format!("{}/{}/{image}.png", image / 20, image / 4)).collect();
    let folder = folder(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let splits = opened(folder.path(), Unreadable::Refuse, Some(0.4)).unwrap();
    let (train, test) = (splits.train.images(), splits.test.unwrap());
    assert_eq!((train.len(), test.len()), (24, 16));
    assert!(groups(&*test).iter().all(|group| !groups(&*train).contains(group)));
    let pairs = Paired::new(train, Partners::Within(1)).unwrap();
    assert_eq!(pairs.alone(), 0);
}

#[test]
fn an_animation_is_a_clip_beside_folders_and_in_the_folder_of_a_class() {
    let folder = folder(&["clip2/1.png", "clip2/2.png"]);
    gif(folder.path(), "clip10.gif", 10, 3);
    gif(folder.path(), "clip1.GIF", 20, 2);
    let images = read(folder.path()).train.images();
    assert_eq!(
        names(&*images),
        [
            "clip1.GIF#1",
            "clip1.GIF#2",
            "clip2/1.png",
            "clip2/2.png",
            "clip10.gif#1",
            "clip10.gif#2",
            "clip10.gif#3"
        ]
    );
    assert_eq!(levels(&*images), [20, 21, 0, 1, 10, 11, 12]);
    assert_eq!(groups(&*images), [0, 0, 1, 1, 2, 2, 2]);
    assert_eq!((images.path(0), images.size(0).unwrap()), (None, (5, 3)));
    let classes = tempfile::tempdir().unwrap();
    gif(classes.path(), "sit/1.gif", 10, 2);
    gif(classes.path(), "run/1.gif", 20, 2);
    let images = read(classes.path()).train.labelled().unwrap();
    assert_eq!((images.class_names().join(" "), images.labels()), ("run sit".to_owned(), vec![0, 0, 1, 1]));
    assert_eq!(levels(&*images), [20, 21, 10, 11]);
}

/// An animation of 4 by 2 pixels: red; a green pixel on it that is taken away again; a blue pixel, half transparent.
fn apng(path: &Path) {
    let mut encoder = png::Encoder::new(File::create(path).unwrap(), 4, 2);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_animated(3, 0).unwrap();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&[200, 0, 0, 255].repeat(8)).unwrap();
    writer.set_frame_dimension(1, 1).unwrap();
    writer.set_frame_position(1, 0).unwrap();
    writer.set_dispose_op(png::DisposeOp::Previous).unwrap();
    writer.write_image_data(&[0, 200, 0, 255]).unwrap();
    writer.set_frame_position(2, 1).unwrap();
    writer.set_blend_op(png::BlendOp::Source).unwrap();
    writer.write_image_data(&[0, 0, 255, 51]).unwrap();
    writer.finish().unwrap();
}

#[test]
fn frames_of_an_apng_are_composed_and_laid_over_the_background() {
    let folder = tempfile::tempdir().unwrap();
    apng(&folder.path().join("clip.png"));
    let splits = read(folder.path());
    let images = splits.train.images();
    let pixel = |index: usize, place: usize| -> [u8; 3] {
        images.image(index, &mut Vec::new()).unwrap().pixels.as_chunks().0[place]
    };
    assert_eq!((images.len(), images.size(1).unwrap()), (3, (4, 2)));
    assert!((0..8).all(|place| pixel(0, place) == [200, 0, 0]));
    assert_eq!([pixel(1, 0), pixel(1, 1), pixel(1, 6)], [[200, 0, 0], [0, 200, 0], [200, 0, 0]]);
    assert_eq!([pixel(2, 1), pixel(2, 6)], [[200, 0, 0], [204, 204, 255]]);
    assert!(splits.notes.iter().any(|note| note.starts_with("1 image is transparent in places")));
}

/// A WebP animation of these still images of one size (RFC 9649, section 2.7).
fn webp(path: &Path, frames: &[RgbImage]) {
    let chunk = |name: &[u8], content: &[u8]| {
        let odd = vec![0; content.len() % 2];
        [name, &(content.len() as u32).to_le_bytes(), content, &odd].concat()
    };
    let three = |number: u32| number.to_le_bytes()[..3].to_vec();
    let size = [three(frames[0].width() - 1), three(frames[0].height() - 1)].concat();
    let mut body = b"WEBP".to_vec();
    body.extend(chunk(b"VP8X", &[&[2, 0, 0, 0], &size[..]].concat()));
    body.extend(chunk(b"ANIM", &[255, 255, 255, 255, 0, 0]));
    for frame in frames {
        let mut still = Vec::new();
        let encoder = WebPEncoder::new_lossless(&mut still);
        encoder.encode(frame, frame.width(), frame.height(), ExtendedColorType::Rgb8).unwrap();
        body.extend(chunk(b"ANMF", &[&[0; 6], &size[..], &three(40), &[2], &still[12..]].concat()));
    }
    fs::write(path, chunk(b"RIFF", &body)).unwrap();
}

#[test]
fn an_animated_webp_is_a_clip_and_a_still_one_a_frame() {
    let folder = folder(&["still/1.webp", "still/2.webp"]);
    let frames: Vec<_> = (30..34).map(|level| RgbImage::from_pixel(7, 5, Rgb([level, 1, 2]))).collect();
    webp(&folder.path().join("clip.webp"), &frames);
    let images = read(folder.path()).train.images();
    assert_eq!((levels(&*images), groups(&*images)), (vec![30, 31, 32, 33, 0, 1], vec![0, 0, 0, 0, 1, 1]));
    assert_eq!(images.size(0).unwrap(), (7, 5));
}

#[test]
fn clips_of_two_depths_are_refused_with_an_example_of_each() {
    let mixed = folder(&["a/1.png", "b/c/1.png", "b/c/2.png"]);
    let said = refused(mixed.path());
    assert!(
        said.contains("in folders of classes, such as b/c/1.png, and clips without a class, such as a/1.png")
    );
    assert!(said.contains("expected CLIP/frame.png for every frame, or CLASS/CLIP/frame.png"), "{said}");
    let skipping = opened(mixed.path(), Unreadable::Skip, None).err().unwrap();
    assert_eq!(skipping, said, "which of the two is meant is not for the program to say");
    let deep = folder(&["a/b/c/1.png", "a/b/1.png"]);
    assert!(
        refused(deep.path()).contains("found the image a/b/c/1.png in 3 folders; expected CLIP/frame.png")
    );
    gif(mixed.path(), "b/c/moves.gif", 0, 2);
    assert!(refused(mixed.path()).contains("found the animation b/c/moves.gif in 2 folders; "));
    let flat = folder(&["1.png", "2.png"]);
    let said = refused(flat.path());
    assert!(
        said.contains("found 2 images side by side, which are no clips (data.name = \"folder\" reads such)")
    );
}

#[test]
fn a_still_image_in_the_place_of_a_clip_is_named_or_skipped() {
    let folder = folder(&["run/1/1.png", "run/1/2.png", "run/cover.png", "run/still.gif", "about.png"]);
    let said = refused(folder.path());
    let found = "3 images of one frame lie where clips are expected: about.png, run/cover.png, run/still.gif";
    assert!(
        said.contains(found) && said.contains("or set data.unreadable = \"skip\"; expected CLIP"),
        "{said}"
    );
    let splits = opened(folder.path(), Unreadable::Skip, None).unwrap();
    assert_eq!(levels(&*splits.train.images()), [0, 1]);
    assert!(splits.notes.iter().any(|note| note.contains(found)), "{:?}", splits.notes);
}

#[test]
fn what_cannot_be_decoded_is_refused_or_skipped_with_its_clip_known() {
    let folder = folder(&["a/1.png", "a/2.png", "a/3.png", "b/1.png", "c/1.png", "c/2.png"]);
    fs::write(folder.path().join("a/2.png"), "no image").unwrap();
    fs::write(folder.path().join("b/1.png"), "no image").unwrap();
    gif(folder.path(), "d.gif", 40, 3);
    gif(folder.path(), "e.gif", 50, 3);
    let whole = fs::read(folder.path().join("d.gif")).unwrap();
    fs::write(folder.path().join("d.gif"), &whole[..whole.len() - 6]).unwrap();
    let said = refused(folder.path());
    assert!(
        said.starts_with("1 of 2 animations cannot be read: ") || said.starts_with("1 of 2 images"),
        "{said}"
    );
    assert!(said.contains("d.gif: frame 3: "), "{said}");
    let splits = opened(folder.path(), Unreadable::Skip, None).unwrap();
    let images = splits.train.images();
    assert_eq!(levels(&*images), [0, 2, 4, 5, 50, 51, 52]);
    assert_eq!(groups(&*images), [0, 0, 2, 2, 4, 4, 4]);
    assert_eq!(splits.skipped.len(), 3);
    fs::remove_file(folder.path().join("e.gif")).unwrap();
    let images = opened(folder.path(), Unreadable::Skip, None).unwrap().train.images();
    assert_eq!(levels(&*images), [0, 2, 4, 5], "the only animation is skipped");
    for clip in ["a", "c"] {
        fs::remove_dir_all(folder.path().join(clip)).unwrap();
    }
    let said = opened(folder.path(), Unreadable::Skip, None).err().unwrap();
    assert!(said.contains("expected images, found 2 files of which none can be read: "), "{said}");
}

#[test]
fn clips_in_an_archive_are_read_as_in_a_folder() {
    let folder = folder(&["frames/b/1.png", "frames/a/10.png", "frames/a/9.png"]);
    gif(folder.path(), "frames/c.gif", 7, 2);
    let path = folder.path().join("frames.tar");
    let mut archive = tar::Builder::new(File::create(&path).unwrap());
    archive.append_dir_all("frames", folder.path().join("frames")).unwrap();
    archive.finish().unwrap();
    let images = read(&path).train.images();
    assert_eq!((levels(&*images), groups(&*images)), (vec![2, 1, 0, 7, 8], vec![0, 0, 1, 2, 2]));
}
