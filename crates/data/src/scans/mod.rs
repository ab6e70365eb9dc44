//! Scans: DICOM and NIfTI files below a folder, as the slices of their volumes; patients are groups.

mod dicom;
mod find;
mod labels;
mod nifti;
mod resample;
mod series;
mod slices;
mod splits;
mod volume;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use self::series::Series;
use self::slices::{Slices, Volume};
use crate::coverage;
use crate::decode::guarded;
use crate::error::DataError;
use crate::folder::Unreadable;
use crate::scan_spec::{Patients, Plane, Scans, Spacing};
use crate::split::Splits;

/// A header that promises more values than 1,024 slices of 1,024 by 1,024 is damaged.
const MOST_VALUES: usize = 1 << 30;

/// Slices stay in memory as bytes, since one of a packed file is not read without those before it: at most so many bytes.
const MOST_BYTES: usize = 16 << 30;

/// How much the size of pixels may differ, as a fraction, and still count as one.
const ALIKE: f64 = 0.01;

/// A scan whose values were not read yet.
enum Scan {
    Nifti(PathBuf),
    Dicom(Series),
}

impl Scan {
    fn path(&self) -> &Path {
        match self {
            Self::Nifti(path) => path,
            Self::Dicom(series) => &series[0].path,
        }
    }
}

/// A scan that was read.
struct Known {
    volume: Volume,
    path: PathBuf,
    patient: String,
}

/// Opens the scans of a folder: all slices, or with labels a training and a test split of whole patients.
pub(crate) fn open(scans: &Scans, seed: u64) -> Result<Splits, DataError> {
    let found = find::found(&scans.root)?;
    let mut notes = found.notes;
    let files = found.dicom.len() + found.nifti.len();
    let (headers, others, mut failed) = series::headers(found.dicom);
    if others > 0 {
        notes.push(format!("{}: {others} DICOM files hold no image", scans.root.display()));
    }
    let mut all: Vec<Scan> = found.nifti.into_iter().map(Scan::Nifti).collect();
    all.extend(series::sorted(headers).into_iter().map(Scan::Dicom));
    all.sort_by(|a, b| a.path().cmp(b.path()));
    let left = AtomicUsize::new(MOST_BYTES);
    let read: Vec<(Result<Known, String>, Vec<String>)> =
        all.par_iter().map(|scan| read(scan, scans, &left)).collect();
    if left.into_inner() == 0 {
        return Err(too_much(scans));
    }
    let mut known = Vec::new();
    for (scan, (read, files)) in all.iter().zip(read) {
        failed.extend(files);
        match read {
            Ok(read) => known.push(read),
            Err(reason) if reason.is_empty() => {}
            Err(reason) => failed.push(format!("{}: {reason}", scan.path().display())),
        }
    }
    let skipped = refused(scans, failed, files, &mut notes)?;
    let empty = known.iter().filter(|known| known.volume.is_empty()).map(|known| shown(&known.path, scans));
    let empty = coverage::listed(empty);
    notes.extend(empty.map(|list| format!("scans without a slice that has data.scans.foreground: {list}")));
    known.retain(|known| !known.volume.is_empty());
    if known.is_empty() {
        return Err(nothing_left(scans, files, others, &skipped));
    }
    if scans.spacing == Spacing::Same {
        require_alike(&known, scans)?;
    }
    let mut numbers: HashMap<String, u64> = HashMap::new();
    for known in &mut known {
        let next = numbers.len() as u64;
        known.volume.group = *numbers.entry(known.patient.clone()).or_insert(next);
    }
    splits::of(scans, known, seed, notes, skipped)
}

/// Reads a scan; also says which of its files cannot be read. An empty reason is one that these have told.
fn read(scan: &Scan, scans: &Scans, left: &AtomicUsize) -> (Result<Known, String>, Vec<String>) {
    if left.load(Ordering::Relaxed) == 0 {
        return (Err(String::new()), Vec::new());
    }
    let patient = match patient(scan, scans) {
        Ok(patient) => patient,
        Err(reason) => return (Err(reason), Vec::new()),
    };
    let name = |path: &Path| shown(path, scans);
    let (volume, failed) = match scan {
        Scan::Nifti(path) => {
            let stack = guarded(|| nifti::read(path, scans.plane));
            let volume = stack.and_then(|stack| Volume::of(&stack, false, scans));
            (
                volume.map(|mut volume| {
                    volume.named(|slice| (format!("{}#{}", name(path), slice + 1), None));
                    volume
                }),
                Vec::new(),
            )
        }
        Scan::Dicom(files) => {
            let series::Read { stack, images, failed } = series::read(files, scans.plane);
            let volume = stack.and_then(|stack| Volume::of(&stack, files[0].inverted, scans));
            (
                volume.map(|mut volume| {
                    volume.named(|slice| {
                        match images.get(slice).filter(|_| scans.plane == Plane::Acquired) {
                            Some(&(file, _)) if files[file].frames.len() == 1 => {
                                (name(&files[file].path), Some(files[file].path.clone()))
                            }
                            Some(&(file, frame)) => {
                                (format!("{}#{}", name(&files[file].path), frame + 1), None)
                            }
                            None => (format!("{}#{}", name(&files[0].path), slice + 1), None),
                        }
                    });
                    volume
                }),
                failed,
            )
        }
    };
    let known = volume.map(|volume| {
        let memory = volume.memory();
        let taken =
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| Some(left.saturating_sub(memory)));
        taken.ok();
        Known { volume, path: scan.path().to_owned(), patient }
    });
    (known, failed)
}

/// Who is seen.
fn patient(scan: &Scan, scans: &Scans) -> Result<String, String> {
    let below = scan.path().strip_prefix(&scans.root).unwrap_or(scan.path());
    if scans.patients == Patients::Folder {
        return Ok(below.iter().next().unwrap_or(below.as_os_str()).to_string_lossy().into_owned());
    }
    match scan {
        Scan::Nifti(path) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let packed = name.strip_suffix(".gz").unwrap_or(&name);
            Ok(packed.strip_suffix(".nii").unwrap_or(packed).to_owned())
        }
        Scan::Dicom(series) => series[0].patient.clone().ok_or_else(|| {
            "it has no patient ID, which says which images belong together; write one, or give data.scans.patients = \
             \"folder\" where each patient has a folder"
                .to_owned()
        }),
    }
}

/// The path of a file from the folder of scans on.
fn shown(path: &Path, scans: &Scans) -> String {
    let below = path.strip_prefix(&scans.root).ok().filter(|below| !below.as_os_str().is_empty());
    below.unwrap_or(path.file_name().map_or(path, Path::new)).to_string_lossy().into_owned()
}

/// Refuses scans that cannot be read, or notes that they are skipped.
fn refused(
    scans: &Scans,
    failed: Vec<String>,
    files: usize,
    notes: &mut Vec<String>,
) -> Result<Vec<String>, DataError> {
    let Some(named) = coverage::listed(failed.iter().cloned()) else { return Ok(failed) };
    let count = failed.len();
    if scans.unreadable == Unreadable::Refuse {
        return Err(DataError::Unreadable { count, images: files, named });
    }
    notes.push(format!("{count} of {files} files cannot be read and are skipped: {named}"));
    Ok(failed)
}

/// What is said where nothing is left to train on.
fn nothing_left(scans: &Scans, files: usize, others: usize, skipped: &[String]) -> DataError {
    let folder = scans.root.clone();
    if let Some(named) = coverage::listed(skipped.iter().cloned()) {
        return DataError::NoneReadable { folder, images: files, named };
    }
    let reason = if others == files {
        format!("{others} DICOM files hold no image, but reports or a directory; name a folder with images")
    } else {
        "no slices are left of the scans; give another data.scans.foreground, or name another folder"
            .to_owned()
    };
    DataError::Layout { folder, reason }
}

/// Refuses pixels of several sizes.
fn require_alike(known: &[Known], scans: &Scans) -> Result<(), DataError> {
    let wrong = |reason: String| DataError::Layout { folder: scans.root.clone(), reason };
    let remedy = "give data.scans.spacing, in mm, at which images are resampled, or \"stored\", which takes pixels as they are";
    let in_words = |pixel: Option<[f64; 2]>| match pixel {
        Some([across, down]) => format!("{across:.3} x {down:.3} mm"),
        None => "unknown size".to_owned(),
    };
    let alike = |a: f64, b: f64| (a - b).abs() <= ALIKE * a.max(b);
    for Known { volume, path, .. } in known {
        if let Some([across, down]) = volume.pixel.filter(|&[across, down]| !alike(across, down)) {
            let (path, size) = (shown(path, scans), in_words(Some([across, down])));
            return Err(wrong(format!("{path} has pixels of {size}; expected square ones: {remedy}")));
        }
    }
    let first = &known[0];
    let differs = |other: &&Known| match (first.volume.pixel, other.volume.pixel) {
        (Some(a), Some(b)) => !alike(a[0], b[0]),
        (a, b) => a.is_some() != b.is_some(),
    };
    let Some(other) = known.iter().find(differs) else { return Ok(()) };
    Err(wrong(format!(
        "expected volumes of one spacing, found pixels of {} in {} and of {} in {}; {remedy}",
        in_words(first.volume.pixel),
        shown(&first.path, scans),
        in_words(other.volume.pixel),
        shown(&other.path, scans)
    )))
}

fn too_much(scans: &Scans) -> DataError {
    let reason = format!(
        "the slices take more than {} GiB of memory; give a larger data.scans.spacing, fewer data.scans.slices, or fewer \
         scans",
        MOST_BYTES >> 30
    );
    DataError::Layout { folder: scans.root.clone(), reason }
}

/// Puts the smallest value in the place of what is no finite number.
///
/// # Errors
/// In words, where none is.
fn finite(values: &mut [f32]) -> Result<(), String> {
    let least = values.iter().copied().filter(|value| value.is_finite()).min_by(f32::total_cmp);
    let least = least.ok_or("it has no finite value")?;
    values.iter_mut().filter(|value| !value.is_finite()).for_each(|value| *value = least);
    Ok(())
}
