//! Which scans are read, and what is made of them.

use std::path::PathBuf;

use crate::folder::Unreadable;
use crate::levels::Levels;

/// Scans of a folder, and what is made of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Scans {
    /// The folder, or one scan.
    pub root: PathBuf,
    /// Along which plane volumes are cut into images.
    pub plane: Plane,
    /// How values become bytes: a channel each.
    pub levels: Levels,
    /// The size of a pixel.
    pub spacing: Spacing,
    /// The fraction of slices that is taken of each volume, from its middle on.
    pub slices: f64,
    /// The least fraction of pixels of a slice that are not black in the first channel; slices with fewer are left out.
    pub foreground: f64,
    /// Who the patient of a scan is.
    pub patients: Patients,
    /// A CSV file with the label of each patient or file.
    pub labels: Option<PathBuf>,
    /// What to do about scans that cannot be read.
    pub unreadable: Unreadable,
    /// The fraction of each class that becomes the test split where there is none; patients stay on one side.
    pub holdout: Option<f64>,
}

/// The size of a pixel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spacing {
    /// As they are stored, and refused where they are not all of one size, and square.
    Same,
    /// As they are stored, whatever their size.
    Stored,
    /// Of so many millimetres: images are resampled.
    Millimetres(f64),
}

/// Who the patient of a scan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patients {
    /// DICOM's patient ID; each NIfTI file is of another patient.
    Header,
    /// The folder in the folder of scans in which a file lies, however deep.
    Folder,
}

/// Along which plane a volume is cut into images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plane {
    /// As it was acquired: DICOM images as they are stored, NIfTI along its third axis.
    Acquired,
    /// Left and right, front and back; slices from the feet to the head.
    Axial,
    /// Left and right, head and feet; slices from the back to the front.
    Coronal,
    /// Front and back, head and feet; slices from left to right.
    Sagittal,
}
