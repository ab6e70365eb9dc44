//! The labels of scans: a CSV file with a line a patient, or a line a file or folder.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use crate::coverage;
use crate::csv_file::line_of;
use crate::error::DataError;
use crate::layout::{is_test, is_train};

/// The columns that are read; the first two name a scan, and one of them has to be there.
const COLUMNS: [&str; 4] = ["patient", "file", "label", "split"];

/// Lines by what they name.
#[derive(Debug)]
pub(crate) struct Labels {
    path: PathBuf,
    by_file: bool,
    lines: HashMap<String, Line>,
}

/// What a line says.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) number: u64,
    pub(crate) label: String,
    pub(crate) test: bool,
}

impl Labels {
    /// Reads a file.
    ///
    /// # Errors
    /// With file and line: a missing column, an empty field, a scan that is named twice.
    pub(crate) fn read(path: &Path) -> Result<Self, DataError> {
        let at = |line: u64, reason: String| DataError::Line { path: path.to_owned(), line, reason };
        let text = std::fs::read(path).map_err(|error| DataError::Layout {
            folder: path.to_owned(),
            reason: format!(
                "{error}; data.scans.labels names a CSV file, from the folder on in which the command runs"
            ),
        })?;
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(&text[..]);
        let wrong = |error: csv::Error| {
            at(error.position().map_or(1, |place| line_of(&text, place)), error.to_string())
        };
        let header = reader.headers().map_err(wrong)?.clone();
        let columns = COLUMNS.map(|name| header.iter().position(|column| column == name));
        let [patient, file, label, split] = columns;
        let found = || header.iter().map(|column| format!("{column:?}")).collect::<Vec<_>>().join(", ");
        let (Some(key), Some(label)) = (patient.xor(file), label) else {
            let expected = "a line of headings with the columns label, and either patient or file, and split where there is one";
            return Err(at(1, format!("expected {expected}, found {}", found())));
        };
        let mut lines: HashMap<String, Line> = HashMap::new();
        for record in reader.records() {
            let record = record.map_err(wrong)?;
            let number = record.position().map_or(0, |place| line_of(&text, place));
            let field = |column: usize| record.get(column).unwrap_or_default();
            for (name, column) in COLUMNS.iter().zip(columns) {
                if column.is_some_and(|column| field(column).is_empty()) {
                    return Err(at(number, format!("{name} is empty; fill it, or leave the line out")));
                }
            }
            let test = match split.map(|split| field(split).to_ascii_lowercase()).as_deref() {
                None => false,
                Some(name) if is_train(name) => false,
                Some(name) if is_test(name) => true,
                Some(name) => {
                    return Err(at(number, format!("split is {name:?}; expected train or test (or val)")));
                }
            };
            let line = Line { number, label: field(label).to_owned(), test };
            let name = field(key).trim_start_matches("./").trim_end_matches('/').to_owned();
            if let Some(before) = lines.insert(name.clone(), line) {
                return Err(at(
                    number,
                    format!("{name} stands on line {} already; name each once", before.number),
                ));
            }
        }
        if lines.is_empty() {
            return Err(at(
                1,
                "expected a line for each patient or file below this one, found none".to_owned(),
            ));
        }
        Ok(Self { path: path.to_owned(), by_file: file.is_some(), lines })
    }

    /// The line of a scan: that of its patient, or of its file or the nearest folder above it, from the folder of scans on.
    pub(crate) fn line(&self, patient: &str, file: &Path) -> Option<(&str, &Line)> {
        let found = |name: &str| self.lines.get_key_value(name).map(|(name, line)| (name.as_str(), line));
        if !self.by_file {
            return found(patient);
        }
        file.ancestors().find_map(|path| found(&path.to_string_lossy()))
    }

    /// What is said of scans without a line.
    pub(crate) fn missing(&self, unnamed: &BTreeSet<String>) -> Option<String> {
        let what = if self.by_file { "file" } else { "patient" };
        let list = coverage::listed(unnamed.iter().cloned())?;
        Some(format!("no line names the {what} of {} of the scans: {list}", unnamed.len()))
    }

    /// A note about lines that name nothing that is there.
    pub(crate) fn unused(&self, used: &BTreeSet<String>) -> Option<String> {
        let mut unused: Vec<_> = self.lines.iter().filter(|(name, _)| !used.contains(*name)).collect();
        unused.sort_by_key(|(_, line)| line.number);
        let list =
            coverage::listed(unused.iter().map(|(name, line)| format!("{name} (line {})", line.number)))?;
        Some(format!("{}: lines of scans that are not there: {list}", self.path.display()))
    }

    /// An error about a line.
    pub(crate) fn wrong(&self, line: &Line, reason: String) -> DataError {
        DataError::Line { path: self.path.clone(), line: line.number, reason }
    }
}
