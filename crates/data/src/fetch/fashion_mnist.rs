//! Where Fashion-MNIST comes from: the official files, else Debian's package.

use std::fs;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;

use super::download::download;
use super::origin::{Origin, Package};
use super::place::{Source, Workshop};
use super::program;
use crate::error::DataError;
use crate::fashion_mnist::{FILES, NAME};
use crate::{pinned, regular};

const OFFICIAL: &str = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com";

const PACKAGE: &str = "dataset-fashion-mnist";
const PACKAGE_FOLDER: &str = "usr/share/datasets/fashion-mnist";

pub(super) fn source() -> Source {
    let ways: Vec<(_, super::place::Way)> =
        vec![("the official site", official), ("Debian's package", package)];
    Source { name: NAME, whole, ways }
}

fn whole(folder: &Path) -> Result<(), DataError> {
    pinned::read_all(&FILES, folder, NAME).map(drop)
}

pub(super) fn origin() -> Origin {
    Origin {
        source: crate::open::Source::FashionMnist,
        site: official_file(FILES[1].name),
        package: Some(Package { program: "apt-get", words: "Debian's package" }),
    }
}

fn official_file(name: &str) -> String {
    format!("{OFFICIAL}/{name}.gz")
}

fn official(shop: &mut Workshop<'_>) -> Result<(), DataError> {
    for file in &FILES {
        let packed = download(&official_file(file.name), shop.downloads, shop.progress)?;
        let bytes = unpack(&packed);
        // Once more from the start next time, if this file is no good.
        fs::remove_file(&packed).map_err(DataError::io(&packed))?;
        shop.write(file.name, &bytes?)?;
    }
    Ok(())
}

fn package(shop: &mut Workshop<'_>) -> Result<(), DataError> {
    shop.doing("fetching Fashion-MNIST through apt-get (31 MB)");
    program::run("apt-get", &["download", PACKAGE], shop.downloads)?;
    let list = fs::read_dir(shop.downloads).map_err(DataError::io(shop.downloads))?;
    let mut names = list.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    // Beside it lies at most a download from the official site, named after the data set's own files.
    let Some(archive) = names.find(|name| name.starts_with(PACKAGE)) else {
        let reason = format!("expected a file {PACKAGE}_*.deb from apt-get download, found none");
        return Err(DataError::Format { path: shop.downloads.to_owned(), reason });
    };
    shop.doing("unpacking Fashion-MNIST");
    program::run("dpkg-deb", &["-x", &archive, "."], shop.downloads)?;
    for file in &FILES {
        let packed = shop.downloads.join(PACKAGE_FOLDER).join(format!("{}.gz", file.name));
        shop.write(file.name, &unpack(&packed)?)?;
    }
    Ok(())
}

fn unpack(path: &Path) -> Result<Vec<u8>, DataError> {
    let file = regular::open(path).map_err(DataError::io(path))?;
    let mut bytes = Vec::new();
    GzDecoder::new(file).read_to_end(&mut bytes).map_err(DataError::io(path))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::unpack;

    #[test]
    fn a_gzipped_file_is_unpacked_and_a_truncated_one_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.gz");
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        writer.write_all(b"some letters").unwrap();
        let packed = writer.finish().unwrap();
        fs::write(&path, &packed).unwrap();
        assert_eq!(unpack(&path).unwrap(), b"some letters");
        fs::write(&path, &packed[..packed.len() - 9]).unwrap();
        assert!(unpack(&path).unwrap_err().to_string().starts_with(&path.display().to_string()));
    }
}
