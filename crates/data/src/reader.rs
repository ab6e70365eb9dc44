//! Decodes image files, and keeps what a person should be told of them.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::animation::{Animation, decode_animation};
use crate::class_names::{distinct, shown};
use crate::coverage;
use crate::dataset::Dataset;
use crate::error::DataError;
use crate::folder::{ClassFolder, ImageFolder, Part, Stored, Unreadable};
use crate::split::{Split, Splits};
use crate::storage::Storage;
use crate::transparency::Form;
use crate::walk::Files;

/// Decoded images that stay in memory, in bytes: a small folder is decoded once, not once an epoch.
const KEPT: usize = 512 << 20;

/// Frames of animations stay in memory, since one is not decoded without those before it: at most so many bytes.
const MOST_ANIMATED: usize = 2 << 30;

/// Files that are to be read, with a label each.
pub(crate) struct Listed {
    pub(crate) paths: Vec<PathBuf>,
    pub(crate) labels: Vec<u32>,
    pub(crate) known: Known,
}

/// What else is known of each file.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) groups: Option<Vec<u64>>,
    pub(crate) captions: Option<Vec<Vec<String>>>,
}

/// Reads the images of a folder, and remembers what a person should be told of them.
pub(crate) struct Reader<'r> {
    root: &'r Path,
    unreadable: Unreadable,
    form: Form,
    storage: Storage,
    pub(crate) notes: Vec<String>,
    skipped: Vec<String>,
    /// Images of which a part is transparent, and laid over the background.
    flattened: usize,
    /// Bytes of the frames of animations.
    animated: usize,
}

impl<'r> Reader<'r> {
    pub(crate) fn new(root: &'r Path, unreadable: Unreadable, form: Form, notes: Vec<String>) -> Self {
        Self {
            root,
            unreadable,
            form,
            storage: Storage::Disk,
            notes,
            skipped: Vec::new(),
            flattened: 0,
            animated: 0,
        }
    }

    /// Reads files where they lie in this.
    pub(crate) fn of(self, storage: Storage) -> Self {
        Self { storage, ..self }
    }

    /// Decodes every file once, in parallel. Also says which files were kept.
    pub(crate) fn images(&mut self, paths: Vec<PathBuf>) -> Result<(ImageFolder, Vec<bool>), DataError> {
        let (count, first) = (paths.len(), paths.first().cloned().unwrap_or_default());
        let (images, kept) = self.images_or_none(paths)?;
        if images.is_empty() && count > 0 {
            return Err(self.none_readable(&first, count));
        }
        Ok((images, kept))
    }

    /// As [`Reader::images`], where it may be that none of them can be decoded.
    pub(crate) fn images_or_none(
        &mut self,
        paths: Vec<PathBuf>,
    ) -> Result<(ImageFolder, Vec<bool>), DataError> {
        let count = paths.len();
        let (left, form) = (AtomicUsize::new(KEPT), self.form);
        let decode = |path| Stored::decode(&self.storage, path, form, &left);
        let decoded: Vec<_> = paths.into_par_iter().map(decode).collect();
        let kept = decoded.iter().map(Result::is_ok).collect();
        let mut images = Vec::with_capacity(count);
        let mut failed = Vec::new();
        for result in decoded {
            match result {
                Ok(image) => {
                    self.flattened += usize::from(image.flattened);
                    images.push(image);
                }
                Err(error) => failed.push(error.to_string()),
            }
        }
        self.failed(failed, count, "images")?;
        Ok((ImageFolder::new(images, self.storage.clone(), form), kept))
    }

    /// Decodes every animation, in parallel; none for those that cannot be decoded and are skipped.
    pub(crate) fn animations(&mut self, paths: Vec<PathBuf>) -> Result<Vec<Option<Animation>>, DataError> {
        let count = paths.len();
        let left = AtomicUsize::new(MOST_ANIMATED.saturating_sub(self.animated));
        let decode = |path: PathBuf| decode_animation(&self.storage, &path, self.form, &left);
        let decoded: Vec<_> = paths.into_par_iter().map(decode).collect();
        self.animated = MOST_ANIMATED - left.into_inner();
        let mut animations = Vec::with_capacity(count);
        let mut failed = Vec::new();
        for result in decoded {
            match result {
                Ok(Some(animation)) => {
                    self.flattened += animation.flattened;
                    animations.push(Some(animation));
                }
                Ok(None) => return Err(too_much(self.root)),
                Err(error) => {
                    failed.push(error.to_string());
                    animations.push(None);
                }
            }
        }
        self.failed(failed, count, "animations")?;
        Ok(animations)
    }

    /// Refuses files that cannot be decoded, or notes that they are skipped.
    fn failed(&mut self, failed: Vec<String>, count: usize, what: &str) -> Result<(), DataError> {
        let Some(named) = coverage::listed(failed.iter().cloned()) else { return Ok(()) };
        let skipped = failed.len();
        if self.unreadable == Unreadable::Refuse {
            return Err(DataError::Unreadable { count: skipped, images: count, named });
        }
        self.notes.push(format!("{skipped} of {count} {what} cannot be read and are skipped: {named}"));
        self.skipped.extend(failed);
        Ok(())
    }

    /// What is said where the last `count` files that were skipped are all there are, the first of them in its folder.
    pub(crate) fn none_readable(&self, first: &Path, count: usize) -> DataError {
        let last = self.skipped.len() - count;
        let named = coverage::listed(self.skipped[last..].iter().cloned()).unwrap_or_default();
        let folder = first.parent().unwrap_or(first).to_owned();
        DataError::NoneReadable { folder, images: count, named }
    }

    /// Says of test images that they have no use beside training images without classes.
    pub(crate) fn untested(&mut self, test: Option<&Files>) {
        let images = match test {
            None => return,
            Some(Files::Flat(images)) => images.len(),
            Some(Files::Classes(classes)) => classes.iter().map(|(_, images)| images.len()).sum(),
        };
        self.notes.push(format!(
            "{}: {images} test images are not used, since the training images have no classes to score with; give each \
             class a folder",
            self.root.display()
        ));
    }

    /// Decodes the files of all classes; each class must be among those that are `known`.
    pub(crate) fn classes(
        &mut self,
        classes: Vec<(OsString, Vec<PathBuf>)>,
        known: &[OsString],
        split: &str,
    ) -> Result<ClassFolder, DataError> {
        let mut paths = Vec::new();
        let mut labels = Vec::new();
        for (name, files) in classes {
            let Some(label) = known.iter().position(|known| *known == name) else {
                let name = shown(&name);
                let reason = format!(
                    "the class {name} has test images, but no training images; give it some, or remove its test images"
                );
                return Err(DataError::Layout { folder: self.root.to_owned(), reason });
            };
            labels.extend(std::iter::repeat_n(label as u32, files.len()));
            paths.extend(files);
        }
        self.labelled(Listed { paths, labels, known: Known::default() }, distinct(known), split)
    }

    /// Decodes files with a class each.
    pub(crate) fn labelled(
        &mut self,
        Listed { paths, labels, known }: Listed,
        class_names: Vec<String>,
        split: &str,
    ) -> Result<ClassFolder, DataError> {
        let (images, kept) = self.described(paths, known)?;
        let left =
            labels.iter().zip(kept).filter_map(|(&label, kept)| kept.then_some(label)).collect::<Vec<_>>();
        self.lost(&labels, &left, &class_names, split);
        Ok(ClassFolder::new(images, left, class_names))
    }

    /// Says which classes lost all of their images, of which `left` are the labels of those that were read.
    pub(crate) fn lost(&mut self, labels: &[u32], left: &[u32], class_names: &[String], split: &str) {
        let all: BTreeSet<u32> = labels.iter().copied().collect();
        let left: BTreeSet<u32> = left.iter().copied().collect();
        let lost = all.difference(&left).map(|&label| class_names[label as usize].clone());
        if let Some(list) = coverage::listed(lost) {
            self.notes.push(format!("none of the {split} images of these classes can be read: {list}"));
        }
    }

    /// Decodes files of which more is known.
    pub(crate) fn described(
        &mut self,
        paths: Vec<PathBuf>,
        Known { groups, captions }: Known,
    ) -> Result<(ImageFolder, Vec<bool>), DataError> {
        let (mut images, kept) = self.images(paths)?;
        if let Some(groups) = groups {
            images = images.with_groups(of_kept(groups, &kept));
        }
        if let Some(captions) = captions {
            images = images.with_captions(of_kept(captions, &kept));
        }
        Ok((images, kept))
    }

    pub(crate) fn splits(mut self, train: Split, test: Option<Part>) -> Splits {
        let [red, green, blue] = self.form.background;
        let which = match self.flattened {
            0 => None,
            1 => Some("1 image is".to_owned()),
            many => Some(format!("{many} images are")),
        };
        self.notes.extend(which.map(|which| {
            format!("{which} transparent in places, and laid over the background, rgb {red} {green} {blue}")
        }));
        Splits { notes: self.notes, skipped: self.skipped, ..Splits::new(train, test) }
    }
}

/// What is said of animations that take too much memory.
fn too_much(folder: &Path) -> DataError {
    let reason = format!(
        "the decoded frames of the animations take more than {} GiB of memory; write the frames of each out as files, which \
         are decoded when they are asked for: ffmpeg -i clip.mp4 frames/clip/%05d.png",
        MOST_ANIMATED >> 30
    );
    DataError::Layout { folder: folder.to_owned(), reason }
}

/// What was known of the files that were read.
fn of_kept<T>(all: Vec<T>, kept: &[bool]) -> Vec<T> {
    all.into_iter().zip(kept).filter_map(|(of_file, kept)| kept.then_some(of_file)).collect()
}
