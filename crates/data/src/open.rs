//! Opens a data set by its description: training split, test split, notes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::bands::MOST_COLOURS;
use crate::dataset::Labelled;
use crate::error::DataError;
use crate::folder::{self, Unreadable};
use crate::levels::Levels;
use crate::moving_shapes::MovingShapes;
use crate::scan_spec::Scans;
#[cfg(feature = "scans")]
use crate::scans;
use crate::shapes::Shapes;
use crate::split::{Split, Splits};
use crate::transparency::Form;
use crate::{cifar10, cifar100, coverage, csv_file, fashion_mnist, frames, pack, stl10};

/// Which images to train on.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// Where they come from.
    pub source: Source,
    /// Train on this many only, an equal fraction of each class where the classes of all are known.
    pub subset: Option<usize>,
    /// Fixes the subset, the holdout and the drawn shapes.
    pub seed: u64,
    /// 1 (gray), 2 (gray and alpha), 3 (RGB) or 4 (RGB and alpha). Colour becomes gray by its luminance, gray three equal
    /// channels; what has no alpha is opaque. More, up to 256, are bands: of TIFF and NumPy files.
    pub channels: usize,
}

/// Where images come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// CIFAR-10, from the cache.
    Cifar10,
    /// CIFAR-100 with its fine classes, from the cache.
    Cifar100,
    /// STL-10, from the cache.
    Stl10 {
        /// Whether the 100,000 images without a label are trained on beside the 5,000 with one.
        unlabelled: bool,
    },
    /// Fashion-MNIST, from the cache.
    FashionMnist,
    /// A folder of images: `train` and `test` (or `val`, `valid`, ...) with a folder a class, or one folder a class, or
    /// images side by side without classes.
    Folder {
        /// The folder.
        root: PathBuf,
        /// Images that are left out: patterns of paths below the folder such as `**/thumbs/**`, or of a name, `*.gif`.
        exclude: Vec<String>,
        /// What to do about images that cannot be decoded.
        unreadable: Unreadable,
        /// The fraction of each class that becomes the test split where there is none; never all of a class.
        holdout: Option<f64>,
        /// What transparent images are laid over where alpha is no channel, as bytes of red, green and blue;
        /// [`WHITE`](crate::WHITE) is usual.
        background: [u8; 3],
        /// How the values of gray images become bytes, where they are not scaled to them.
        levels: Option<Levels>,
    },
    /// Every image below a folder, whatever lies where, by path. Classes, and splits, are as of [`Source::Folder`] where
    /// each image lies in the folder of a class; else there are none.
    EveryImage {
        /// The folder.
        root: PathBuf,
        /// What to do about images that cannot be decoded.
        unreadable: Unreadable,
        /// As of [`Source::Folder`].
        background: [u8; 3],
    },
    /// Image files in the order in which they are named, without classes.
    Files {
        /// The files.
        files: Vec<PathBuf>,
        /// What to do about images that cannot be decoded.
        unreadable: Unreadable,
        /// As of [`Source::Folder`].
        background: [u8; 3],
    },
    /// The images that a CSV file names, with a class, a group and a split each where it has columns of these.
    Csv {
        /// The file; images are relative to its folder.
        path: PathBuf,
        /// What to do about images that cannot be decoded.
        unreadable: Unreadable,
        /// As of [`Source::Folder`]; groups stay on one side.
        holdout: Option<f64>,
        /// As of [`Source::Folder`].
        background: [u8; 3],
        /// How the values of gray images become bytes, where they are not scaled to them.
        levels: Option<Levels>,
    },
    /// Frames of clips, each clip a group: a folder of frames a clip, in the natural order of their names, or an animated
    /// GIF, PNG or WebP file. Clips lie side by side, or in a folder a class, the latter in `train` and `test` too.
    Frames {
        /// The folder.
        root: PathBuf,
        /// What to do about frames that cannot be decoded, and about images of one frame where clips are expected.
        unreadable: Unreadable,
        /// As of [`Source::Folder`]; clips stay on one side.
        holdout: Option<f64>,
        /// As of [`Source::Folder`].
        background: [u8; 3],
        /// How the values of gray images become bytes, where they are not scaled to them.
        levels: Option<Levels>,
    },
    /// Slices of scans.
    Scans(Box<Scans>),
    /// A file that [`pack`](crate::pack) wrote.
    Pack(PathBuf),
    /// Drawn shapes.
    Synthetic {
        /// Training images.
        train: usize,
        /// Test images.
        test: usize,
        /// From 2 to 15.
        classes: usize,
        /// Pixels on a side.
        size: usize,
    },
    /// Drawn clips of moving shapes, each clip a group.
    SyntheticVideo {
        /// Training clips.
        clips: usize,
        /// Frames of each clip, from 2 to 1000.
        frames: usize,
        /// Test clips.
        test: usize,
        /// From 2 to 15.
        classes: usize,
        /// Pixels on a side.
        size: usize,
    },
}

/// Opens a data set. Fetched ones are read from `cache/data/<name>` and verified; nothing is fetched here.
///
/// # Errors
/// When the data set is missing, damaged or empty, has images that cannot be read, or is smaller than the
/// subset.
pub fn open(spec: &Spec, cache: &Path) -> Result<Splits, DataError> {
    let (mut splits, stored) = stored(spec, cache)?;
    if stored != spec.channels {
        if stored.max(spec.channels) > MOST_COLOURS {
            return Err(DataError::Bands { stored, wanted: spec.channels });
        }
        splits = splits.in_channels(spec.channels);
    }
    if let Some(count) = spec.subset {
        splits.train = splits.train.subset(count, spec.seed)?;
        let taken = splits.train.images().len();
        if taken < count {
            splits
                .notes
                .push(format!("data.subset = {count}: {taken} images are taken, since groups stay whole"));
        }
    }
    if let (Some(train), Some(test)) = (splits.train.labelled(), &splits.test) {
        splits.notes.extend(coverage::untrained(&*train, &**test));
    }
    Ok(splits)
}

/// The data set as it is stored, and its channels.
fn stored(spec: &Spec, cache: &Path) -> Result<(Splits, usize), DataError> {
    let form = |&background: &[u8; 3], levels| Form { channels: spec.channels, background, levels };
    let seed = spec.seed;
    let splits = match &spec.source {
        Source::Cifar10 => return Ok((both(cifar10::open(&folder_of(cache, cifar10::NAME))?), 3)),
        Source::Cifar100 => return Ok((both(cifar100::open(&folder_of(cache, cifar100::NAME))?), 3)),
        &Source::Stl10 { unlabelled } => {
            return Ok((stl10::open(&folder_of(cache, stl10::NAME), unlabelled)?, 3));
        }
        Source::FashionMnist => {
            return Ok((both(fashion_mnist::open(&folder_of(cache, fashion_mnist::NAME))?), 1));
        }
        #[cfg(feature = "scans")]
        Source::Scans(scans) => return Ok((scans::open(scans, seed)?, scans.levels.channels())),
        #[cfg(not(feature = "scans"))]
        Source::Scans(scans) => return Err(DataError::NoScans { folder: scans.root.clone() }),
        Source::Pack(path) => return pack::open(path, spec.channels),
        &Source::Synthetic { train, test, classes, size } => {
            let train = Shapes::train(train, classes, size, seed)?;
            return Ok((both((train, Shapes::test(test, classes, size, seed)?)), 3));
        }
        &Source::SyntheticVideo { clips, frames, test, classes, size } => {
            let train = MovingShapes::train(clips, frames, classes, size, seed)?;
            return Ok((both((train, MovingShapes::test(test, frames, classes, size, seed)?)), 3));
        }
        Source::Folder { root, exclude, unreadable, holdout, background, levels } => {
            folder::open(root, exclude, *unreadable, *holdout, form(background, *levels), seed)?
        }
        Source::Csv { path, unreadable, holdout, background, levels } => {
            csv_file::open(path, *unreadable, *holdout, form(background, *levels), seed)?
        }
        Source::Frames { root, unreadable, holdout, background, levels } => {
            frames::open(root, *unreadable, *holdout, form(background, *levels), seed)?
        }
        Source::EveryImage { root, unreadable, background } => {
            folder::open_every(root, *unreadable, form(background, None))?
        }
        Source::Files { files, unreadable, background } => {
            folder::open_files(files, *unreadable, form(background, None))?
        }
    };
    Ok((splits, spec.channels))
}

/// Where a fetched data set lies.
pub(crate) fn folder_of(cache: &Path, name: &str) -> PathBuf {
    cache.join("data").join(name)
}

/// Two splits with labels, of which there is nothing to say.
fn both<D: Labelled + 'static>((train, test): (D, D)) -> Splits {
    Splits::new(Split::Labelled(Arc::new(train)), Some(Arc::new(test)))
}
