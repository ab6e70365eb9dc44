//! Puts a verified data set into the cache: under a lock, in a temporary folder, renamed when whole.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::progress::FetchProgress;
use crate::error::DataError;
use crate::open::folder_of;

/// A data set that can be fetched.
pub(crate) struct Source {
    pub(crate) name: &'static str,
    /// Says what is wrong with its folder.
    pub(crate) whole: fn(&Path) -> Result<(), DataError>,
    /// Tried in this order, each with a name for messages.
    pub(crate) ways: Vec<(&'static str, Way)>,
}

/// Writes the files of a data set into [`Workshop::target`].
pub(crate) type Way = fn(&mut Workshop<'_>) -> Result<(), DataError>;

/// Where a way works.
pub(crate) struct Workshop<'a> {
    /// Downloads, which stay here when they break off.
    pub(crate) downloads: &'a Path,
    /// The temporary folder that becomes the data set.
    pub(crate) target: &'a Path,
    /// Who wants to know.
    pub(crate) progress: &'a mut dyn FnMut(FetchProgress),
}

impl Workshop<'_> {
    pub(crate) fn doing(&mut self, what: impl Into<String>) {
        (self.progress)(FetchProgress::Doing(what.into()));
    }

    /// Writes one file of the data set.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), DataError> {
        let path = self.target.join(name);
        fs::write(&path, bytes).map_err(DataError::io(&path))
    }
}

/// Fetches a data set unless it lies in the cache whole.
pub(crate) fn fetch(
    source: &Source,
    cache: &Path,
    progress: &mut dyn FnMut(FetchProgress),
) -> Result<PathBuf, DataError> {
    let folder = folder_of(cache, source.name);
    let data = cache.join("data");
    fs::create_dir_all(&data).map_err(DataError::io(&data))?;
    let _lock = lock(&data.join(format!(".{}.lock", source.name)), progress)?;
    if folder.exists() {
        progress(FetchProgress::Doing(format!("verifying {}", folder.display())));
        match (source.whole)(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) => progress(FetchProgress::Doing(format!("replacing a damaged data set ({error})"))),
        }
    }
    let downloads = data.join(format!(".{}.downloads", source.name));
    let target = data.join(format!(".{}.new", source.name));
    fs::create_dir_all(&downloads).map_err(DataError::io(&downloads))?;
    let mut attempts = Vec::new();
    for (name, way) in &source.ways {
        // What a killed process left here.
        clear(&target)?;
        fs::create_dir(&target).map_err(DataError::io(&target))?;
        let tried = way(&mut Workshop { downloads: &downloads, target: &target, progress });
        match tried.and_then(|()| (source.whole)(&target)) {
            Ok(()) => {
                clear(&folder)?;
                fs::rename(&target, &folder).map_err(DataError::io(&folder))?;
                clear(&downloads)?;
                return Ok(folder);
            }
            Err(error) => attempts.push(format!("{name}: {error}")),
        }
    }
    clear(&target)?;
    Err(DataError::Fetch { dataset: source.name, attempts })
}

/// Holds a file lock, which the system releases even when the process is killed.
fn lock(path: &Path, progress: &mut dyn FnMut(FetchProgress)) -> Result<File, DataError> {
    let file = File::create(path).map_err(DataError::io(path))?;
    if file.try_lock().is_err() {
        progress(FetchProgress::Doing("waiting for another process that fetches the same data set".into()));
        file.lock().map_err(DataError::io(path))?;
    }
    Ok(file)
}

/// Removes a folder, if it is there.
fn clear(folder: &Path) -> Result<(), DataError> {
    if folder.exists() { fs::remove_dir_all(folder).map_err(DataError::io(folder)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{Source, Way, Workshop, fetch};
    use crate::error::DataError;
    use crate::pinned::{Pinned, read_all};

    /// Two letters; the digest of FIPS 180-2's "abc" is B.1's.
    const FILES: &[Pinned] = &[Pinned {
        name: "letters",
        bytes: 3,
        sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    }];

    fn whole(folder: &Path) -> Result<(), DataError> {
        read_all(FILES, folder, "tiny").map(drop)
    }

    fn right(shop: &mut Workshop<'_>) -> Result<(), DataError> {
        shop.write("letters", b"abc")
    }

    fn wrong(shop: &mut Workshop<'_>) -> Result<(), DataError> {
        shop.write("letters", b"abd")
    }

    fn broken(shop: &mut Workshop<'_>) -> Result<(), DataError> {
        shop.write("half", b"a")?;
        Err(DataError::Program { program: "server".into(), reason: "no answer".into() })
    }

    fn source(ways: Vec<(&'static str, Way)>) -> Source {
        Source { name: "tiny", whole, ways }
    }

    #[test]
    fn the_second_way_is_taken_where_the_first_fails() {
        let cache = tempfile::tempdir().unwrap();
        let ways: Vec<(&'static str, Way)> = vec![("site", broken), ("package", right)];
        let folder = fetch(&source(ways), cache.path(), &mut |_| ()).unwrap();
        assert_eq!(folder, cache.path().join("data/tiny"));
        let names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["letters"], "nothing of the first way is left");
    }

    #[test]
    fn a_wrong_file_never_reaches_the_cache_and_every_way_is_named() {
        let cache = tempfile::tempdir().unwrap();
        let ways: Vec<(&'static str, Way)> = vec![("site", broken), ("package", wrong)];
        let said = fetch(&source(ways), cache.path(), &mut |_| ()).unwrap_err().to_string();
        assert!(said.starts_with("tiny cannot be fetched: site: server: no answer; package: "), "{said}");
        assert!(said.contains("expected the SHA-256 ba7816bf"), "{said}");
        assert!(!cache.path().join("data/tiny").exists() && !cache.path().join("data/.tiny.new").exists());
    }

    #[test]
    fn a_whole_data_set_is_left_alone_and_a_damaged_one_is_replaced() {
        let cache = tempfile::tempdir().unwrap();
        let folder = fetch(&source(vec![("site", right)]), cache.path(), &mut |_| ()).unwrap();
        fetch(&source(vec![("site", broken)]), cache.path(), &mut |_| ()).unwrap();
        fs::write(folder.join("letters"), "ab").unwrap();
        fetch(&source(vec![("site", right)]), cache.path(), &mut |_| ()).unwrap();
        assert_eq!(fs::read(folder.join("letters")).unwrap(), b"abc");
    }

    #[test]
    fn what_a_killed_process_left_is_cleared() {
        let cache = tempfile::tempdir().unwrap();
        let left = cache.path().join("data/.tiny.new");
        fs::create_dir_all(&left).unwrap();
        fs::write(left.join("half"), "a").unwrap();
        let folder = fetch(&source(vec![("site", right)]), cache.path(), &mut |_| ()).unwrap();
        assert!(!folder.join("half").exists() && !left.exists());
    }
}
