//! Which score a page shows the confusion of classes of.

use kontrast_runlog::Summary;

/// The first of these that a run has: what a linear classifier confuses says most of an encoder.
const SCORES: [&str; 5] = ["linear", "logistic", "linear_views", "mlp", "knn"];

/// The score whose confusion of classes the page of a run shows; none where the run has no such score.
pub fn confused_score(summary: &Summary) -> Option<&'static str> {
    SCORES.into_iter().find(|score| summary.eval.trained.contains_key(*score))
}

/// What the picture shows.
pub(crate) fn confused_caption(summary: &Summary) -> String {
    let score = confused_score(summary).unwrap_or("knn");
    format!(
        "Of the test images of each class, a row, how many per cent {score} takes for each class, a column."
    )
}
