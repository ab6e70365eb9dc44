//! Captions and images that are looked for among each other (CLIP, Radford et al. 2021, arXiv 2103.00020, section 3.1 and table 13).

use crate::model::{embedded, projected};
use crate::{EvalError, Extractor, Metric, Model, Report, Stop, TextSide};
use kontrast_data::{Dataset, caption_groups};
use kontrast_embeddings::{Table, recall_between};
use kontrast_runlog::SettingValue;
use ndarray::Array2;
use std::collections::BTreeMap;
use tch::{Device, Tensor};

/// How often an image finds its caption among those of all images, and a caption its image, by cosine. No labels are needed.
#[derive(Clone, Debug)]
pub struct CaptionRetrieval {
    /// Among how many of the nearest it is looked for; more than there are become all of them.
    pub ks: Vec<usize>,
}

impl CaptionRetrieval {
    /// The name of its score.
    pub const NAME: &'static str = "captions";

    /// `text_recall_at_1` and so on of an image that looks for a caption of its own, `image_recall_at_1` of a caption that looks for an
    /// image of its own. Images whose captions say the same are all right answers.
    ///
    /// # Errors
    /// Where the images have no captions, one has no ids, an image cannot be read, or the caller asked to stop.
    pub fn evaluate(
        &self,
        dataset: &str,
        (model, side): (Model<'_>, TextSide<'_>),
        images: &dyn Dataset,
        extractor: &Extractor,
        stop: &Stop,
    ) -> Result<Report, EvalError> {
        let space = model.texts.ok_or_else(|| lacking("a method that reads texts"))?;
        let groups = caption_groups(images);
        let mut captions: BTreeMap<&String, u64> = BTreeMap::new();
        for (image, &group) in groups.iter().enumerate() {
            captions.extend(images.captions(image).iter().map(|caption| (caption, group)));
        }
        if captions.is_empty() {
            return Err(lacking("test images with captions"));
        }
        let all: Vec<u32> = (0..images.len() as u32).collect();
        let h = extractor.features(model.encoder, images, &all, stop)?;
        let of_images = table(&tch::no_grad(|| projected(&h, model.projector)), &groups);
        let texts: Vec<String> = captions.keys().map(|&caption| caption.clone()).collect();
        let of_texts: Vec<u64> = captions.into_values().collect();
        let of_texts = table(&embedded(space, side.tokenizer, &texts)?, &of_texts);
        let found = |queries: &Table, candidates: &Table, whose: &str| {
            let within = |k: usize| k.min(candidates.len());
            let ks: Vec<usize> = self.ks.iter().map(|&k| within(k)).collect();
            let recall = recall_between(queries, candidates, &ks);
            let recall = recall.expect("each group has images and captions, and each k is in range");
            let recall_at =
                |&k: &usize| Metric::per_cent(format!("{whose}_recall_at_{k}"), &[recall[&within(k)]]);
            self.ks.iter().map(recall_at).collect::<Vec<_>>()
        };
        let metrics = [found(&of_images, &of_texts, "text"), found(&of_texts, &of_images, "image")].concat();
        let counts = [("captions", of_texts.len()), ("images", of_images.len())];
        Ok(Report {
            protocol: Self::NAME,
            name: Self::NAME.to_owned(),
            version: 1,
            dataset: dataset.to_owned(),
            metrics,
            chosen: counts.map(|(name, count)| (name, SettingValue::from(count))).into(),
            validation_top1: None,
            predictions: None,
            labelled: None,
            clusters: Vec::new(),
        })
    }
}

fn lacking(what: &str) -> EvalError {
    EvalError::Text(format!("eval.captions needs {what}: leave it out, or give it such"))
}

/// # Shapes
/// - `rows`: `[n, d]`
fn table(rows: &Tensor, groups: &[u64]) -> Table {
    let (n, width) = rows.size2().expect("embeddings [n, d]");
    let values: Vec<f32> =
        rows.to_device(Device::Cpu).contiguous().view(-1).try_into().expect("embeddings in fp32");
    let values = Array2::from_shape_vec((n as usize, width as usize), values).expect("n rows of d values");
    let labels = groups.iter().map(ToString::to_string).collect();
    let table = Table::new(values).and_then(|table| table.with_labels(labels));
    table.expect("finite rows, and a label for each")
}
