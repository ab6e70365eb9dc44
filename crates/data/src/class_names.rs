//! The names of classes: those that an archive brings along, a text file with one a line, and those of folders.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fmt::Write;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::error::DataError;
use crate::regular;

/// More than any list of names has.
const MOST_BYTES: u64 = 1 << 20;

/// Reads `count` names; empty lines, such as one at the end, are none.
pub(crate) fn read(path: &Path, count: usize, dataset: &'static str) -> Result<Vec<String>, DataError> {
    let bytes = regular::read(path, MOST_BYTES).map_err(|error| match error.kind() {
        ErrorKind::NotFound => DataError::Missing { dataset, folder: path.to_owned() },
        _ => DataError::io(path)(error),
    })?;
    let text = String::from_utf8_lossy(&bytes);
    let names: Vec<String> =
        text.lines().map(str::trim).filter(|name| !name.is_empty()).map(String::from).collect();
    if names.len() != count {
        let found = names.len();
        let reason = format!(
            "expected {count} class names, found {found}; fetch again with: cargo xtask data {dataset}"
        );
        return Err(DataError::Format { path: path.to_owned(), reason });
    }
    Ok(names)
}

/// Names of folders as text; where two would be alike, the later one gets a number.
pub(crate) fn distinct(names: &[OsString]) -> Vec<String> {
    let mut texts: Vec<String> = Vec::with_capacity(names.len());
    let mut taken: HashSet<String> = HashSet::new();
    for name in names {
        let text = shown(name);
        let numbered = (2..).map(|number| format!("{text} ({number})"));
        let own = std::iter::once(text.clone()).chain(numbered).find(|text| !taken.contains(text));
        let own = own.expect("a number that is free");
        taken.insert(own.clone());
        texts.push(own);
    }
    texts
}

/// A name as text: bytes that are no UTF-8 stand as in `caf\xe9`.
pub(crate) fn shown(name: &OsStr) -> String {
    let mut text = String::new();
    for chunk in name.as_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{distinct, read};
    use std::ffi::{OsStr, OsString};
    use std::os::unix::ffi::OsStrExt;

    #[test]
    fn field_names_that_are_no_utf_8_stay_distinct() {
        let names = |names: &[&[u8]]| {
            let names: Vec<OsString> = names.iter().map(|name| OsStr::from_bytes(name).to_owned()).collect();
            distinct(&names)
        };
        assert_eq!(
            names(&[b"caf\xe8", b"caf\xe9", b"\xff\xfe", "café".as_bytes()]),
            [r"caf\xe8", r"caf\xe9", r"\xff\xfe", "café"]
        );
        assert_eq!(names(&[br"a\xe9", b"a\xe9", b"b"]), [r"a\xe9", r"a\xe9 (2)", "b"]);
        assert_eq!(names(&[br"a\xe9 (2)", br"a\xe9", b"a\xe9"]), [r"a\xe9 (2)", r"a\xe9", r"a\xe9 (3)"]);
    }

    #[test]
    fn names_stand_one_a_line_and_their_number_is_held_against_the_expected() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("names.txt");
        std::fs::write(&path, "apple\r\naquarium_fish\n\n").unwrap();
        assert_eq!(read(&path, 2, "tiny").unwrap(), ["apple", "aquarium_fish"]);
        let said = read(&path, 3, "tiny").unwrap_err().to_string();
        let wanted = "expected 3 class names, found 2; fetch again with: cargo xtask data tiny";
        assert_eq!(said, format!("{}: {wanted}", path.display()));
    }
}
