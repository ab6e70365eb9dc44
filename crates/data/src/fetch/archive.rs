//! An official archive: fetched, held against its published length and SHA-256, then unpacked file by file.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use flate2::read::GzDecoder;
use tar::Archive;

use super::download::download;
use super::place::Workshop;
use crate::error::DataError;
use crate::{pinned, regular};

/// A gzipped tar archive that is known in advance.
pub(super) struct Official<'a> {
    /// The data set's name.
    pub(super) dataset: &'static str,
    pub(super) url: &'a str,
    pub(super) bytes: u64,
    pub(super) sha256: &'a str,
    /// The files that are wanted of it, by name without folder.
    pub(super) files: &'a [&'a str],
}

impl Official<'_> {
    /// Brings the wanted files into the temporary folder of the data set.
    pub(super) fn fetch(&self, shop: &mut Workshop<'_>) -> Result<(), DataError> {
        let name = self.url.rsplit('/').next().unwrap_or(self.url);
        let by_hand = shop.downloads.join(name).exists();
        let archive =
            download(self.url, shop.downloads, shop.progress).map_err(|error| DataError::ByHand {
                reason: error.to_string(),
                name: name.to_owned(),
                folder: shop.downloads.to_owned(),
            })?;
        shop.doing(format!("verifying {}", archive.display()));
        if let Err(error) = self.verify(&archive) {
            if by_hand {
                let reason = format!(
                    "it lay there already, is not the archive, and was left as it is ({error}); put the whole one in \
                     its place, or remove it so that it is fetched"
                );
                return Err(DataError::Format { path: archive, reason });
            }
            // Once more from the start next time, since this archive is no good.
            fs::remove_file(&archive).map_err(DataError::io(&archive))?;
            return Err(error);
        }
        shop.doing(format!("unpacking {}", archive.display()));
        self.unpack(&archive, shop.target)
    }

    fn verify(&self, archive: &Path) -> Result<(), DataError> {
        pinned::check_length(archive, self.bytes, self.dataset)?;
        let found = pinned::sha256_of_file(archive)?;
        if found != self.sha256 {
            let (path, expected) = (archive.to_owned(), self.sha256.to_owned());
            return Err(DataError::Checksum { path, dataset: self.dataset, expected, found });
        }
        Ok(())
    }

    /// Never holds a file in memory: the largest has 2.8 GB.
    fn unpack(&self, archive: &Path, target: &Path) -> Result<(), DataError> {
        let file = regular::open(archive).map_err(DataError::io(archive))?;
        let mut missing = self.files.to_vec();
        let mut tar = Archive::new(GzDecoder::new(file));
        for entry in tar.entries().map_err(DataError::io(archive))? {
            let mut entry = entry.map_err(DataError::io(archive))?;
            let name = entry.path().map_err(DataError::io(archive))?;
            let name = name.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !entry.header().entry_type().is_file() || !missing.contains(&name.as_str()) {
                continue;
            }
            missing.retain(|wanted| *wanted != name);
            let path = target.join(&name);
            let mut unpacked = File::create(&path).map_err(DataError::io(&path))?;
            io::copy(&mut entry, &mut unpacked).map_err(DataError::io(&path))?;
        }
        let Some(name) = missing.first() else { return Ok(()) };
        Err(DataError::Format { path: archive.join(name), reason: "not in the archive".into() })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::Official;
    use crate::fetch::place::Workshop;
    use crate::{DataError, pinned};

    /// An archive of these files, in a folder as the official ones are, in `folder`.
    fn archive(folder: &Path, files: &[(&str, &[u8])]) -> PathBuf {
        let writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let mut builder = tar::Builder::new(writer);
        for (name, bytes) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            builder.append_data(&mut header, format!("tiny-binary/{name}"), *bytes).unwrap();
        }
        let path = folder.join("source.tar.gz");
        fs::write(&path, builder.into_inner().unwrap().finish().unwrap()).unwrap();
        path
    }

    /// Fetches `files` from an archive that holds the letters `a` and `b`, after it was changed.
    fn fetched(files: &[&str], change: impl Fn(&mut Vec<u8>)) -> (Result<(), DataError>, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let path = archive(folder.path(), &[("a.bin", b"aaa"), ("b.txt", b"b"), ("readme", b"more")]);
        let mut bytes = fs::read(&path).unwrap();
        let (length, sha256) = (bytes.len() as u64, pinned::sha256(&bytes));
        change(&mut bytes);
        fs::write(&path, bytes).unwrap();
        let (downloads, target) = (folder.path().join("downloads"), folder.path().join("target"));
        fs::create_dir(&downloads).unwrap();
        fs::create_dir(&target).unwrap();
        let url = format!("file://{}", path.display());
        let official = Official { dataset: "tiny", url: &url, bytes: length, sha256: &sha256, files };
        let mut shop = Workshop { downloads: &downloads, target: &target, progress: &mut |_| () };
        (official.fetch(&mut shop), folder)
    }

    #[test]
    fn the_wanted_files_are_unpacked_and_no_others() {
        let (done, folder) = fetched(&["a.bin", "b.txt"], |_| ());
        done.unwrap();
        let target = folder.path().join("target");
        assert_eq!(fs::read(target.join("a.bin")).unwrap(), b"aaa");
        assert_eq!(fs::read(target.join("b.txt")).unwrap(), b"b");
        assert!(!target.join("readme").exists());
    }

    #[test]
    fn an_archive_without_a_wanted_file_is_refused() {
        let said = fetched(&["a.bin", "c.bin"], |_| ()).0.unwrap_err().to_string();
        assert!(said.ends_with("source.tar.gz/c.bin: not in the archive"), "{said}");
    }

    #[test]
    fn an_archive_that_was_put_there_is_taken_and_a_wrong_one_is_left_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = archive(folder.path(), &[("a.bin", b"aaa")]);
        let bytes = fs::read(&path).unwrap();
        let (downloads, target) = (folder.path().join("downloads"), folder.path().join("target"));
        fs::create_dir(&downloads).unwrap();
        fs::create_dir(&target).unwrap();
        let url = format!("file://{}/nowhere/letters.tar.gz", folder.path().display());
        let (length, sha256) = (bytes.len() as u64, pinned::sha256(&bytes));
        let official =
            Official { dataset: "tiny", url: &url, bytes: length, sha256: &sha256, files: &["a.bin"] };
        let mut shop = Workshop { downloads: &downloads, target: &target, progress: &mut |_| () };
        let said = official.fetch(&mut shop).unwrap_err().to_string();
        let way = format!("or fetch letters.tar.gz elsewhere and put it into {}", downloads.display());
        assert!(said.ends_with(&way), "{said}");
        let own = downloads.join("letters.tar.gz");
        fs::write(&own, &bytes[1..]).unwrap();
        let said = official.fetch(&mut shop).unwrap_err().to_string();
        assert!(said.contains("it lay there already") && own.exists(), "{said}");
        fs::write(&own, &bytes).unwrap();
        official.fetch(&mut shop).unwrap();
        assert_eq!(fs::read(target.join("a.bin")).unwrap(), b"aaa");
    }

    #[test]
    fn an_archive_of_other_bytes_is_refused_with_what_was_expected_and_removed() {
        let (done, folder) = fetched(&["a.bin"], |bytes| bytes.truncate(20));
        let said = done.unwrap_err().to_string();
        assert!(said.contains("source.tar.gz: expected 1") && said.contains(" bytes, found 20; "), "{said}");
        assert!(!folder.path().join("downloads/source.tar.gz").exists());
        let (done, folder) = fetched(&["a.bin"], |bytes| *bytes.last_mut().unwrap() ^= 1);
        let said = done.unwrap_err().to_string();
        assert!(said.contains("source.tar.gz: expected the SHA-256 "), "{said}");
        assert!(!folder.path().join("target/a.bin").exists());
    }
}
