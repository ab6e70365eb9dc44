//! Files whose length and SHA-256 are known in advance.

use std::fs;
use std::io::{ErrorKind, Read};
use std::path::Path;

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use sha2::{Digest, Sha256};

use crate::error::DataError;
use crate::regular;

/// A file of a data set, as it lies in the cache.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pinned {
    pub(crate) name: &'static str,
    pub(crate) bytes: u64,
    pub(crate) sha256: &'static str,
}

impl Pinned {
    /// Reads the file whole and holds it against what is known.
    pub(crate) fn read(&self, folder: &Path, dataset: &'static str) -> Result<Vec<u8>, DataError> {
        let path = folder.join(self.name);
        check_length(&path, self.bytes, dataset)?;
        let bytes = fs::read(&path).map_err(DataError::io(&path))?;
        let found = sha256(&bytes);
        if found != self.sha256 {
            return Err(DataError::Checksum { path, dataset, expected: self.sha256.into(), found });
        }
        Ok(bytes)
    }
}

/// Reads files in parallel; they come back in their order.
pub(crate) fn read_all(
    files: &[Pinned],
    folder: &Path,
    dataset: &'static str,
) -> Result<Vec<Vec<u8>>, DataError> {
    files.par_iter().map(|file| file.read(folder, dataset)).collect()
}

/// Refuses a file that is not there, or that has another length.
pub(crate) fn check_length(path: &Path, expected: u64, dataset: &'static str) -> Result<(), DataError> {
    match fs::metadata(path) {
        Ok(file) if !file.is_file() => regular::check(file.file_type()).map_err(DataError::io(path)),
        Ok(file) if file.len() == expected => Ok(()),
        Ok(file) => Err(DataError::Size { path: path.to_owned(), dataset, expected, found: file.len() }),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(DataError::Missing { dataset, folder: path.to_owned() })
        }
        Err(error) => Err(DataError::io(path)(error)),
    }
}

/// SHA-256 of a file of any length, as 64 hexadecimal digits.
pub(crate) fn sha256_of_file(path: &Path) -> Result<String, DataError> {
    let mut file = regular::open(path).map_err(DataError::io(path))?;
    let (mut hasher, mut piece) = (Sha256::new(), vec![0; 1 << 20]);
    loop {
        match file.read(&mut piece).map_err(DataError::io(path))? {
            0 => return Ok(hex::encode(hasher.finalize())),
            read => hasher.update(&piece[..read]),
        }
    }
}

/// SHA-256 as 64 hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::{Pinned, sha256, sha256_of_file};

    /// FIPS 180-2, appendix B.1.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn the_digest_is_that_of_the_standard() {
        assert_eq!(sha256(b"abc"), ABC);
    }

    #[test]
    fn a_file_is_held_against_its_length_and_its_digest() {
        let folder = tempfile::tempdir().unwrap();
        let file = Pinned { name: "letters", bytes: 3, sha256: ABC };
        let read = || file.read(folder.path(), "tiny").map_err(|error| error.to_string());
        let again = "fetch again with: cargo xtask data tiny";
        let path = folder.path().join("letters");

        assert!(read().unwrap_err().ends_with("tiny is not there; fetch it with: cargo xtask data tiny"));
        std::fs::write(&path, "ab").unwrap();
        assert_eq!(read().unwrap_err(), format!("{}: expected 3 bytes, found 2; {again}", path.display()));
        std::fs::write(&path, "abd").unwrap();
        let found = sha256(b"abd");
        let expected = format!("{}: expected the SHA-256 {ABC}, found {found}; {again}", path.display());
        assert_eq!(read().unwrap_err(), expected);
        std::fs::write(&path, "abc").unwrap();
        assert_eq!(read().unwrap(), b"abc");
        assert_eq!(sha256_of_file(&path).unwrap(), ABC);
    }
}
