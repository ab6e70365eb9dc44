//! What was taken for what: the classes of test images beside those that one of a run's scores gives them.

use crate::canvas::save;
use crate::confusion::matrix;
use kontrast_data::Labelled;
use kontrast_eval::Scores;
use kontrast_report::confused_score;
use kontrast_runlog::Summary;
use std::path::Path;
use tch::{Kind, Tensor};

/// Draws `classes.png` of the score that the page names, where these scores of the run's own data set have it.
pub(crate) fn draw(
    summary: &Summary,
    scores: &Scores,
    test: &dyn Labelled,
    figures: &Path,
) -> anyhow::Result<()> {
    let Some(name) = confused_score(summary).filter(|_| scores.dataset == summary.dataset) else {
        return Ok(());
    };
    let report = scores.trained.iter().find(|report| report.name == name);
    let Some(predictions) = report.and_then(|report| report.predictions.as_ref()) else { return Ok(()) };
    let labels: Vec<i64> = test.labels().into_iter().map(i64::from).collect();
    let names = test.class_names();
    save(
        &matrix(&counted(&Tensor::from_slice(&labels), predictions, names.len()), names),
        &figures.join("classes.png"),
    )
}

/// How often each class was taken for each, over all draws; images that got no class are left out.
///
/// # Shapes
/// - `labels`: `[n]`, `predictions`: `[draws, n]`
/// - returns `[classes, classes]`, a row for each class
fn counted(labels: &Tensor, predictions: &Tensor, classes: usize) -> Tensor {
    let classes = classes as i64;
    let pairs = (labels * classes + predictions).flatten(0, -1);
    let pairs = pairs.masked_select(&predictions.flatten(0, -1).ge(0)).to_kind(Kind::Int64);
    pairs.bincount::<Tensor>(None, classes * classes).view([classes, classes])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_draw_counts_and_images_without_a_class_do_not() {
        let labels = Tensor::from_slice(&[0i64, 1, 2]);
        let predictions = Tensor::from_slice(&[0i64, 2, -1, 1, 2, 2]).view([2, 3]);
        let expected = Tensor::from_slice(&[1i64, 1, 0, 0, 0, 2, 0, 0, 1]).view([3, 3]);
        assert_eq!(counted(&labels, &predictions, 3), expected);
    }
}
