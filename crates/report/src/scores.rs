//! Scores beside their baselines, as rows and in a sentence.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use kontrast_config::score_info;
use kontrast_runlog::{Evaluation, RunDir, RunlogError, Score, SettingValue, Status, Summary, read_summary};
use serde::Serialize;

use crate::metric::metric_in_words;
use crate::{Spread, label_free, markdown_table};

/// One score: the trained encoder's beside its baselines.
#[derive(Debug, Serialize)]
pub(crate) struct ScoreRow {
    /// The name of the score.
    pub(crate) name: String,
    /// The same with what tells it from others of the name: the protocol's version, and the data set where it is not the
    /// run's own.
    pub(crate) protocol: String,
    pub(crate) meaning: &'static str,
    pub(crate) trained: f64,
    /// Over draws.
    pub(crate) std: Option<f64>,
    pub(crate) top5: Option<f64>,
    pub(crate) mean_per_class: Option<f64>,
    pub(crate) random_init: Option<f64>,
    pub(crate) pixels: Option<f64>,
    pub(crate) above_random_init: Option<f64>,
    pub(crate) above_pixels: Option<f64>,
    pub(crate) settings: String,
}

/// The rows of a summary: those of its own data set by name and number, then those of others.
pub(crate) fn rows(summary: &Summary) -> Vec<ScoreRow> {
    let own = rows_of(&summary.eval, None);
    let transfer = summary.transfer.iter().flat_map(|(dataset, eval)| rows_of(eval, Some(dataset)));
    own.into_iter().chain(transfer).collect()
}

fn rows_of(eval: &Evaluation, dataset: Option<&str>) -> Vec<ScoreRow> {
    let row = |(name, score): (&String, &Score)| {
        let random_init = eval.random_init.get(name).map(|baseline| baseline.top1);
        let pixels = eval.pixels.get(name).map(|baseline| baseline.top1);
        ScoreRow {
            name: name.clone(),
            protocol: heading(name, version(score), dataset),
            meaning: meaning(name, score),
            trained: score.top1,
            std: score.top1_std,
            top5: score.top5,
            mean_per_class: score.mean_per_class,
            random_init,
            pixels,
            above_random_init: random_init.map(|baseline| printed(score.top1) - printed(baseline)),
            above_pixels: pixels.map(|baseline| printed(score.top1) - printed(baseline)),
            settings: settings(score),
        }
    };
    // A protocol that gives images no class has measures of another kind.
    let mut scores: Vec<_> = eval.trained.iter().filter(|(_, score)| score.top1.is_finite()).collect();
    scores.sort_by_key(|(name, _)| by_number(name));
    scores.into_iter().map(row).collect()
}

/// Orders names by what stands before a number at their end, then by that number: `few_shot_5` before `few_shot_10`.
pub(crate) fn by_number(name: &str) -> (&str, Option<u64>) {
    let beginning = name.trim_end_matches(|c: char| c.is_ascii_digit());
    (beginning, name[beginning.len()..].parse().ok())
}

/// What a score is called where those of several versions and data sets may stand in one table.
pub(crate) fn heading(name: &str, version: u32, dataset: Option<&str>) -> String {
    let version = if version > 1 { format!(" v{version}") } else { String::new() };
    let dataset = dataset.map_or(String::new(), |dataset| format!(" on {dataset}"));
    format!("{name}{version}{dataset}")
}

/// Scores from before versions were written are of the first.
pub(crate) fn version(score: &Score) -> u32 {
    score.version.unwrap_or(1)
}

/// What a run comes to, in one sentence.
pub fn conclusion(summary: &Summary) -> String {
    let beginning = match summary.status {
        Status::Finished => String::new(),
        Status::Running if summary.hint.as_deref() == Some(ABANDONED) => {
            "The run stopped without a word. ".to_owned()
        }
        status => format!("The run is marked {status}. "),
    };
    let rows = rows(summary);
    let Some(row) = rows.iter().find(|row| row.name == "knn").or(rows.first()) else {
        return if summary.status == Status::Finished {
            unscored(summary).to_owned()
        } else {
            format!("{beginning}There are no scores.")
        };
    };
    let baselines =
        [(row.above_pixels, "raw pixels"), (row.above_random_init, "the same network with random weights")];
    let baselines: Vec<_> = baselines
        .into_iter()
        .filter_map(|(above, baseline)| {
            let above = above?;
            let side = if above < 0.0 { "below" } else { "above" };
            Some(format!("{:.1} points {side} {baseline}", above.abs()))
        })
        .collect();
    let baselines = if baselines.is_empty() { String::new() } else { format!(": {}", baselines.join(", ")) };
    format!("{beginning}{} top-1 {:.1} % on the test images{baselines}.", row.protocol, row.trained)
}

/// The hint of a run that is marked as running, and nobody runs.
const ABANDONED: &str =
    "No process works on it any more: it was killed, or the machine went down; go on with --resume.";

/// Reads the summary of a run directory. Where it says that the run is at work and no process is, the hint says so.
///
/// # Errors
/// When there is none, or it is no summary.
pub fn read_run(run: &Path) -> Result<Summary, RunlogError> {
    let mut summary = read_summary(run)?;
    if is_abandoned(run, &summary) {
        summary.hint = Some(ABANDONED.to_owned());
    }
    Ok(summary)
}

fn is_abandoned(run: &Path, summary: &Summary) -> bool {
    summary.status == Status::Running && !RunDir::is_owned(run)
}

/// The status, or that there is nobody any more to change it.
pub(crate) fn state(summary: &Summary) -> &'static str {
    let abandoned = summary.status == Status::Running && summary.hint.as_deref() == Some(ABANDONED);
    if abandoned { "stopped" } else { summary.status.as_str() }
}

/// Why a finished run has no scores.
fn unscored(summary: &Summary) -> &'static str {
    if !summary.eval.trained.is_empty() {
        return "No accuracy of classes was asked for; what was measured stands in the table of measures.";
    }
    match (summary.classes, summary.test_images) {
        (None, _) => "No scores, since there are no labels; the label-free figures need none.",
        (Some(_), None) => {
            "No scores, since there is no test split: data.holdout makes one of a fraction of the images. The \
             label-free figures need none."
        }
        (Some(_), Some(_)) => "No scores, since [eval] asks for none: eval.knn or [eval.linear] does.",
    }
}

/// What the picture of nearest neighbours shows: of which images, and what the frames mean where there are frames.
pub(crate) fn neighbours_caption(summary: &Summary) -> &'static str {
    // A score needs both, in the summaries too that say nothing of either.
    let scored = !summary.eval.trained.is_empty();
    match (scored || summary.classes.is_some(), scored || summary.test_images.is_some()) {
        (true, true) => {
            "Test images on the left; to the right the training images whose representations are the most similar, \
             framed green where the class is the same and red where it is another."
        }
        (true, false) => {
            "Training images on the left, since there is no test split; to the right the other training images whose \
             representations are the most similar, framed green where the class is the same and red where it is \
             another."
        }
        (false, _) => {
            "Training images on the left; to the right the other training images whose representations are the most \
             similar. There are no labels to say which of them are right."
        }
    }
}

/// The scores of a run beside their baselines; nothing where it has none.
pub fn scores_markdown(summary: &Summary) -> String {
    let rows: Vec<_> = rows(summary)
        .into_iter()
        .map(|row| {
            let baselines = [row.top5, row.random_init, row.pixels].map(one_decimal);
            let std = row.std.map_or(String::new(), |std| format!(" ± {std:.1}"));
            let top1 = format!("{:.1}{std}", row.trained);
            [vec![row.protocol, top1], baselines.to_vec(), vec![row.settings]].concat()
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    markdown_table(&["protocol", "top-1 %", "top-5 %", "random init", "pixels", "settings"], &rows)
}

/// Mean and std over runs that differ in their seed, beside the means of the baselines; no mean is over scores of two
/// versions of a protocol. Runs without scores have the figures that need no labels.
pub fn seeds_markdown(runs: &[Summary]) -> String {
    if runs.iter().all(|run| run.eval.trained.is_empty()) {
        return label_free::seeds_markdown(runs);
    }
    let figures: BTreeSet<_> = runs.iter().flat_map(figures_of).collect();
    let mut figures: Vec<_> = figures.into_iter().collect();
    figures.sort_by_key(|&(dataset, name, metric, version)| (dataset, by_number(name), metric, version));
    let rows: Vec<_> = figures
        .into_iter()
        .map(|(dataset, name, metric, version)| {
            let spread = |of: fn(&Evaluation) -> &BTreeMap<String, Score>| {
                let of_run = |run| of(evaluation_on(run, dataset)?).get(name);
                let same = runs.iter().filter_map(of_run).filter(|score| self::version(score) == version);
                Spread::of(&same.filter_map(|score| figure(score, metric)).collect::<Vec<_>>())
            };
            let trained = spread(|eval| &eval.trained);
            let baselines = [spread(|eval| &eval.random_init), spread(|eval| &eval.pixels)];
            let count = trained.map_or(0, |spread| spread.count);
            let shown = [trained, baselines[0], baselines[1]];
            let shown = shown.map(|spread| spread.map_or("-".to_owned(), |spread| spread.to_string()));
            let metric = metric.map_or(String::new(), |metric| format!(", {}", metric_in_words(metric)));
            let heading = heading(name, version, dataset) + &metric;
            [vec![heading], shown.to_vec(), vec![count.to_string()]].concat()
        })
        .collect();
    markdown_table(&["protocol", "%", "random init", "pixels", "seeds"], &rows)
}

/// What a run was scored by: data set where it is another than the run's own, name, metric where it is not top-1, version.
fn figures_of(run: &Summary) -> impl Iterator<Item = (Option<&str>, &str, Option<&str>, u32)> {
    let own = std::iter::once((None, &run.eval));
    let transfer = run.transfer.iter().map(|(dataset, eval)| (Some(dataset.as_str()), eval));
    own.chain(transfer).flat_map(|(dataset, eval)| {
        eval.trained.iter().flat_map(move |(name, score)| {
            let top1 = score.top1.is_finite().then_some(None);
            let metrics = top1.into_iter().chain(score.metrics.keys().map(|metric| Some(metric.as_str())));
            metrics.map(move |metric| (dataset, name.as_str(), metric, version(score)))
        })
    })
}

/// Top-1, or the measure of this name.
fn figure(score: &Score, metric: Option<&str>) -> Option<f64> {
    match metric {
        None => Some(score.top1).filter(|top1| top1.is_finite()),
        Some(metric) => Some(score.metrics.get(metric)?.value),
    }
}

/// On the run's own data set, or on another.
fn evaluation_on<'r>(run: &'r Summary, dataset: Option<&str>) -> Option<&'r Evaluation> {
    dataset.map_or(Some(&run.eval), |dataset| run.transfer.get(dataset))
}

pub(crate) fn one_decimal(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |value| format!("{value:.1}"))
}

/// As the tables show it: what is computed from printed figures agrees with them.
fn printed(value: f64) -> f64 {
    format!("{value:.1}").parse().unwrap_or(value)
}

/// What a protocol does, without the settings, which stand beside it.
fn meaning(name: &str, score: &Score) -> &'static str {
    let fewer = |published| score.count("k").is_some_and(|k| k < published);
    match name {
        "knn_10" if fewer(10) => {
            "k-NN with equal votes; k is 10 where it is published, and there are fewer images"
        }
        "knn_200" if fewer(200) => {
            "weighted k-NN; k is 200 where it is published, and there are fewer images"
        }
        _ => score_info(name).map_or("", |info| info.meaning),
    }
}

pub(crate) fn settings(score: &Score) -> String {
    let words = |(name, setting): (&String, &SettingValue)| format!("{} {setting}", name.replace('_', " "));
    score.settings.iter().map(words).collect::<Vec<_>>().join(", ")
}
