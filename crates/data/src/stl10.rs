//! STL-10 (Coates, Ng and Lee 2011) in its official binary layout, read image by image from its files of 2.9 GB.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kontrast_augment::ImageRef;

use crate::classes::Classes;
use crate::dataset::Dataset;
use crate::error::DataError;
use crate::split::{Split, Splits};
use crate::{class_names, pinned, regular};

/// The name in experiment files and in the cache.
pub(crate) const NAME: &str = "stl10";

/// Images and labels of the training and of the test split, images without labels, and the names of the classes.
pub(crate) const FILES: [&str; 6] =
    ["train_X.bin", "train_y.bin", "test_X.bin", "test_y.bin", "unlabeled_X.bin", "class_names.txt"];

const CLASSES: usize = 10;

/// Pixels of a side, bytes of a colour plane, and of an image: the planes of R, G and B, each column by column.
const SIDE: usize = 96;
const PLANE: usize = SIDE * SIDE;
const IMAGE: usize = 3 * PLANE;

/// How many images there are.
#[derive(Clone, Copy)]
struct Counts {
    train: usize,
    test: usize,
    unlabelled: usize,
}

const COUNTS: Counts = Counts { train: 5_000, test: 8_000, unlabelled: 100_000 };

/// The splits of the files in `folder`: trained on are the labelled images, and with `unlabelled` the others after
/// them. Lengths and labels are checked; the archive that the files come from was verified when it was fetched.
pub(crate) fn open(folder: &Path, unlabelled: bool) -> Result<Splits, DataError> {
    open_counted(folder, unlabelled, COUNTS)
}

fn open_counted(folder: &Path, unlabelled: bool, counts: Counts) -> Result<Splits, DataError> {
    if !folder.is_dir() {
        return Err(DataError::Missing { dataset: NAME, folder: folder.to_owned() });
    }
    let [train, train_labels, test, test_labels, others, names] = FILES.map(|name| folder.join(name));
    let names = class_names::read(&names, CLASSES, NAME)?;
    let part = Part::open(train, counts.train)?;
    let train = classes(part.clone(), &train_labels, &names)?;
    let test = classes(Part::open(test, counts.test)?, &test_labels, &names)?;
    let train = if unlabelled {
        let parts = vec![part, Part::open(others, counts.unlabelled)?];
        Split::Partly { images: Arc::new(Images { parts }), labelled: Arc::new(train) }
    } else {
        Split::Labelled(Arc::new(train))
    };
    Ok(Splits::new(train, Some(Arc::new(test))))
}

/// Images of one file.
#[derive(Clone, Debug)]
struct Part {
    file: Arc<(PathBuf, File)>,
    images: usize,
}

/// Images of one file after another.
#[derive(Debug)]
struct Images {
    parts: Vec<Part>,
}

impl Part {
    /// Opens a file that holds so many images.
    fn open(path: PathBuf, images: usize) -> Result<Self, DataError> {
        pinned::check_length(&path, (images * IMAGE) as u64, NAME)?;
        let file = regular::open(&path).map_err(DataError::io(&path))?;
        Ok(Self { file: Arc::new((path, file)), images })
    }
}

/// Images with their labels, which are a byte each from 1 to 10.
fn classes(part: Part, path: &Path, names: &[String]) -> Result<Classes<Images>, DataError> {
    pinned::check_length(path, part.images as u64, NAME)?;
    let bytes = fs::read(path).map_err(DataError::io(path))?;
    if let Some(image) = bytes.iter().position(|label| !(1..=CLASSES).contains(&usize::from(*label))) {
        let label = bytes[image];
        let reason = format!(
            "image {image} has the label {label}; expected 1 to {CLASSES}; fetch again with: cargo xtask data {NAME}"
        );
        return Err(DataError::Format { path: path.to_owned(), reason });
    }
    let labels = bytes.iter().map(|&label| u32::from(label) - 1).collect();
    Ok(Classes::new(Images { parts: vec![part] }, labels, names.to_vec()))
}

impl Dataset for Images {
    fn len(&self) -> usize {
        self.parts.iter().map(|part| part.images).sum()
    }

    fn size(&self, _index: usize) -> Result<(usize, usize), DataError> {
        Ok((SIDE, SIDE))
    }

    /// Reads the image behind the place where its pixels are put, so that the caller's memory is enough for both.
    fn image<'a>(&'a self, mut index: usize, buffer: &'a mut Vec<u8>) -> Result<ImageRef<'a>, DataError> {
        let mut parts = self.parts.iter();
        let part = loop {
            let part = parts.next().expect("an index inside the data set");
            match index.checked_sub(part.images) {
                Some(rest) => index = rest,
                None => break part,
            }
        };
        let (path, file) = &*part.file;
        buffer.resize(2 * IMAGE, 0);
        let (pixels, stored) = buffer.split_at_mut(IMAGE);
        file.read_exact_at(stored, (index * IMAGE) as u64).map_err(DataError::io(path))?;
        columns_to_rows(stored, pixels);
        Ok(ImageRef::new(SIDE, SIDE, pixels))
    }
}

/// Planes that are stored column by column as pixels, `[96, 96, 3]`.
fn columns_to_rows(planes: &[u8], pixels: &mut [u8]) {
    for (y, row) in pixels.chunks_exact_mut(3 * SIDE).enumerate() {
        for (x, pixel) in row.chunks_exact_mut(3).enumerate() {
            for (channel, value) in pixel.iter_mut().enumerate() {
                *value = planes[channel * PLANE + x * SIDE + y];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{Counts, FILES, IMAGE, PLANE, SIDE, open_counted};
    use crate::split::Splits;

    const TINY: Counts = Counts { train: 2, test: 1, unlabelled: 3 };

    /// The six files of the official layout, tiny: every image is one value, 1 and 2, then 3, then 4 to 6.
    fn stand_in(folder: &Path) {
        let images = |values: &[u8]| values.iter().flat_map(|&value| vec![value; IMAGE]).collect::<Vec<u8>>();
        let names = "airplane\nbird\ncar\ncat\ndeer\ndog\nhorse\nmonkey\nship\ntruck\n";
        let contents = [
            images(&[1, 2]),
            vec![10, 1],
            images(&[3]),
            vec![6],
            images(&[4, 5, 6]),
            names.as_bytes().to_vec(),
        ];
        for (name, bytes) in FILES.iter().zip(contents) {
            fs::write(folder.join(name), bytes).unwrap();
        }
    }

    /// What is said of the stand-in once a file is written over.
    fn said(name: &str, bytes: &[u8]) -> String {
        let folder = tempfile::tempdir().unwrap();
        stand_in(folder.path());
        fs::write(folder.path().join(name), bytes).unwrap();
        let said = open_counted(folder.path(), true, TINY).map(|_| ()).unwrap_err().to_string();
        said.replace(&format!("{}/", folder.path().display()), "")
    }

    /// The first byte of each training image.
    fn values(splits: &Splits) -> Vec<u8> {
        let (images, mut buffer) = (splits.train.images(), Vec::new());
        (0..images.len()).map(|index| images.image(index, &mut buffer).unwrap().pixels[0]).collect()
    }

    #[test]
    fn labels_count_from_one_in_the_file_and_from_zero_here() {
        let folder = tempfile::tempdir().unwrap();
        stand_in(folder.path());
        let splits = open_counted(folder.path(), false, TINY).unwrap();
        let (train, test) = (splits.train.labelled().unwrap(), splits.test.as_ref().unwrap());
        assert_eq!((values(&splits), train.labels(), test.labels()), (vec![1, 2], vec![9, 0], vec![5]));
        assert_eq!((train.class_names()[9].as_str(), test.class_names()[5].as_str()), ("truck", "dog"));
    }

    #[test]
    fn images_without_labels_come_after_those_with_and_the_labels_stay() {
        let folder = tempfile::tempdir().unwrap();
        stand_in(folder.path());
        let splits = open_counted(folder.path(), true, TINY).unwrap();
        assert_eq!(values(&splits), [1, 2, 4, 5, 6]);
        assert_eq!(splits.train.labelled().unwrap().labels(), [9, 0]);
    }

    #[test]
    fn planes_that_lie_column_by_column_become_rows_of_pixels() {
        let folder = tempfile::tempdir().unwrap();
        stand_in(folder.path());
        let mut images = vec![0; 2 * IMAGE];
        // In the second image: red at column 3 of row 1, green at column 0 of row 2, blue in the last corner.
        images[IMAGE + 3 * SIDE + 1] = 7;
        images[IMAGE + PLANE + 2] = 8;
        images[2 * IMAGE - 1] = 9;
        fs::write(folder.path().join("train_X.bin"), images).unwrap();
        let splits = open_counted(folder.path(), false, TINY).unwrap();
        let (images, mut buffer) = (splits.train.images(), Vec::new());
        let image = images.image(1, &mut buffer).unwrap();
        let pixel = |x: usize, y: usize| &image.pixels[(y * SIDE + x) * 3..][..3];
        assert_eq!((image.width, image.height), (SIDE, SIDE));
        assert_eq!(
            (pixel(3, 1), pixel(0, 2), pixel(95, 95)),
            (&[7, 0, 0][..], &[0, 8, 0][..], &[0, 0, 9][..])
        );
        assert_eq!(image.pixels.iter().map(|&value| u32::from(value)).sum::<u32>(), 24);
    }

    #[test]
    fn files_of_another_length_and_labels_out_of_range_are_refused() {
        let again = "fetch again with: cargo xtask data stl10";
        let size =
            |expected: usize, found: usize| format!("expected {expected} bytes, found {found}; {again}");
        let cut = vec![0; 3 * IMAGE - 1];
        assert_eq!(said("unlabeled_X.bin", &cut), format!("unlabeled_X.bin: {}", size(3 * IMAGE, cut.len())));
        assert_eq!(said("train_y.bin", &[1, 2, 3]), format!("train_y.bin: {}", size(2, 3)));
        let label = |image: usize, label: u8| {
            format!("image {image} has the label {label}; expected 1 to 10; {again}")
        };
        assert_eq!(said("train_y.bin", &[1, 0]), format!("train_y.bin: {}", label(1, 0)));
        assert_eq!(said("test_y.bin", &[11]), format!("test_y.bin: {}", label(0, 11)));
        let names = format!("class_names.txt: expected 10 class names, found 1; {again}");
        assert_eq!(said("class_names.txt", b"airplane\n"), names);
    }
}
