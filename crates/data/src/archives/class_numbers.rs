//! Numbers of classes beside images: WebDataset writes `0001.jpg` and `0001.cls`.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::error::DataError;
use crate::walk::Files;

/// The class of each sample, by the path without what follows the first dot of its name.
#[derive(Debug, Default)]
pub(crate) struct ClassNumbers(HashMap<PathBuf, u32>);

impl ClassNumbers {
    /// Reads the files that end in `.cls`.
    pub(super) fn read<'p>(
        paths: impl Iterator<Item = &'p PathBuf>,
        read: impl Fn(&Path) -> io::Result<Vec<u8>>,
    ) -> Result<Self, DataError> {
        let mut numbers = HashMap::new();
        for path in paths.filter(|path| path.extension().is_some_and(|ending| ending == "cls")) {
            let bytes = read(path).map_err(DataError::io(path))?;
            let text = String::from_utf8_lossy(&bytes);
            let Ok(number) = text.trim().parse() else {
                let found: String = text.trim().chars().take(20).collect();
                let reason = format!("expected the number of a class, as in 7, found {found:?}");
                return Err(DataError::Format { path: path.clone(), reason });
            };
            numbers.insert(sample(path), number);
        }
        Ok(Self(numbers))
    }

    /// Images side by side by their classes, in the order of the numbers, where each has one. Else as they were, and a
    /// sentence where only some have one.
    pub(crate) fn classes(&self, images: Vec<PathBuf>) -> (Files, Option<String>) {
        let numbers: Vec<_> = images.iter().map(|path| self.0.get(&sample(path)).copied()).collect();
        let without = numbers.iter().filter(|number| number.is_none()).count();
        if without > 0 {
            let note = (without < images.len()).then(|| {
                format!(
                    "{without} of {} images have no .cls beside them, so that no classes are taken from these",
                    images.len()
                )
            });
            return (Files::Flat(images), note);
        }
        let mut classes: BTreeMap<u32, Vec<PathBuf>> = BTreeMap::new();
        for (image, number) in images.into_iter().zip(numbers.into_iter().flatten()) {
            classes.entry(number).or_default().push(image);
        }
        let named = classes.into_iter().map(|(number, images)| (OsString::from(number.to_string()), images));
        (Files::Classes(named.collect()), None)
    }
}

/// What the files of one sample have in common.
fn sample(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().as_bytes();
    let end = name.iter().position(|&byte| byte == b'.').unwrap_or(name.len());
    path.with_file_name(OsString::from_vec(name[..end].to_vec()))
}
