//! Windows, percentiles and scans, from the experiment file to the data set.

use crate::Refusal;
use crate::data::{lacks, unreadable};
use kontrast_config::{Data, Patients, Plane, Spacing};
use kontrast_data::Levels;

/// How values become bytes; none where the file does not say it.
pub(crate) fn levels(config: &Data) -> Option<Levels> {
    if !config.windows.is_empty() {
        let windows: Vec<_> = config.windows.iter().map(|window| [window.centre, window.width]).collect();
        return Some(Levels::windows(&windows));
    }
    let percentiles: Vec<_> =
        config.percentiles.iter().map(|percentiles| [percentiles.low, percentiles.high]).collect();
    (!percentiles.is_empty()).then(|| Levels::percentiles(&percentiles))
}

/// What `data.scans` asks for.
pub(crate) fn scans(config: &Data) -> Result<kontrast_data::Scans, Refusal> {
    let scans = config.scans.as_ref().ok_or_else(|| lacks(config, "scans"))?;
    Ok(kontrast_data::Scans {
        root: config.root.clone().ok_or_else(|| lacks(config, "root"))?,
        plane: match scans.plane {
            Plane::Acquired => kontrast_data::Plane::Acquired,
            Plane::Axial => kontrast_data::Plane::Axial,
            Plane::Coronal => kontrast_data::Plane::Coronal,
            Plane::Sagittal => kontrast_data::Plane::Sagittal,
        },
        levels: levels(config).ok_or_else(|| lacks(config, "windows"))?,
        spacing: match scans.spacing {
            None => kontrast_data::Spacing::Same,
            Some(Spacing::Stored) => kontrast_data::Spacing::Stored,
            Some(Spacing::Millimetres(mm)) => kontrast_data::Spacing::Millimetres(mm),
        },
        slices: scans.slices.unwrap_or(1.0),
        foreground: scans.foreground.unwrap_or(0.0),
        patients: match scans.patients {
            Patients::Header => kontrast_data::Patients::Header,
            Patients::Folder => kontrast_data::Patients::Folder,
        },
        labels: scans.labels.clone(),
        unreadable: unreadable(config),
        holdout: config.holdout,
    })
}
