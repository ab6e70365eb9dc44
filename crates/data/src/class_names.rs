//! The class names that an archive brings along: a text file, one name a line.

use std::io::ErrorKind;
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

#[cfg(test)]
mod tests {
    use super::read;

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
