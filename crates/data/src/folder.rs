//! A folder of images, decoded when it is opened and again whenever an image is asked for.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kontrast_augment::ImageRef;

use crate::classes::Classes;
use crate::coverage;
use crate::dataset::{Dataset, Labelled};
use crate::decode::decode;
use crate::error::DataError;
use crate::groups::{groups_of, held_out};
use crate::layout::Layout;
use crate::reader::Reader;
use crate::split::{Split, Splits};
use crate::storage::Storage;
use crate::subset::Subset;
use crate::transparency::{Decoded, Form};
use crate::walk::Files;

/// What to do about images that cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// An error that names and counts them.
    Refuse,
    /// A note that names and counts them.
    Skip,
}

/// Images of a folder, without classes.
#[derive(Debug)]
pub struct ImageFolder {
    images: Vec<Stored>,
    storage: Storage,
    form: Form,
    /// Of each image, where they are known.
    groups: Option<Vec<u64>>,
    /// Of each image, where there are such.
    captions: Option<Vec<Vec<String>>>,
}

/// Images of a folder, one folder a class.
pub type ClassFolder = Classes<ImageFolder>;

#[derive(Debug)]
pub(crate) struct Stored {
    path: PathBuf,
    size: (usize, usize),
    pixels: Option<Vec<u8>>,
    pub(crate) flattened: bool,
}

/// Opens a folder: its splits, or with a `holdout` a test split made of the training images.
pub(crate) fn open(
    root: &Path,
    exclude: &[String],
    unreadable: Unreadable,
    holdout: Option<f64>,
    form: Form,
    seed: u64,
) -> Result<Splits, DataError> {
    let Layout { train, test, notes, storage } = Layout::find(root, exclude)?;
    let mut reader = Reader::new(root, unreadable, form, notes).of(storage);
    let wrong = |reason: &str| DataError::Layout { folder: root.to_owned(), reason: reason.into() };
    let held = |reason: &str| match holdout {
        Some(fraction) => {
            Err(DataError::Holdout { folder: root.to_owned(), fraction, reason: reason.into() })
        }
        None => Ok(()),
    };
    if test.is_some() {
        held("cannot be used, since there is a test split already; leave it out")?;
    }
    let known: Vec<OsString>;
    let train = match train {
        Files::Flat(paths) => {
            held("cannot be used, since images without classes cannot be scored; leave it out")?;
            let images = reader.images(paths)?.0;
            reader.untested(test.as_ref());
            return Ok(reader.splits(Split::Unlabelled(Arc::new(images)), None));
        }
        Files::Classes(classes) => {
            known = classes.iter().map(|(name, _)| name.clone()).collect();
            Arc::new(reader.classes(classes, &known, "training")?)
        }
    };
    if let Some(fraction) = holdout {
        let (train, test) = split(root, train, fraction, seed)?;
        reader.notes.extend(coverage::untested(&*train, &*test, fraction));
        return Ok(reader.splits(Split::Labelled(train), Some(test)));
    }
    let test: Option<Part> = match test {
        None => None,
        Some(Files::Flat(_)) => {
            return Err(wrong("the test images have no classes; give each class a folder"));
        }
        Some(Files::Classes(classes)) => Some(Arc::new(reader.classes(classes, &known, "test")?)),
    };
    Ok(reader.splits(Split::Labelled(train), test))
}

/// Opens every image below a folder, whatever lies where; classes are known where each image lies in the folder of one.
pub(crate) fn open_every(root: &Path, unreadable: Unreadable, form: Form) -> Result<Splits, DataError> {
    let Layout { train, test, notes, storage } = Layout::every(root)?;
    let mut reader = Reader::new(root, unreadable, form, notes).of(storage);
    let train = match train {
        Files::Flat(paths) => {
            let images = reader.images(paths)?.0;
            return Ok(reader.splits(Split::Unlabelled(Arc::new(images)), None));
        }
        Files::Classes(classes) => classes,
    };
    let test = match test {
        Some(Files::Classes(classes)) => classes,
        _ => Vec::new(),
    };
    let known: BTreeSet<OsString> = train.iter().chain(&test).map(|(name, _)| name.clone()).collect();
    let known: Vec<OsString> = known.into_iter().collect();
    let train = Arc::new(reader.classes(train, &known, "training")?);
    let test: Option<Part> = match test {
        none if none.is_empty() => None,
        classes => Some(Arc::new(reader.classes(classes, &known, "test")?)),
    };
    Ok(reader.splits(Split::Labelled(train), test))
}

/// Opens image files in the order in which they are named.
pub(crate) fn open_files(files: &[PathBuf], unreadable: Unreadable, form: Form) -> Result<Splits, DataError> {
    let mut reader = Reader::new(Path::new(""), unreadable, form, Vec::new());
    let images = reader.images(files.to_vec())?.0;
    Ok(reader.splits(Split::Unlabelled(Arc::new(images)), None))
}

/// A labelled split.
pub(crate) type Part = Arc<dyn Labelled>;

/// Sets a fraction of each class apart, chosen by the seed; groups stay on one side.
pub(crate) fn split<D: Labelled + 'static>(
    root: &Path,
    images: Arc<D>,
    fraction: f64,
    seed: u64,
) -> Result<(Part, Part), DataError> {
    let within = fraction > 0.0 && fraction < 1.0;
    let held = if within { held_out(&*images, fraction, seed) } else { Vec::new() };
    if held.is_empty() {
        let grouped = if groups_of(&*images).is_some() { "; groups stay whole" } else { "" };
        let reason = format!(
            "leaves nothing to train or to test on, of {} images; give a fraction between 0 and 1 that takes at least \
             one image of a class and leaves one{grouped}",
            images.len()
        );
        return Err(DataError::Holdout { folder: root.to_owned(), fraction, reason });
    }
    let rest = (0..images.len() as u32).filter(|index| held.binary_search(index).is_err()).collect();
    let rest = Subset::of(Arc::clone(&images), rest);
    Ok((Arc::new(rest), Arc::new(Subset::of(images, held))))
}

impl Stored {
    /// Decodes once; the pixels stay while there is room for them.
    pub(crate) fn decode(
        storage: &Storage,
        path: PathBuf,
        form: Form,
        left: &AtomicUsize,
    ) -> Result<Self, DataError> {
        let Decoded { size, pixels, flattened } = decode(storage, &path, form)?;
        let bytes = pixels.len();
        let room = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes));
        Ok(Self { path, size, pixels: room.is_ok().then_some(pixels), flattened })
    }
}

impl ImageFolder {
    pub(crate) fn new(images: Vec<Stored>, storage: Storage, form: Form) -> Self {
        Self { images, storage, form, groups: None, captions: None }
    }

    /// With the group of each image.
    pub(crate) fn with_groups(self, groups: Vec<u64>) -> Self {
        assert_eq!(groups.len(), self.images.len(), "a group for each image");
        Self { groups: Some(groups), ..self }
    }

    /// With the captions of each image.
    pub(crate) fn with_captions(self, captions: Vec<Vec<String>>) -> Self {
        assert_eq!(captions.len(), self.images.len(), "captions for each image");
        Self { captions: Some(captions), ..self }
    }
}

impl Dataset for ImageFolder {
    fn len(&self) -> usize {
        self.images.len()
    }

    fn size(&self, index: usize) -> Result<(usize, usize), DataError> {
        Ok(self.images[index].size)
    }

    fn name(&self, index: usize) -> Option<String> {
        self.images[index].path.file_name().map(|name| name.to_string_lossy().into_owned())
    }

    fn path(&self, index: usize) -> Option<&Path> {
        Some(&self.images[index].path)
    }

    fn captions(&self, index: usize) -> &[String] {
        self.captions.as_ref().map_or(&[], |captions| &captions[index])
    }

    fn group(&self, index: usize) -> u64 {
        self.groups.as_ref().map_or(index as u64, |groups| groups[index])
    }

    fn image<'a>(&'a self, index: usize, buffer: &'a mut Vec<u8>) -> Result<ImageRef<'a>, DataError> {
        let Stored { path, size: (width, height), pixels, .. } = &self.images[index];
        if let Some(pixels) = pixels {
            return Ok(ImageRef::new(*width, *height, pixels));
        }
        Ok(borrowed(decode(&self.storage, path, self.form)?, buffer))
    }

    #[cfg(feature = "turbojpeg")]
    fn image_at_least<'a>(
        &'a self,
        index: usize,
        short: usize,
        buffer: &'a mut Vec<u8>,
    ) -> Result<ImageRef<'a>, DataError> {
        let Stored { path, pixels: None, .. } = &self.images[index] else { return self.image(index, buffer) };
        Ok(borrowed(crate::decode::decode_at_least(&self.storage, path, short, self.form)?, buffer))
    }
}

/// The decoded image, moved into the caller's memory.
fn borrowed(image: Decoded, buffer: &mut Vec<u8>) -> ImageRef<'_> {
    *buffer = image.pixels;
    ImageRef::new(image.size.0, image.size.1, buffer)
}
