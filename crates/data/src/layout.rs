//! Finds the images of a folder, and their classes and splits where there are some.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::archives::Archives;
use crate::error::DataError;
use crate::exclude::Exclude;
use crate::storage::Storage;
use crate::walk::{Files, Listed, Walker};

/// What folders of training images are called, in any case.
pub(crate) const TRAIN: [&str; 2] = ["train", "training"];

/// What folders of test images are called, in any case; of several the first is read.
pub(crate) const TEST: [&str; 5] = ["test", "testing", "val", "valid", "validation"];

/// Whether a name in small letters is one of training images.
pub(crate) fn is_train(name: &str) -> bool {
    TRAIN.contains(&name)
}

/// Whether a name in small letters is one of test images.
pub(crate) fn is_test(name: &str) -> bool {
    TEST.contains(&name)
}

/// What lies in a folder of images.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) train: Files,
    pub(crate) test: Option<Files>,
    pub(crate) notes: Vec<String>,
    pub(crate) storage: Storage,
}

impl Layout {
    /// Looks for a folder of training images, and one of test images beside it; without the first the images are `root`'s
    /// own. `root` may be an archive, or a folder in which archives lie and no images.
    pub(crate) fn find(root: &Path, exclude: &[String]) -> Result<Self, DataError> {
        let found = in_archives_where_needed(root, |top, storage| {
            let mut walker = Walker::without(Exclude::new(top, exclude)?, storage.clone());
            let (train, test) = parts(top, &mut walker)?;
            Ok(Self { train, test, notes: walker.notes(root), storage })
        });
        found.map(Self::noted)
    }

    /// Every image below `root`: as [`Layout::find`] has them where each lies in the folder of a class, else side by side.
    pub(crate) fn every(root: &Path) -> Result<Self, DataError> {
        let found = in_archives_where_needed(root, |top, storage| {
            let mut walker = Walker::of(storage.clone());
            let found = parts(top, &mut walker);
            let mut in_classes = false;
            if let Ok((Files::Classes(train), test)) = found {
                in_classes = true;
                if !walker.left.misplaced() && !matches!(test, Some(Files::Flat(_))) {
                    let notes = walker.notes(root);
                    return Ok(Self { train: Files::Classes(train), test, notes, storage });
                }
            }
            let mut walker = Walker::of(storage.clone());
            let images = walker.every(top)?;
            if in_classes {
                walker.left.folders.push(format!(
                    "{}: images lie beside the folders of classes, so that no classes are taken from these",
                    root.display()
                ));
            }
            Ok(Self { train: Files::Flat(images), test: None, notes: walker.notes(root), storage })
        });
        found.map(Self::noted)
    }

    /// With a note about archives before the others.
    fn noted((mut layout, archives): (Self, Option<String>)) -> Self {
        layout.notes.splice(0..0, archives);
        layout
    }
}

/// What `find` makes of a folder on the disk; where `root` is an archive, or a folder with archives and without images, of
/// what these hold: with a note in the latter case.
pub(crate) fn in_archives_where_needed<L>(
    root: &Path,
    find: impl Fn(&Path, Storage) -> Result<L, DataError>,
) -> Result<(L, Option<String>), DataError> {
    let within = |archives: &[PathBuf]| {
        let archives = Arc::new(Archives::open(root, archives)?);
        let top = archives.top().to_owned();
        find(&top, Storage::Archives(archives))
    };
    if root.is_file() {
        return Ok((within(&[root.to_owned()])?, None));
    }
    if !root.is_dir() {
        let here = std::env::current_dir().unwrap_or_default();
        return Err(DataError::NoFolder { folder: root.to_owned(), here });
    }
    let error = match find(root, Storage::Disk) {
        Err(error @ DataError::EmptyFolder { .. }) => error,
        other => return Ok((other?, None)),
    };
    let mut walker = Walker::default();
    let none = walker.every(root).is_err();
    walker.archives.sort();
    let archives = std::mem::take(&mut walker.archives);
    if !none || archives.is_empty() {
        return Err(error);
    }
    let found = within(&archives)?;
    let count = archives.len();
    let what = if count == 1 { "1 archive" } else { &format!("{count} archives") };
    Ok((found, Some(format!("{}: images are read from {what}", root.display()))))
}

/// Training images, and test images where there are some.
fn parts(root: &Path, walker: &mut Walker) -> Result<(Files, Option<Files>), DataError> {
    let listed = walker.listed(root)?;
    match named(&listed.folders, &TRAIN) {
        Some(train) => splits(root, train, &listed, walker),
        None => Ok((whole(root, walker)?, None)),
    }
}

/// The images of `root`, which has no folder of training images.
fn whole(root: &Path, walker: &mut Walker) -> Result<Files, DataError> {
    let mut found = walker.gather(root)?.expect("the first folder");
    walker.follow(&mut found)?;
    let files = walker.files(found)?;
    let Files::Classes(classes) = &files else { return Ok(files) };
    let names = classes.iter().map(|(name, _)| name.to_string_lossy());
    walker.left.folders.extend(tests_alone(root, names)?);
    Ok(files)
}

/// A note about folders of test images beside which there is no folder of training images: each counts as any other.
///
/// # Errors
/// Where there are no others.
pub(crate) fn tests_alone<'n>(
    root: &Path,
    names: impl Iterator<Item = Cow<'n, str>>,
) -> Result<Option<String>, DataError> {
    let (tests, others): (Vec<_>, Vec<_>) = names.partition(|name| is_test(&name.to_ascii_lowercase()));
    if tests.is_empty() {
        return Ok(None);
    }
    let tests = tests.join(", ");
    if others.is_empty() {
        let reason = format!(
            "found test images in {tests}, but no folder train; put the training images into train, or name the folder of \
             images itself"
        );
        return Err(DataError::Layout { folder: root.to_owned(), reason });
    }
    let place = root.display();
    Ok(Some(format!("{place}: {tests} counts as a class, since no folder train lies beside it")))
}

/// The images of `train`, those of the test split beside it where there is one, and what else lies there, counted.
fn splits(
    root: &Path,
    train: &Path,
    listed: &Listed,
    walker: &mut Walker,
) -> Result<(Files, Option<Files>), DataError> {
    let test = named(&listed.folders, &TEST);
    let mut trained = walker.gather(train)?.expect("the first folder");
    let mut tested = None;
    if let Some(test) = test {
        tested = Some(walker.gather(test)?.ok_or_else(|| one_folder(root, train, test))?);
    }
    walker.follow(&mut trained)?;
    let train_files = walker.files(trained)?;
    let mut test_files = None;
    if let Some(mut tested) = tested {
        walker.follow(&mut tested)?;
        test_files = Some(walker.files(tested)?);
    }
    count_beside(listed, train, test, walker);
    Ok((train_files, test_files))
}

/// What is said where the splits lead to one folder.
pub(crate) fn one_folder(root: &Path, train: &Path, test: &Path) -> DataError {
    let reason = format!(
        "{} and {} are one folder; give the test images a folder of their own",
        name(train),
        name(test)
    );
    DataError::Layout { folder: root.to_owned(), reason }
}

/// Counts the images that lie beside the splits.
pub(crate) fn count_beside(
    Listed { folders, files, hidden }: &Listed,
    train: &Path,
    test: Option<&Path>,
    walker: &mut Walker,
) {
    for folder in folders.iter().filter(|&folder| folder != train && Some(folder.as_path()) != test) {
        match walker.count(folder) {
            Ok(images) => {
                walker.left.apart.push((format!("in {}, beside {}", name(folder), name(train)), images));
            }
            // It would not be read anyway.
            Err(error) => walker.left.folders.push(format!("{error}; it is not looked into")),
        }
    }
    let mut images = Vec::new();
    for path in files {
        walker.file(path.clone(), &mut images);
    }
    walker.left.hidden += hidden;
    walker.left.apart.push((format!("beside {}", name(train)), images.len()));
}

/// The folder with the first of these names, in any case; the name as it stands here is taken before others.
pub(crate) fn named<'f>(folders: &'f [PathBuf], names: &[&str]) -> Option<&'f Path> {
    let exact = |wanted: &str| folders.iter().find(|folder| name(folder) == wanted);
    let any = |wanted: &str| folders.iter().find(|folder| name(folder).eq_ignore_ascii_case(wanted));
    names.iter().find_map(|wanted| exact(wanted).or_else(|| any(wanted))).map(PathBuf::as_path)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
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
        classes.iter().map(|(name, images)| (name.to_str().unwrap(), images.len())).collect()
    }

    #[test]
    fn train_and_val_are_splits_of_classes() {
        let folder = folder(&["train/cat/1.png", "train/cat/old/2.JPEG", "train/dog/1.jpg", "val/cat/7.png"]);
        let layout = Layout::find(folder.path(), &[]).unwrap();
        assert_eq!(classes(&layout.train), [("cat", 2), ("dog", 1)]);
        assert_eq!(classes(layout.test.as_ref().unwrap()), [("cat", 1)]);
    }

    #[test]
    fn what_is_no_class_and_no_image_is_told_or_passed_over() {
        let folder = folder(&["cat/1.png", "dog/readme.txt", "loose.png", ".hidden/1.png", "notes.txt"]);
        let layout = Layout::find(folder.path(), &[]).unwrap();
        assert_eq!(classes(&layout.train), [("cat", 1)]);
        assert!(layout.notes[0].ends_with(": 1 image is left out: 1 beside the classes, without one"));
        assert!(layout.notes[1].ends_with("no images in dog, which is no class therefore"));
        assert_eq!(layout.notes.len(), 2);
    }

    #[test]
    fn images_of_other_formats_are_counted_in_one_note() {
        let names =
            ["train/cat/1.png", "train/cat/2.Heic", "train/cat/b/3.heic", "train/4.avif", "train/5.png"];
        let folder = folder(&[&names[..], &["test/cat/1.png", "test/cat/2.jxl"]].concat());
        let [note] = &Layout::find(folder.path(), &[]).unwrap().notes[..] else { panic!("one note") };
        let expected = ": 5 images are left out: 1 beside the classes, without one; 1 .avif, 2 .heic, 1 .jxl, of \
                        formats that are not read";
        assert!(note.ends_with(expected), "{note}");
    }

    #[test]
    fn a_folder_of_other_formats_alone_says_which() {
        let said = Layout::find(folder(&["1.jp2", "2.jp2"]).path(), &[]).unwrap_err().to_string();
        assert!(said.contains(": no images found, but 2 .jp2; expected JPEG, PNG"), "{said}");
    }

    #[test]
    fn images_side_by_side_have_no_classes() {
        let folder = folder(&["b.png", "a.jpg"]);
        let expected = Files::Flat(vec![folder.path().join("a.jpg"), folder.path().join("b.png")]);
        assert_eq!(Layout::find(folder.path(), &[]).unwrap().train, expected);
    }

    #[test]
    fn a_folder_without_images_is_named() {
        let folder = folder(&["readme.txt"]);
        let said = Layout::find(folder.path(), &[]).unwrap_err().to_string();
        assert!(said.starts_with(&format!("{}: no images found", folder.path().display())), "{said}");
    }
}
