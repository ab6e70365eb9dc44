//! `predictions/DATASET.safetensors`: the class that each score gives each test image, by which two runs are compared.

use crate::Refusal;
use crate::inventory::Inventory;
use anyhow::Context;
use kontrast_data::Labelled;
use kontrast_eval::Scores;
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

/// Predictions on the test images of one data set.
pub(crate) struct Predictions {
    /// Fingerprint of these images.
    pub(crate) images: String,
    /// The class of each, `[n]`.
    pub(crate) labels: Tensor,
    /// By the name of the score, `[draws, n]`; -1 where an image got no class.
    pub(crate) scores: StateDict,
}

/// Writes the predictions of these scores beside those that the file has of the same images.
pub(crate) fn write(layout: &Layout, scores: &Scores, test: &dyn Labelled) -> anyhow::Result<()> {
    let path = layout.predictions(&scores.dataset);
    let images = Inventory::of_test(test)?;
    let earlier = read(&path).ok().filter(|earlier| earlier.images == images);
    let new = scores.trained.iter().filter_map(|report| {
        let predictions = report.predictions.as_ref()?;
        Some((report.name.clone(), predictions.to_kind(Kind::Int)))
    });
    let new: StateDict = new.collect();
    let kept = earlier.iter().flat_map(|earlier| earlier.scores.iter());
    let kept = kept.filter(|(name, _)| new.get(name).is_none());
    let all: StateDict =
        kept.chain(new.iter()).map(|(name, of)| (name.to_owned(), of.shallow_clone())).collect();
    if all.is_empty() {
        return Ok(());
    }
    let labels: Vec<i32> = test.labels().into_iter().map(|label| label as i32).collect();
    let mut file = StateDict::new().and(SCORES, &all);
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
    Ok(Predictions { images, labels, scores })
}
