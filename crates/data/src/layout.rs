//! Finds the images of a folder, and their classes where there are some.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::DataError;

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
            let reason = format!(
                "data.root names no folder that is there; a relative path begins in the folder in which the command \
                 runs, {}",
                here.display()
            );
            return Err(DataError::Layout { folder: root.to_owned(), reason });
        }
        let mut notes = Vec::new();
        let train = root.join("train");
        if !train.is_dir() {
            return Ok(Self { train: files(root, &mut notes)?, test: None, notes });
        }
        let test = ["test", "val"].map(|name| root.join(name)).into_iter().find(|folder| folder.is_dir());
        let test = test.map(|folder| files(&folder, &mut notes)).transpose()?;
        Ok(Self { train: files(&train, &mut notes)?, test, notes })
    }
}

/// The folders of `folder` as classes where one of them holds an image, else its own images.
fn files(folder: &Path, notes: &mut Vec<String>) -> Result<Files, DataError> {
    let mut classes = Vec::new();
    let mut flat = Vec::new();
    let mut empty = Vec::new();
    for path in entries(folder)? {
        if path.is_dir() {
            let mut images = Vec::new();
            collect(&path, &mut images)?;
            let name = name(&path);
            if images.is_empty() { empty.push(name) } else { classes.push((name, images)) }
        } else if is_image(&path) {
            flat.push(path);
        }
    }
    if classes.is_empty() {
        return if flat.is_empty() {
            Err(DataError::EmptyFolder(folder.to_owned()))
        } else {
            Ok(Files::Flat(flat))
        };
    }
    let place = folder.display();
    if !empty.is_empty() {
        notes.push(format!("{place}: no images in {}, which is no class therefore", empty.join(", ")));
    }
    if !flat.is_empty() {
        notes.push(format!("{place}: {} images lie beside the classes and are left out", flat.len()));
    }
    Ok(Files::Classes(classes))
}

/// All images below a folder. Links to folders are not followed, so that a circle of them ends.
fn collect(folder: &Path, images: &mut Vec<PathBuf>) -> Result<(), DataError> {
    for path in entries(folder)? {
        if path.is_dir() {
            if !path.is_symlink() {
                collect(&path, images)?;
            }
        } else if is_image(&path) {
            images.push(path);
        }
    }
    Ok(())
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
    let extension = path.extension().unwrap_or_default();
    ["jpg", "jpeg", "png"].iter().any(|known| extension.eq_ignore_ascii_case(known))
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
        assert!(layout.notes[0].ends_with("no images in dog, which is no class therefore"));
        assert!(layout.notes[1].ends_with("1 images lie beside the classes and are left out"));
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
