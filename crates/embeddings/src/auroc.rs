//! How well a score tells two kinds apart.

/// The area under the ROC curve: how often a row that is `positive` scores above one that is not, a tie counting half
/// (Hanley and McNeil 1982). None where there is only one kind.
///
/// ```
/// use kontrast_embeddings::auroc;
///
/// assert_eq!(auroc(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true]), Some(0.75));
/// assert_eq!(auroc(&[0.5, 0.5], &[false, true]), Some(0.5));
/// ```
///
/// # Panics
/// Where there is not a score for each, or a score is NaN.
pub fn auroc(scores: &[f32], positive: &[bool]) -> Option<f64> {
    assert_eq!(scores.len(), positive.len(), "a score for each");
    assert!(scores.iter().all(|score| !score.is_nan()), "scores are numbers");
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_unstable_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    let (mut wins, mut negatives) = (0.0, 0.0);
    for tied in order.chunk_by(|&a, &b| scores[a] == scores[b]) {
        let positives = tied.iter().filter(|&&row| positive[row]).count() as f64;
        let others = tied.len() as f64 - positives;
        wins += positives * (negatives + others / 2.0);
        negatives += others;
    }
    let positives = scores.len() as f64 - negatives;
    (positives > 0.0 && negatives > 0.0).then(|| wins / (positives * negatives))
}
