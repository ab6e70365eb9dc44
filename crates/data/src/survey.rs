//! What lies in a folder of images, from its names and a look at some of them.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::class_names::shown;
use crate::decode::decode;
use crate::error::DataError;
use crate::layout::Layout;
use crate::storage::Storage;
use crate::subset::balanced;
use crate::transparency::{Form, WHITE};
use crate::walk::Files;

/// So many images are decoded, drawn by the seed 0.
const LOOKED_AT: usize = 100;

/// What lies in a folder of images.
#[derive(Clone, Debug)]
pub struct Survey {
    /// Training images.
    pub train: usize,
    /// The classes with their training images; none where images lie side by side.
    pub classes: Option<Vec<(String, usize)>>,
    /// Test images, where there is a folder of them.
    pub test: Option<usize>,
    /// What is left out, as training will say it.
    pub notes: Vec<String>,
    /// Width and height of the images that were decoded.
    pub sizes: Vec<(usize, usize)>,
    /// How many of these have no colour.
    pub gray: usize,
    /// How many of these are transparent in places.
    pub transparent: usize,
    /// Those that cannot be read, with the reason.
    pub unreadable: Vec<String>,
    /// Decoding one image on one thread, on average.
    pub decoding: Duration,
}

/// What one image is like.
struct Look {
    size: (usize, usize),
    gray: bool,
    transparent: bool,
    took: Duration,
}

/// Counts the images of a folder as training would find them, and decodes up to a hundred.
///
/// # Errors
/// Where there is no folder, or no images, or their layout has no meaning.
pub fn survey(root: &Path) -> Result<Survey, DataError> {
    let Layout { train, test, notes, storage } = Layout::find(root, &[])?;
    let classes = match &train {
        Files::Flat(_) => None,
        Files::Classes(classes) => {
            Some(classes.iter().map(|(name, images)| (shown(name), images.len())).collect())
        }
    };
    let (train, test) = (paths(train), test.map(|test| paths(test).len()));
    let chosen = balanced(&vec![0; train.len()], LOOKED_AT, 0);
    let looks: Vec<_> = chosen.par_iter().map(|&index| look(&storage, &train[index as usize])).collect();
    let mut survey = Survey {
        train: train.len(),
        classes,
        test,
        notes,
        sizes: Vec::new(),
        gray: 0,
        transparent: 0,
        unreadable: Vec::new(),
        decoding: Duration::ZERO,
    };
    for look in looks {
        match look {
            Ok(look) => {
                survey.sizes.push(look.size);
                survey.gray += usize::from(look.gray);
                survey.transparent += usize::from(look.transparent);
                survey.decoding += look.took;
            }
            Err(error) => survey.unreadable.push(error.to_string()),
        }
    }
    survey.decoding /= survey.sizes.len().max(1) as u32;
    Ok(survey)
}

fn paths(files: Files) -> Vec<PathBuf> {
    match files {
        Files::Flat(paths) => paths,
        Files::Classes(classes) => classes.into_iter().flat_map(|(_, paths)| paths).collect(),
    }
}

fn look(storage: &Storage, path: &Path) -> Result<Look, DataError> {
    let started = Instant::now();
    let decoded = decode(storage, path, Form { channels: 4, background: WHITE, levels: None })?;
    let took = started.elapsed();
    let mut pixels = decoded.pixels.chunks_exact(4);
    let gray = pixels.clone().all(|pixel| pixel[0] == pixel[1] && pixel[1] == pixel[2]);
    let transparent = pixels.any(|pixel| pixel[3] < u8::MAX);
    Ok(Look { size: decoded.size, gray, transparent, took })
}
