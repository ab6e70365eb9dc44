//! Cells that are the best of several candidates.

use std::fs;

use kontrast_config::Ablation;
use kontrast_report::{AblationResult, Outcome, ablation_markdown};
use kontrast_runlog::{RunDir, Status};
use tempfile::TempDir;

use crate::{grid, sample};

/// What is left to be measured is `None`; else the top-1 on validation and on test images.
type Found = Option<(f64, f64)>;

/// A cell of one temperature, and one tuned over two, of which this was found: of each candidate, and of the seeds after
/// the first of the second.
fn tuned(candidates: [Found; 2], others: [Found; 2]) -> (AblationResult, TempDir) {
    let place = tempfile::tempdir().unwrap();
    let text = grid::file(&[&["0.1", "tuned"]], "", "");
    let text = text.replace(
        "set = { \"method.simclr.temperature\" = 0.2 }",
        "tune = { \"method.simclr.temperature\" = [0.3, 0.4] }",
    );
    let path = place.path().join("grid.toml");
    fs::write(&path, text).unwrap();
    let ablation = Ablation::load(&path, None).unwrap();
    let out = place.path().join("runs");
    let cells: Vec<_> = ablation.loaded_cells().collect();
    let write = |candidate: usize, seed, found: Found| {
        let Some((validation_top1, top1)) = found else { return };
        let loaded = &cells[1].1[candidate];
        let mut summary = sample::summary();
        summary.status = Status::Finished;
        let score = summary.eval.trained.get_mut("knn").unwrap();
        (score.top1, score.validation_top1) = (top1, Some(validation_top1));
        let run = RunDir::path_for(&out, &loaded.experiment.name, &loaded.digest, seed);
        sample::write(&run, &summary, &[]);
    };
    candidates.into_iter().enumerate().for_each(|(candidate, found)| write(candidate, 0, found));
    write(1, 1, others[0]);
    write(1, 2, others[1]);
    (AblationResult::collect(&ablation, &out, "cargo xtask ablation grid.toml"), place)
}

#[test]
fn the_best_on_validation_images_becomes_the_cell() {
    // The test images would choose the other.
    let (result, place) =
        tuned([Some((41.0, 50.0)), Some((42.0, 40.0))], [Some((1.0, 41.0)), Some((1.0, 42.0))]);
    let cell = &result.cells[1];
    let outcomes: Vec<_> = cell.runs.iter().map(|(_, outcome)| *outcome).collect();
    assert_eq!(outcomes, [Outcome::Top1(40.0), Outcome::Top1(41.0), Outcome::Top1(42.0)]);
    assert_eq!(cell.candidates.iter().map(|one| one.is_best).collect::<Vec<_>>(), [false, true]);
    assert!(result.cells[0].candidates.is_empty());
    let markdown = ablation_markdown(&result);
    let (_, section) = markdown.split_once("\n## Tuned\n").unwrap();
    let rows: Vec<_> = section.lines().filter(|line| line.starts_with("| tuned")).collect();
    for (row, words) in rows.iter().zip([
        ["temperature=0.3 ", "`grid-tuned-", " 41.00 |      |"],
        ["temperature=0.4 ", "`grid-tuned-", " 42.00 | yes  |"],
    ]) {
        assert!(words.iter().all(|word| row.contains(word)), "{row}");
    }
    assert_eq!(rows.len(), 2);
    assert!(markdown.contains("41.0 ± 1.0 |      3 |"), "{markdown}");
    let html = grid::page(&result, &place);
    assert!(html.contains("<h2>Tuned</h2>") && html.contains("method.simclr.temperature=0.4"));
}

#[test]
fn a_cell_is_not_measured_until_all_candidates_have_ended() {
    let (result, _) = tuned([None, Some((42.0, 40.0))], [Some((1.0, 41.0)), Some((1.0, 42.0))]);
    let cell = &result.cells[1];
    assert!(cell.runs.iter().all(|(_, outcome)| *outcome == Outcome::NotMeasured), "{:?}", cell.runs);
    let markdown = ablation_markdown(&result);
    assert!(markdown.contains("not measured") && markdown.contains("42.00 |      |"), "{markdown}");
}
