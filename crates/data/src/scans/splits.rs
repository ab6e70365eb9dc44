//! Slices with the labels of their scans, and splits that keep patients whole.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::labels::{Labels, Line};
use super::{Known, Slices, shown};
use crate::classes::Classes;
use crate::coverage;
use crate::dataset::Dataset;
use crate::error::DataError;
use crate::folder::{Part, Unreadable, split};
use crate::scan_spec::Scans;
use crate::split::{Split, Splits};
use crate::subset::Subset;

/// The splits of scans that were read.
pub(super) fn of(
    scans: &Scans,
    mut known: Vec<Known>,
    seed: u64,
    mut notes: Vec<String>,
    skipped: Vec<String>,
) -> Result<Splits, DataError> {
    let held = |reason: &str| match scans.holdout {
        Some(fraction) => {
            Err(DataError::Holdout { folder: scans.root.clone(), fraction, reason: reason.into() })
        }
        None => Ok(()),
    };
    let Some(path) = &scans.labels else {
        held(
            "cannot be used, since scans without labels cannot be scored; leave it out, or give data.scans.labels",
        )?;
        let images = Slices::new(known.into_iter().map(|known| known.volume).collect());
        return Ok(Splits { notes, skipped, ..Splits::new(Split::Unlabelled(Arc::new(images)), None) });
    };
    let labels = Labels::read(path)?;
    let lines = lines(scans, &labels, &mut known, &mut notes)?;
    notes.extend(on_both_sides(path, &known, &lines));
    if lines.iter().all(|line| line.test) {
        let reason = "every scan is of the test split; expected scans whose split is train".to_owned();
        return Err(DataError::Layout { folder: path.clone(), reason });
    }
    let names: BTreeSet<String> =
        lines.iter().filter(|line| !line.test).map(|line| line.label.clone()).collect();
    let names: Vec<String> = names.into_iter().collect();
    if let Some(line) = lines.iter().find(|line| names.binary_search(&line.label).is_err()) {
        let reason =
            format!("the class {:?} has test scans, but no training scans; give it some", line.label);
        return Err(labels.wrong(line, reason));
    }
    let images = Slices::new(known.into_iter().map(|known| known.volume).collect());
    let line = |index: usize| &lines[images.volume(index)];
    let of_image =
        (0..images.len()).map(|index| names.binary_search(&line(index).label).unwrap_or_default() as u32);
    let of_image: Vec<u32> = of_image.collect();
    let (test, train): (Vec<u32>, Vec<u32>) =
        (0..images.len() as u32).partition(|&index| line(index as usize).test);
    let images = Arc::new(Classes::new(images, of_image, names));
    if test.is_empty() {
        let Some(fraction) = scans.holdout else {
            return Ok(Splits { notes, skipped, ..Splits::new(Split::Labelled(images), None) });
        };
        let (train, test) = split(&scans.root, images, fraction, seed)?;
        notes.extend(coverage::untested(&*train, &*test, fraction));
        return Ok(Splits { notes, skipped, ..Splits::new(Split::Labelled(train), Some(test)) });
    }
    held("cannot be used, since the column split names test scans; leave it out")?;
    let train: Part = Arc::new(Subset::of(Arc::clone(&images), train));
    Ok(Splits {
        notes,
        skipped,
        ..Splits::new(Split::Labelled(train), Some(Arc::new(Subset::of(images, test))))
    })
}

/// A note about patients that the file itself has on both sides.
fn on_both_sides(path: &Path, known: &[Known], lines: &[Line]) -> Option<String> {
    let groups = |test: bool| -> BTreeSet<u64> {
        let of = known.iter().zip(lines).filter(|(_, line)| line.test == test);
        of.map(|(known, _)| known.volume.group).collect()
    };
    let both = groups(true).intersection(&groups(false)).count();
    let which = if both == 1 { "1 patient has".to_owned() } else { format!("{both} patients have") };
    let note = format!("{}: {which} training and test scans, so that scores are too good", path.display());
    (both > 0).then_some(note)
}

/// The line of each scan; those without one are refused, or left out where this is asked for.
fn lines(
    scans: &Scans,
    labels: &Labels,
    known: &mut Vec<Known>,
    notes: &mut Vec<String>,
) -> Result<Vec<Line>, DataError> {
    let (mut lines, mut used, mut unnamed) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    known.retain(|known| {
        let below = known.path.strip_prefix(&scans.root).unwrap_or(&known.path);
        let Some((name, line)) = labels.line(&known.patient, below) else {
            unnamed.insert(format!("{} ({})", known.patient, shown(&known.path, scans)));
            return false;
        };
        used.insert(name.to_owned());
        lines.push(line.clone());
        true
    });
    if let (Some(missing), Some(path)) = (labels.missing(&unnamed), &scans.labels) {
        if scans.unreadable == Unreadable::Refuse || lines.is_empty() {
            let reason = format!(
                "{missing}; add them, or set data.unreadable = \"skip\", which leaves such scans out"
            );
            return Err(DataError::Layout { folder: path.clone(), reason });
        }
        notes.push(format!("{}: {missing}; they are left out", path.display()));
    }
    notes.extend(labels.unused(&used));
    Ok(lines)
}
