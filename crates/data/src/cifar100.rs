//! CIFAR-100 (Krizhevsky 2009) in its official binary layout, with its 100 fine classes.

use std::fs;
use std::path::Path;

use rayon::iter::{IndexedParallelIterator, ParallelIterator};
use rayon::slice::{ParallelSlice, ParallelSliceMut};

use crate::cifar10::{PLANE, planes_to_pixels};
use crate::error::DataError;
use crate::memory::InMemory;
use crate::{class_names, pinned};

/// The name in experiment files and in the cache.
pub(crate) const NAME: &str = "cifar100";

/// The training file, the test file, and the names of the fine classes.
pub(crate) const FILES: [&str; 3] = ["train.bin", "test.bin", "fine_label_names.txt"];

/// Images of the training file and of the test file.
const IMAGES: [usize; 2] = [50_000, 10_000];

/// A record: the coarse label, the fine label, then the planes of R, G and B.
const RECORD: usize = 2 + 3 * PLANE;

const CLASSES: usize = 100;

/// The training and the test images of the files in `folder`. Their lengths and labels are checked; the archive that
/// they come from was verified when it was fetched.
pub(crate) fn open(folder: &Path) -> Result<(InMemory, InMemory), DataError> {
    if !folder.is_dir() {
        return Err(DataError::Missing { dataset: NAME, folder: folder.to_owned() });
    }
    let names = class_names::read(&folder.join(FILES[2]), CLASSES, NAME)?;
    let split = |which: usize| read(&folder.join(FILES[which]), IMAGES[which], &names);
    Ok((split(0)?, split(1)?))
}

/// A file of so many records as pixels, `[n, 32, 32, 3]`, and fine labels.
fn read(path: &Path, images: usize, names: &[String]) -> Result<InMemory, DataError> {
    pinned::check_length(path, (images * RECORD) as u64, NAME)?;
    let records = fs::read(path).map_err(DataError::io(path))?;
    let labels: Vec<u32> = records.chunks_exact(RECORD).map(|record| u32::from(record[1])).collect();
    if let Some(image) = labels.iter().position(|&label| label as usize >= names.len()) {
        let (path, label) = (path.to_owned(), labels[image]);
        return Err(DataError::Label { path, dataset: NAME, image, label, classes: names.len() });
    }
    let mut pixels = vec![0; images * 3 * PLANE];
    records
        .par_chunks_exact(RECORD)
        .zip(pixels.par_chunks_exact_mut(3 * PLANE))
        .for_each(|(record, pixels)| planes_to_pixels(&record[2..], pixels));
    Ok(InMemory::rgb((32, 32), pixels, labels, names.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::{PLANE, RECORD, read};
    use crate::dataset::{Dataset, Labelled};

    /// A record of the official layout whose planes are 10, 20 and 30.
    fn record(coarse: u8, fine: u8) -> Vec<u8> {
        let planes = [[10; PLANE], [20; PLANE], [30; PLANE]].concat();
        [vec![coarse, fine], planes].concat()
    }

    /// What a file of these bytes is read as, in front of three classes.
    fn found(bytes: &[u8]) -> Result<crate::InMemory, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("train.bin");
        std::fs::write(&path, bytes).unwrap();
        let names = ["apple", "aquarium_fish", "baby"].map(String::from);
        read(&path, 2, &names)
            .map_err(|error| error.to_string().replace(&path.display().to_string(), "train.bin"))
    }

    #[test]
    fn the_second_byte_is_the_label_and_planes_become_pixels() {
        let mut two = [record(19, 2), record(7, 0)].concat();
        // The green of the second image's second pixel, and the blue of the first of its second row.
        two[RECORD + 2 + PLANE + 1] = 21;
        two[RECORD + 2 + 2 * PLANE + 32] = 31;
        let images = found(&two).unwrap();
        assert_eq!((images.len(), images.labels()), (2, vec![2, 0]));
        assert_eq!(images.class_names()[2], "baby");
        let mut buffer = Vec::new();
        assert_eq!(images.image(0, &mut buffer).unwrap().pixels[..6], [10, 20, 30, 10, 20, 30]);
        let second = images.image(1, &mut buffer).unwrap().pixels;
        assert_eq!(second[..6], [10, 20, 30, 10, 21, 30]);
        assert_eq!(second[32 * 3..][..3], [10, 20, 31]);
    }

    #[test]
    fn a_file_cut_short_and_a_label_beyond_the_classes_are_refused() {
        let two = [record(0, 2), record(0, 3)].concat();
        let said = found(&two[1..]).unwrap_err();
        let again = "fetch again with: cargo xtask data cifar100";
        assert_eq!(said, format!("train.bin: expected 6148 bytes, found 6147; {again}"));
        let said = found(&two).unwrap_err();
        assert_eq!(said, format!("train.bin: image 1 has the label 3; expected a number below 3; {again}"));
    }
}
