//! A folder of images, decoded when it is opened and again whenever an image is asked for.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kontrast_augment::ImageRef;
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::class_names::{distinct, shown};
use crate::classes::Classes;
use crate::coverage;
use crate::dataset::{Dataset, Labelled};
use crate::decode::decode;
use crate::error::DataError;
use crate::layout::Layout;
use crate::split::{Split, Splits};
use crate::subset::{Subset, fraction_of_each};
use crate::transparency::{Decoded, Form};
use crate::walk::Files;

/// Decoded images that stay in memory, in bytes: a small folder is decoded once, not once an epoch.
const KEPT: usize = 512 << 20;

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
    form: Form,
}

/// Images of a folder, one folder a class.
pub type ClassFolder = Classes<ImageFolder>;

#[derive(Debug)]
struct Stored {
    path: PathBuf,
    size: (usize, usize),
    pixels: Option<Vec<u8>>,
    flattened: bool,
}

/// Opens a folder: its splits, or with a `holdout` a test split made of the training images.
pub(crate) fn open(
    root: &Path,
    unreadable: Unreadable,
    holdout: Option<f64>,
    form: Form,
    seed: u64,
) -> Result<Splits, DataError> {
    let Layout { train, test, notes } = Layout::find(root)?;
    let mut reader = Reader { root, unreadable, form, notes, skipped: Vec::new(), flattened: 0 };
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
    let Layout { train, test, notes } = Layout::every(root)?;
    let mut reader = Reader { root, unreadable, form, notes, skipped: Vec::new(), flattened: 0 };
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
    let (root, notes, skipped) = (Path::new(""), Vec::new(), Vec::new());
    let mut reader = Reader { root, unreadable, form, notes, skipped, flattened: 0 };
    let images = reader.images(files.to_vec())?.0;
    Ok(reader.splits(Split::Unlabelled(Arc::new(images)), None))
}

/// A labelled split.
type Part = Arc<dyn Labelled>;

/// Sets a fraction of each class apart, chosen by the seed.
fn split(root: &Path, images: Arc<ClassFolder>, fraction: f64, seed: u64) -> Result<(Part, Part), DataError> {
    let within = fraction > 0.0 && fraction < 1.0;
    let held = if within { fraction_of_each(&images.labels(), fraction, seed) } else { Vec::new() };
    if held.is_empty() {
        let reason = format!(
            "leaves nothing to train or to test on, of {} images; give a fraction between 0 and 1 that takes at least \
             one image of a class and leaves one",
            images.len()
        );
        return Err(DataError::Holdout { folder: root.to_owned(), fraction, reason });
    }
    let rest = (0..images.len() as u32).filter(|index| held.binary_search(index).is_err()).collect();
    let rest = Subset::of(Arc::clone(&images), rest);
    Ok((Arc::new(rest), Arc::new(Subset::of(images, held))))
}

/// Reads the images of a folder, and remembers what a person should be told of them.
struct Reader<'r> {
    root: &'r Path,
    unreadable: Unreadable,
    form: Form,
    notes: Vec<String>,
    skipped: Vec<String>,
    /// Images of which a part is transparent, and laid over the background.
    flattened: usize,
}

impl Reader<'_> {
    /// Decodes every file once, in parallel. Also says which files were kept.
    fn images(&mut self, paths: Vec<PathBuf>) -> Result<(ImageFolder, Vec<bool>), DataError> {
        let count = paths.len();
        let first = paths.first().cloned().unwrap_or_default();
        let (left, form) = (AtomicUsize::new(KEPT), self.form);
        let decoded: Vec<_> = paths.into_par_iter().map(|path| Stored::decode(path, form, &left)).collect();
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
        if let Some(named) = coverage::listed(failed.iter().cloned()) {
            if self.unreadable == Unreadable::Refuse {
                return Err(DataError::Unreadable { count: failed.len(), images: count, named });
            }
            if images.is_empty() {
                let folder = first.parent().unwrap_or(&first).to_owned();
                return Err(DataError::NoneReadable { folder, images: count, named });
            }
            let skipped = failed.len();
            self.notes.push(format!("{skipped} of {count} images cannot be read and are skipped: {named}"));
            self.skipped.extend(failed);
        }
        Ok((ImageFolder { images, form }, kept))
    }

    /// Says of test images that they have no use beside training images without classes.
    fn untested(&mut self, test: Option<&Files>) {
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
    fn classes(
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
        let class_names = distinct(known);
        let all: BTreeSet<u32> = labels.iter().copied().collect();
        let (images, kept) = self.images(paths)?;
        let labels: Vec<u32> =
            labels.into_iter().zip(kept).filter_map(|(label, kept)| kept.then_some(label)).collect();
        let left: BTreeSet<u32> = labels.iter().copied().collect();
        let lost = all.difference(&left).map(|&label| class_names[label as usize].clone());
        if let Some(list) = coverage::listed(lost) {
            self.notes.push(format!("none of the {split} images of these classes can be read: {list}"));
        }
        Ok(ClassFolder::new(images, labels, class_names))
    }

    fn splits(mut self, train: Split, test: Option<Part>) -> Splits {
        let [red, green, blue] = self.form.background;
        let which = match self.flattened {
            0 => None,
            1 => Some("1 image is".to_owned()),
            many => Some(format!("{many} images are")),
        };
        self.notes.extend(which.map(|which| {
            format!("{which} transparent in places, and laid over the background, rgb {red} {green} {blue}")
        }));
        Splits { train, test, notes: self.notes, skipped: self.skipped }
    }
}

impl Stored {
    /// Decodes once; the pixels stay while there is room for them.
    fn decode(path: PathBuf, form: Form, left: &AtomicUsize) -> Result<Self, DataError> {
        let Decoded { size, pixels, flattened } = decode(&path, form)?;
        let bytes = pixels.len();
        let room = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes));
        Ok(Self { path, size, pixels: room.is_ok().then_some(pixels), flattened })
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

    fn image<'a>(&'a self, index: usize, buffer: &'a mut Vec<u8>) -> Result<ImageRef<'a>, DataError> {
        let Stored { path, size: (width, height), pixels, .. } = &self.images[index];
        if let Some(pixels) = pixels {
            return Ok(ImageRef::new(*width, *height, pixels));
        }
        Ok(borrowed(decode(path, self.form)?, buffer))
    }

    #[cfg(feature = "turbojpeg")]
    fn image_at_least<'a>(
        &'a self,
        index: usize,
        short: usize,
        buffer: &'a mut Vec<u8>,
    ) -> Result<ImageRef<'a>, DataError> {
        let Stored { path, pixels: None, .. } = &self.images[index] else { return self.image(index, buffer) };
        Ok(borrowed(crate::decode::decode_at_least(path, short, self.form)?, buffer))
    }
}

/// The decoded image, moved into the caller's memory.
fn borrowed(image: Decoded, buffer: &mut Vec<u8>) -> ImageRef<'_> {
    *buffer = image.pixels;
    ImageRef::new(image.size.0, image.size.1, buffer)
}
