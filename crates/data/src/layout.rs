//! Finds the images of a folder, and their classes where there are some.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::DataError;

/// Endings of images that are not read.
const OTHERS: [&str; 11] = ["webp", "gif", "bmp", "tif", "tiff", "heic", "heif", "avif", "jp2", "jxl", "ppm"];

/// What lies in a folder of images.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) train: Files,
    pub(crate) test: Option<Files>,
    pub(crate) notes: Vec<String>,
}

/// Image files, in the order of their names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Files {
    /// Side by side, without classes.
    Flat(Vec<PathBuf>),
    /// One folder a class.
    Classes(Vec<(String, Vec<PathBuf>)>),
}

impl Layout {
    /// Looks for `root/train` with `root/test` or `root/val`; without `train` the images are `root`'s own.
    pub(crate) fn find(root: &Path) -> Result<Self, DataError> {
        if !root.is_dir() {
            let here = std::env::current_dir().unwrap_or_default();
            return Err(DataError::NoFolder { folder: root.to_owned(), here });
        }
        let mut left = LeftOut::default();
        let train = root.join("train");
        let (train, test) = if train.is_dir() {
            let test = ["test", "val"].map(|name| root.join(name)).into_iter().find(|folder| folder.is_dir());
            let test = test.map(|folder| files(&folder, &mut left)).transpose()?;
            (files(&train, &mut left)?, test)
        } else {
            (files(root, &mut left)?, None)
        };
        Ok(Self { train, test, notes: left.note(root).into_iter().chain(left.empty).collect() })
    }
}

/// What lies in a folder and is not trained on.
#[derive(Default)]
struct LeftOut {
    /// Images beside the classes.
    beside: usize,
    /// Images of formats that are not read, by their endings.
    others: BTreeMap<String, usize>,
    /// Pipes, sockets and devices that have an image's name.
    special: usize,
    /// A sentence for each folder whose parts are no classes.
    empty: Vec<String>,
}

impl LeftOut {
    /// How many files, and why, in one sentence.
    fn note(&self, root: &Path) -> Option<String> {
        let formats: usize = self.others.values().sum();
        let beside = (self.beside > 0).then(|| format!("{} beside the classes, without one", self.beside));
        let listed = self.listed();
        let formats_said =
            (formats > 0).then(|| format!("{listed}, where only .jpg, .jpeg and .png are read"));
        let special = (self.special > 0).then(|| format!("{} no regular file", self.special));
        let why: Vec<_> = beside.into_iter().chain(formats_said).chain(special).collect();
        let count = match self.beside + formats + self.special {
            0 => return None,
            1 => "1 image is".to_owned(),
            many => format!("{many} images are"),
        };
        Some(format!("{}: {count} left out: {}", root.display(), why.join("; ")))
    }

    fn listed(&self) -> String {
        let each = self.others.iter().map(|(ending, count)| format!("{count} .{ending}"));
        each.collect::<Vec<_>>().join(", ")
    }
}

/// The folders of `folder` as classes where one of them holds an image, else its own images.
fn files(folder: &Path, left: &mut LeftOut) -> Result<Files, DataError> {
    let mut classes = Vec::new();
    let mut flat = Vec::new();
    let mut empty = Vec::new();
    for path in entries(folder)? {
        if path.is_dir() {
            let mut images = Vec::new();
            collect(&path, &mut images, left)?;
            let name = name(&path);
            if images.is_empty() { empty.push(name) } else { classes.push((name, images)) }
        } else if is_image(&path) {
            push_regular(path, &mut flat, left);
        } else {
            note_format(&path, left);
        }
    }
    if classes.is_empty() {
        if !flat.is_empty() {
            return Ok(Files::Flat(flat));
        }
        let others = left.listed();
        let others = if others.is_empty() { others } else { format!(", but {others}") };
        return Err(DataError::EmptyFolder { folder: folder.to_owned(), others });
    }
    if !empty.is_empty() {
        let (place, empty) = (folder.display(), empty.join(", "));
        left.empty.push(format!("{place}: no images in {empty}, which is no class therefore"));
    }
    left.beside += flat.len();
    Ok(Files::Classes(classes))
}

/// All images below a folder. Links to folders are not followed, so that a circle of them ends.
fn collect(folder: &Path, images: &mut Vec<PathBuf>, left: &mut LeftOut) -> Result<(), DataError> {
    for path in entries(folder)? {
        if path.is_dir() {
            if !path.is_symlink() {
                collect(&path, images, left)?;
            }
        } else if is_image(&path) {
            push_regular(path, images, left);
        } else {
            note_format(&path, left);
        }
    }
    Ok(())
}

/// Takes a file; a link to nothing too, which is then named as an image that cannot be read. Pipes and the like are counted.
fn push_regular(path: PathBuf, images: &mut Vec<PathBuf>, left: &mut LeftOut) {
    if fs::metadata(&path).is_ok_and(|found| !found.is_file()) {
        left.special += 1;
    } else {
        images.push(path);
    }
}

/// What lies in a folder, by name, without hidden files.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let list = fs::read_dir(folder).and_then(|list| list.map(|entry| Ok(entry?.path())).collect());
    let mut list: Vec<PathBuf> = list.map_err(DataError::io(folder))?;
    list.retain(|path| !name(path).starts_with('.'));
    list.sort();
    Ok(list)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn is_image(path: &Path) -> bool {
    ["jpg", "jpeg", "png"].contains(&&*ending(path))
}

/// Counts what is an image all the same.
fn note_format(path: &Path, left: &mut LeftOut) {
    let ending = ending(path);
    if OTHERS.contains(&&*ending) {
        *left.others.entry(ending).or_default() += 1;
    }
}

fn ending(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Files, Layout};

    /// A folder with these files, all empty.
    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        folder
    }

    fn classes(files: &Files) -> Vec<(&str, usize)> {
        let Files::Classes(classes) = files else { panic!("no classes") };
        classes.iter().map(|(name, images)| (name.as_str(), images.len())).collect()
    }

    #[test]
    fn train_and_val_are_splits_of_classes() {
        let folder = folder(&["train/cat/1.png", "train/cat/old/2.JPEG", "train/dog/1.jpg", "val/cat/7.png"]);
        let layout = Layout::find(folder.path()).unwrap();
        assert_eq!(classes(&layout.train), [("cat", 2), ("dog", 1)]);
        assert_eq!(classes(layout.test.as_ref().unwrap()), [("cat", 1)]);
    }

    #[test]
    fn what_is_no_class_and_no_image_is_told_or_passed_over() {
        let folder = folder(&["cat/1.png", "dog/readme.txt", "loose.png", ".hidden/1.png", "notes.txt"]);
        let layout = Layout::find(folder.path()).unwrap();
        assert_eq!(classes(&layout.train), [("cat", 1)]);
        assert!(layout.notes[0].ends_with(": 1 image is left out: 1 beside the classes, without one"));
        assert!(layout.notes[1].ends_with("no images in dog, which is no class therefore"));
        assert_eq!(layout.notes.len(), 2);
    }

    #[test]
    fn images_of_other_formats_are_counted_in_one_note() {
        let names =
            ["train/cat/1.png", "train/cat/2.WebP", "train/cat/b/3.webp", "train/4.bmp", "train/5.png"];
        let folder = folder(&[&names[..], &["test/cat/1.png", "test/cat/2.gif"]].concat());
        let [note] = &Layout::find(folder.path()).unwrap().notes[..] else { panic!("one note") };
        let expected = ": 5 images are left out: 1 beside the classes, without one; 1 .bmp, 1 .gif, 2 .webp, where only \
                        .jpg, .jpeg and .png are read";
        assert!(note.ends_with(expected), "{note}");
    }

    #[test]
    fn a_folder_of_other_formats_alone_says_which() {
        let said = Layout::find(folder(&["1.webp", "2.webp"]).path()).unwrap_err().to_string();
        assert!(said.contains(": no images found, but 2 .webp; expected .jpg"), "{said}");
    }

    #[test]
    fn images_side_by_side_have_no_classes() {
        let folder = folder(&["b.png", "a.jpg"]);
        let expected = Files::Flat(vec![folder.path().join("a.jpg"), folder.path().join("b.png")]);
        assert_eq!(Layout::find(folder.path()).unwrap().train, expected);
    }

    #[test]
    fn a_folder_without_images_is_named() {
        let folder = folder(&["readme.txt"]);
        let said = Layout::find(folder.path()).unwrap_err().to_string();
        assert!(said.starts_with(&format!("{}: no images found", folder.path().display())), "{said}");
    }
}
