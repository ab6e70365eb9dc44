//! The scores of an encoder on one data set beside its baselines, as a run's summary has them.

use crate::protocols::LayerProbes;
use crate::{LayerScore, Report};
use kontrast_runlog::{Evaluation, Score, Summary};
use std::collections::BTreeMap;

/// What protocols found of an encoder and of its two baselines.
#[derive(Debug)]
pub struct Scores {
    /// The data set that was scored on.
    pub dataset: String,
    /// Of the trained encoder.
    pub trained: Vec<Report>,
    /// Of the same encoder before training.
    pub random_init: Vec<Report>,
    /// Of the image itself, as 8x8 pixels.
    pub pixels: Vec<Report>,
}

impl Scores {
    /// Enters them into the summary of a run: where those of the run's own data set stand, or under the name of another.
    /// Scores of the same name are replaced, all others stay; layer-wise probes are replaced together.
    pub fn enter(&self, summary: &mut Summary) {
        if self.dataset == summary.dataset {
            merge(&mut summary.eval, self.evaluation());
            let layers = self.layers();
            if !layers.is_empty() {
                summary.layers = layers;
            }
        } else {
            let there = summary.transfer.entry(self.dataset.clone()).or_default();
            merge(there, self.by_name(|_| true));
        }
    }

    /// The scores by name, without those of layer-wise probes, which [`Scores::layers`] has.
    pub fn evaluation(&self) -> Evaluation {
        self.by_name(|report| report.layer().is_none())
    }

    /// The layer-wise probes, each beside the same probe on random weights.
    pub fn layers(&self) -> Vec<LayerScore> {
        let top1 = |name: &str| Some(self.random_init.iter().find(|report| report.name == name)?.top1());
        let of_layers = self.trained.iter().filter_map(|report| Some((report.layer()?, &report.name)));
        of_layers.map(|(layer, name)| LayerScore { random_init: top1(name), ..layer }).collect()
    }

    fn by_name(&self, wanted: fn(&Report) -> bool) -> Evaluation {
        let scores = |reports: &[Report]| -> BTreeMap<String, Score> {
            let wanted = reports.iter().filter(|report| wanted(report));
            wanted.map(|report| (report.name.clone(), report.score())).collect()
        };
        Evaluation {
            trained: scores(&self.trained),
            random_init: scores(&self.random_init),
            pixels: scores(&self.pixels),
        }
    }
}

/// A score that is made again has no baseline but those that were made with it.
fn merge(there: &mut Evaluation, new: Evaluation) {
    for name in new.trained.keys() {
        there.random_init.remove(name);
        there.pixels.remove(name);
    }
    there.trained.extend(new.trained);
    there.random_init.extend(new.random_init);
    there.pixels.extend(new.pixels);
}

impl Report {
    /// The row of a layer-wise probe, without its baseline; none where another protocol made the report.
    pub fn layer(&self) -> Option<LayerScore> {
        if self.protocol != LayerProbes::NAME {
            return None;
        }
        let score = self.score();
        Some(LayerScore {
            stage: score.count("stage")?,
            channels: score.count("channels")?,
            side: score.count("side")?,
            grid: score.count("grid")?,
            probe: score.settings.get("probe")?.to_string(),
            epochs: score.count("epochs")? as u32,
            batch: score.count("batch")?,
            lr: score.number("lr")?,
            weight_decay: score.number("weight_decay")?,
            top1: score.top1,
            mean_per_class: score.mean_per_class,
            version: score.version,
            random_init: None,
        })
    }
}
