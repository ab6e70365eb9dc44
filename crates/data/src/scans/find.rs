//! Finds the scans below a folder: DICOM files by their first bytes, NIfTI files by their names.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};

use super::dicom::is_dicom;
use crate::coverage;
use crate::error::DataError;
use crate::own;
use crate::storage::{Entry, Storage};

/// Files of scans that are not read, and what they are called.
const OTHERS: [&str; 8] = ["hdr", "img", "nrrd", "nhdr", "mha", "mhd", "mgz", "mnc"];

/// Scans, in the order of their paths.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) dicom: Vec<PathBuf>,
    pub(crate) nifti: Vec<PathBuf>,
    pub(crate) notes: Vec<String>,
}

/// Every scan below a folder, whatever lies where, links followed once; or the one scan that `root` is.
pub(crate) fn found(root: &Path) -> Result<Found, DataError> {
    let mut found = Found::default();
    let mut others: BTreeMap<&str, usize> = BTreeMap::new();
    if root.is_file() {
        take(root.to_owned(), &mut found, &mut others);
    } else if root.is_dir() {
        walk(root, &mut found, &mut others)?;
    } else {
        let here = std::env::current_dir().unwrap_or_default();
        return Err(DataError::NoFolder { folder: root.to_owned(), here });
    }
    let others = coverage::listed(others.iter().map(|(ending, count)| format!("{count} .{ending}")));
    if found.dicom.is_empty() && found.nifti.is_empty() {
        let but = others.map_or_else(String::new, |others| format!(", but {others}"));
        let reason = format!(
            "no scans found{but}; expected DICOM files, or NIfTI files .nii or .nii.gz, in any folders"
        );
        return Err(DataError::Layout { folder: root.to_owned(), reason });
    }
    found.notes.extend(others.map(|others| format!("{}: not read: {others}", root.display())));
    Ok(found)
}

fn walk(root: &Path, found: &mut Found, others: &mut BTreeMap<&str, usize>) -> Result<(), DataError> {
    let storage = Storage::Disk;
    let mut seen = HashSet::new();
    // Links last, so that a scan keeps the path that has none.
    let mut folders = VecDeque::from([root.to_owned()]);
    while let Some(folder) = folders.pop_front() {
        if own::is_run(&folder) || !seen.insert(storage.identity(&folder)?) {
            continue;
        }
        let mut inner = Vec::new();
        for entry in storage.entries(&folder)? {
            match entry {
                entry if entry.is_hidden() => {}
                Entry::Folder(path) => inner.push(path),
                Entry::Link(path) => folders.push_back(path),
                Entry::File(path) => take(path, found, others),
                Entry::Special(_) => {}
            }
        }
        inner.into_iter().rev().for_each(|path| folders.push_front(path));
    }
    found.dicom.sort();
    found.nifti.sort();
    Ok(())
}

fn take(path: PathBuf, found: &mut Found, others: &mut BTreeMap<&str, usize>) {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let end = |name: &str| name.rsplit_once('.').map_or(String::new(), |(_, ending)| ending.to_owned());
    let ending = end(&name);
    if end(name.strip_suffix(".gz").unwrap_or(&name)) == "nii" {
        found.nifti.push(path);
    } else if ending == "dcm" || is_dicom(&Storage::Disk.head(&path, 132)) {
        found.dicom.push(path);
    } else if let Some(ending) = OTHERS.iter().find(|other| **other == ending) {
        *others.entry(ending).or_default() += 1;
    }
}
