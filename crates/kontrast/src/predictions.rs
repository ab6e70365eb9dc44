//! `predictions/DATASET.safetensors`: the class that each score gives each test image, by which two runs are compared.

use crate::Refusal;
use crate::inventory::Inventory;
use anyhow::Context;
use kontrast_data::Labelled;
use kontrast_eval::{Report, Scores};
use kontrast_runlog::{Layout, atomic_write};
use kontrast_torch_ext::{StateDict, metadata};
use std::collections::HashMap;
use std::path::Path;
use tch::{Kind, Tensor};

/// Key of the fingerprint of the test images in the file's metadata.
const IMAGES: &str = "kontrast.test_images";
/// What the class of each image stands under, and what stands before the name of each score.
const LABELS: &str = "labels";
const SCORES: &str = "scores";
/// What stands before the name of a score whose labelled images were drawn: their positions, `[draws, labels]`.
const LABELLED: &str = "labelled";

/// Predictions on the test images of one data set.
pub(crate) struct Predictions {
    /// Fingerprint of these images.
    pub(crate) images: String,
    /// The class of each, `[n]`.
    pub(crate) labels: Tensor,
    /// By the name of the score, `[draws, n]`; -1 where an image got no class.
    pub(crate) scores: StateDict,
    /// By the name of the score, `[draws, labels]`: the training images whose labels were learned from.
    pub(crate) labelled: StateDict,
}

/// Writes the predictions of these scores beside those that the file has of the same images.
pub(crate) fn write(layout: &Layout, scores: &Scores, test: &dyn Labelled) -> anyhow::Result<()> {
    let path = layout.predictions(&scores.dataset);
    let images = Inventory::of_test(test)?;
    let earlier = read(&path).ok().filter(|earlier| earlier.images == images);
    let of_reports = |which: fn(&Report) -> Option<&Tensor>| -> StateDict {
        let named = |report: &Report| Some((report.name.clone(), which(report)?.to_kind(Kind::Int)));
        scores.trained.iter().filter_map(named).collect()
    };
    let predictions = of_reports(|report| report.predictions.as_ref());
    let labelled = of_reports(|report| report.labelled.as_ref());
    let all = beside(earlier.as_ref().map(|earlier| &earlier.scores), &predictions);
    let labelled = beside(earlier.as_ref().map(|earlier| &earlier.labelled), &labelled);
    if all.is_empty() {
        return Ok(());
    }
    let labels: Vec<i32> = test.labels().into_iter().map(|label| label as i32).collect();
    let mut file = StateDict::new().and(SCORES, &all).and(LABELLED, &labelled);
    file.insert(LABELS, Tensor::from_slice(&labels));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("{}: cannot be made", folder.display()))?;
    }
    let bytes = file.to_bytes(Some(HashMap::from([(IMAGES.to_owned(), images)])))?;
    Ok(atomic_write(&path, &bytes)?)
}

/// Reads a file of predictions.
pub(crate) fn read(path: &Path) -> anyhow::Result<Predictions> {
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    let wrong = || {
        Refusal(format!("{}: expected predictions, as a run writes them, found other bytes", path.display()))
    };
    let tensors = StateDict::from_bytes(&bytes).map_err(|_| wrong())?;
    let images = metadata(&bytes).ok().and_then(|mut all| all.remove(IMAGES)).ok_or_else(wrong)?;
    let labels = tensors.get(LABELS).ok_or_else(wrong)?.shallow_clone();
    let scores = tensors.under(SCORES);
    let count = labels.size();
    let fitting = |of: &Tensor| of.dim() == 2 && of.size()[1..] == count[..];
    if labels.dim() != 1 || !scores.iter().all(|(_, of)| fitting(of)) {
        return Err(wrong().into());
    }
    let labelled = tensors.under(LABELLED);
    Ok(Predictions { images, labels, scores, labelled })
}

/// Those of new scores, and those of earlier ones under other names.
fn beside(earlier: Option<&StateDict>, new: &StateDict) -> StateDict {
    let kept = earlier.into_iter().flat_map(StateDict::iter).filter(|(name, _)| new.get(name).is_none());
    kept.chain(new.iter()).map(|(name, of)| (name.to_owned(), of.shallow_clone())).collect()
}
