//! Fashion-MNIST (Xiao, Rasul and Vollgraf 2017, arXiv 1708.07747): IDX files, unpacked.

use std::path::Path;

use crate::error::DataError;
use crate::memory::InMemory;
use crate::pinned::{self, Pinned};

/// The name in experiment files and in the cache.
pub(crate) const NAME: &str = "fashion-mnist";

/// Images and labels of the training split, then of the test split.
pub(crate) const FILES: [Pinned; 4] = [
    Pinned {
        name: "train-images-idx3-ubyte",
        bytes: 47_040_016,
        sha256: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    },
    Pinned {
        name: "train-labels-idx1-ubyte",
        bytes: 60_008,
        sha256: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    },
    Pinned {
        name: "t10k-images-idx3-ubyte",
        bytes: 7_840_016,
        sha256: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    },
    Pinned {
        name: "t10k-labels-idx1-ubyte",
        bytes: 10_008,
        sha256: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    },
];

const CLASSES: [&str; 10] = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
];

/// The training and the test images of the files in `folder`, verified.
pub(crate) fn open(folder: &Path) -> Result<(InMemory, InMemory), DataError> {
    if !folder.is_dir() {
        return Err(DataError::Missing { dataset: NAME, folder: folder.to_owned() });
    }
    let files = pinned::read_all(&FILES, folder, NAME)?;
    let path = |which: usize| folder.join(FILES[which].name);
    let split = |images: usize| decode(&files[images], &path(images), &files[images + 1], &path(images + 1));
    Ok((split(0)?, split(2)?))
}

fn decode(
    images: &[u8],
    images_path: &Path,
    labels: &[u8],
    labels_path: &Path,
) -> Result<InMemory, DataError> {
    let (sizes, pixels) = idx(images, images_path)?;
    let (counts, labels) = idx(labels, labels_path)?;
    let wrong = |path: &Path, reason: String| DataError::Format { path: path.to_owned(), reason };
    let &[count, height, width] = &sizes[..] else {
        return Err(wrong(images_path, format!("expected images in three dimensions, found {sizes:?}")));
    };
    if counts != [count] {
        return Err(wrong(labels_path, format!("expected {count} labels, found {counts:?}")));
    }
    if let Some(image) = labels.iter().position(|&label| usize::from(label) >= CLASSES.len()) {
        return Err(DataError::Label {
            path: labels_path.to_owned(),
            dataset: NAME,
            image,
            label: u32::from(labels[image]),
            classes: CLASSES.len(),
        });
    }
    let labels = labels.iter().map(|&label| u32::from(label)).collect();
    Ok(InMemory::gray((width, height), pixels.to_vec(), labels, CLASSES.map(String::from).to_vec()))
}

/// The sizes and the bytes of an IDX file: two zero bytes, the type (8 is bytes), the number of dimensions,
/// each size as four bytes (high first), then the data.
fn idx<'a>(file: &'a [u8], path: &Path) -> Result<(Vec<usize>, &'a [u8]), DataError> {
    let wrong = |reason: &str| DataError::Format { path: path.to_owned(), reason: reason.into() };
    let (&magic, rest) = file.split_first_chunk::<4>().ok_or_else(|| wrong("it ends before its header"))?;
    let [0, 0, 8, dimensions] = magic else {
        return Err(wrong("expected an IDX file of bytes, found another header"));
    };
    let header = usize::from(dimensions) * 4;
    let (header, data) = rest.split_at_checked(header).ok_or_else(|| wrong("it ends within its header"))?;
    let (sizes, _) = header.as_chunks::<4>();
    let sizes: Vec<usize> = sizes.iter().map(|&size| u32::from_be_bytes(size) as usize).collect();
    if sizes.iter().product::<usize>() != data.len() {
        return Err(wrong(&format!("expected {sizes:?} bytes after the header, found {}", data.len())));
    }
    Ok((sizes, data))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::decode;
    use crate::dataset::{Dataset, Labelled};

    const IMAGES: [u8; 20] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4];
    const LABELS: [u8; 10] = [0, 0, 8, 1, 0, 0, 0, 2, 9, 0];

    fn decoded(images: &[u8], labels: &[u8]) -> Result<crate::InMemory, String> {
        decode(images, Path::new("images"), labels, Path::new("labels")).map_err(|error| error.to_string())
    }

    #[test]
    fn two_tiny_images_are_read() {
        let images = decoded(&IMAGES, &LABELS).unwrap();
        assert_eq!((images.len(), images.size(0).unwrap(), images.labels()), (2, (2, 1), vec![9, 0]));
        assert_eq!(images.image(1, &mut Vec::new()).unwrap().pixels, [3, 4]);
    }

    #[test]
    fn a_label_beyond_the_classes_is_named_with_its_place() {
        let mut labels = LABELS;
        labels[9] = 10;
        let said = decoded(&IMAGES, &labels).unwrap_err();
        let expected = "labels: image 1 has the label 10; expected a number below 10; fetch again with: cargo xtask \
                        data fashion-mnist";
        assert_eq!(said, expected);
    }

    #[test]
    fn files_that_do_not_fit_are_refused() {
        let said = decoded(&IMAGES[..19], &LABELS).unwrap_err();
        assert_eq!(said, "images: expected [2, 1, 2] bytes after the header, found 3");
        assert_eq!(decoded(&IMAGES[..9], &LABELS).unwrap_err(), "images: it ends within its header");
        let said = decoded(&IMAGES, &[0, 0, 8, 1, 0, 0, 0, 1, 9]).unwrap_err();
        assert_eq!(said, "labels: expected 2 labels, found [1]");
        let said = decoded(b"PNG file", &LABELS).unwrap_err();
        assert_eq!(said, "images: expected an IDX file of bytes, found another header");
    }
}
