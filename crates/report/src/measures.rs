//! Figures that are no accuracy of classes, beside their baselines: clusters, retrieval, anomalies, calibration.

use kontrast_config::score_info;
use kontrast_runlog::{Evaluation, Measure, Score, Summary};
use serde::Serialize;

use crate::markdown_table;
use crate::metric::metric_in_words;
use crate::scores::{by_number, heading, settings, version};

/// One measure: the trained encoder's beside its baselines.
#[derive(Debug, Serialize)]
pub(crate) struct MeasureRow {
    /// The score, and what is measured.
    pub(crate) measure: String,
    pub(crate) meaning: &'static str,
    pub(crate) trained: String,
    pub(crate) random_init: String,
    pub(crate) pixels: String,
    pub(crate) settings: String,
}

/// The measures of a summary: those of its own data set, then those of others.
pub(crate) fn measures(summary: &Summary) -> Vec<MeasureRow> {
    let own = measures_of(&summary.eval, None);
    let transfer = summary.transfer.iter().flat_map(|(dataset, eval)| measures_of(eval, Some(dataset)));
    own.into_iter().chain(transfer).collect()
}

fn measures_of(eval: &Evaluation, dataset: Option<&str>) -> Vec<MeasureRow> {
    let mut scores: Vec<_> = eval.trained.iter().collect();
    scores.sort_by_key(|(name, _)| by_number(name));
    scores.into_iter().flat_map(|(name, score)| rows_of(eval, dataset, name, score)).collect()
}

fn rows_of(eval: &Evaluation, dataset: Option<&str>, name: &str, score: &Score) -> Vec<MeasureRow> {
    let row = |(metric, measure): (&String, &Measure)| {
        let baseline = |baseline: Option<&Score>| {
            baseline.and_then(|score| score.metrics.get(metric)).map_or("-".to_owned(), in_words)
        };
        MeasureRow {
            measure: format!("{}, {}", heading(name, version(score), dataset), metric_in_words(metric)),
            meaning: meaning(name, metric),
            trained: in_words(measure),
            random_init: baseline(eval.random_init.get(name)),
            pixels: baseline(eval.pixels.get(name)),
            settings: settings(score),
        }
    };
    let mut metrics: Vec<_> = score.metrics.iter().collect();
    metrics.sort_by_key(|(metric, _)| by_number(metric));
    metrics.into_iter().map(row).collect()
}

fn meaning(name: &str, metric: &str) -> &'static str {
    if metric == "calibration_error" {
        return "how far confidence is from accuracy, over 15 bins; less is better";
    }
    score_info(name).map_or("", |info| info.meaning)
}

/// With its deviation over draws, and its unit.
fn in_words(measure: &Measure) -> String {
    let std = measure.std.map_or(String::new(), |std| format!(" ± {std:.1}"));
    let unit = if measure.unit.is_empty() { String::new() } else { format!(" {}", measure.unit) };
    format!("{:.1}{std}{unit}", measure.value)
}

/// The measures of a run beside their baselines; nothing where it has none.
pub fn measures_markdown(summary: &Summary) -> String {
    let rows: Vec<_> = measures(summary)
        .into_iter()
        .map(|row| vec![row.measure, row.trained, row.random_init, row.pixels, row.settings])
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    markdown_table(&["measure", "trained", "random init", "pixels", "settings"], &rows)
}
