//! CIFAR-10 (Krizhevsky 2009) in its official binary layout.

use std::path::Path;

use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};
use rayon::slice::ParallelSliceMut;

use crate::error::DataError;
use crate::memory::InMemory;
use crate::pinned::Pinned;

/// The name in experiment files and in the cache.
pub(crate) const NAME: &str = "cifar10";

/// Images in each of the files.
pub(crate) const IMAGES: usize = 10_000;

/// Bytes of one colour plane.
pub(crate) const PLANE: usize = 32 * 32;

/// A record: the label, then the planes of R, G and B.
pub(crate) const RECORD: usize = 1 + 3 * PLANE;

/// The five training files, then the test file.
pub(crate) const FILES: [Pinned; 6] = [
    file("data_batch_1.bin", "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"),
    file("data_batch_2.bin", "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"),
    file("data_batch_3.bin", "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"),
    file("data_batch_4.bin", "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"),
    file("data_batch_5.bin", "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"),
    file("test_batch.bin", "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"),
];

const CLASSES: [&str; 10] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

const fn file(name: &'static str, sha256: &'static str) -> Pinned {
    Pinned { name, bytes: (IMAGES * RECORD) as u64, sha256 }
}

/// The training and the test images of the files in `folder`, verified.
pub(crate) fn open(folder: &Path) -> Result<(InMemory, InMemory), DataError> {
    if !folder.is_dir() {
        return Err(DataError::Missing { dataset: NAME, folder: folder.to_owned() });
    }
    let (train, test) = FILES.split_at(5);
    Ok((read(train, folder)?, read(test, folder)?))
}

/// Reads files in parallel, each into its place.
fn read(files: &[Pinned], folder: &Path) -> Result<InMemory, DataError> {
    let mut pixels = vec![0; files.len() * IMAGES * 3 * PLANE];
    let mut labels = vec![0; files.len() * IMAGES];
    files
        .par_iter()
        .zip(pixels.par_chunks_exact_mut(IMAGES * 3 * PLANE))
        .zip(labels.par_chunks_exact_mut(IMAGES))
        .try_for_each(|((file, pixels), labels)| {
            decode(&file.read(folder, NAME)?, &folder.join(file.name), pixels, labels)
        })?;
    Ok(InMemory::rgb((32, 32), pixels, labels, CLASSES.map(String::from).to_vec()))
}

/// Whole records as pixels, `[n, 32, 32, 3]`, and labels.
fn decode(records: &[u8], path: &Path, pixels: &mut [u8], labels: &mut [u32]) -> Result<(), DataError> {
    let targets = pixels.chunks_exact_mut(3 * PLANE).zip(labels);
    for (image, (record, (pixels, label))) in records.chunks_exact(RECORD).zip(targets).enumerate() {
        *label = u32::from(record[0]);
        if *label as usize >= CLASSES.len() {
            return Err(DataError::Label {
                path: path.to_owned(),
                dataset: NAME,
                image,
                label: *label,
                classes: CLASSES.len(),
            });
        }
        planes_to_pixels(&record[1..], pixels);
    }
    Ok(())
}

/// The planes of R, G and B as pixels.
pub(crate) fn planes_to_pixels(planes: &[u8], pixels: &mut [u8]) {
    let (red, rest) = planes.split_at(PLANE);
    let (green, blue) = rest.split_at(PLANE);
    for (pixel, ((&r, &g), &b)) in pixels.chunks_exact_mut(3).zip(red.iter().zip(green).zip(blue)) {
        pixel.copy_from_slice(&[r, g, b]);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{PLANE, RECORD, decode};

    fn record(label: u8) -> Vec<u8> {
        let planes = [[10; PLANE], [20; PLANE], [30; PLANE]].concat();
        [vec![label], planes].concat()
    }

    #[test]
    fn planes_become_pixels() {
        let mut two = [record(3), record(9)].concat();
        two[RECORD + 2] = 11;
        let (mut pixels, mut labels) = (vec![0; 2 * 3 * PLANE], [0; 2]);
        decode(&two, Path::new("x"), &mut pixels, &mut labels).unwrap();
        assert_eq!(labels, [3, 9]);
        assert_eq!(pixels[..6], [10, 20, 30, 10, 20, 30]);
        assert_eq!(pixels[3 * PLANE..][..6], [10, 20, 30, 11, 20, 30]);
    }

    #[test]
    fn a_label_beyond_the_classes_is_named_with_its_place() {
        let records = [record(3), record(10)].concat();
        let (mut pixels, mut labels) = (vec![0; 2 * 3 * PLANE], [0; 2]);
        let found = decode(&records, Path::new("data_batch_1.bin"), &mut pixels, &mut labels);
        let said = found.unwrap_err().to_string();
        let expected = "data_batch_1.bin: image 1 has the label 10; expected a number below 10; fetch again with: \
                        cargo xtask data cifar10";
        assert_eq!(said, expected);
    }
}
