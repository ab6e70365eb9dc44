//! Measures that are no accuracy of classes: rows of their own beside their baselines, means over seeds.

use std::collections::BTreeMap;

use kontrast_report::{conclusion, measures_markdown, run_page, scores_markdown, seeds_markdown};
use kontrast_runlog::{Evaluation, Measure, RunDir, Score, Summary};

use crate::sample;

fn measure(value: f64, std: Option<f64>) -> Measure {
    Measure { value, std, unit: "%".to_owned(), higher_is_better: true, by_class: Vec::new() }
}

fn clustering(nmi: f64) -> Score {
    let metrics = [("accuracy", measure(45.0, Some(1.25))), ("nmi", measure(nmi, None))];
    let metrics = metrics.map(|(name, measure)| (name.to_owned(), measure)).into();
    Score { top1: f64::NAN, metrics, ..Score::default() }.with("runs", 5)
}

fn clustered(nmi: f64) -> Summary {
    let mut summary = sample::summary();
    summary.eval.trained.insert("clustering".to_owned(), clustering(nmi));
    summary.eval.random_init.insert("clustering".to_owned(), clustering(8.0));
    summary
}

#[test]
fn a_measure_is_a_row_beside_its_baselines_and_no_row_of_accuracies() {
    let table = measures_markdown(&clustered(36.04));
    let rows: Vec<Vec<&str>> = table.lines().map(|row| row.split('|').map(str::trim).collect()).collect();
    assert_eq!(rows[2][1..6], ["clustering, ACC", "45.0 ± 1.2 %", "45.0 ± 1.2 %", "-", "runs 5"], "{table}");
    assert_eq!(rows[3][1..5], ["clustering, NMI", "36.0 %", "8.0 %", "-"], "{table}");
    assert_eq!(scores_markdown(&clustered(36.0)), scores_markdown(&sample::summary()));
    assert_eq!(measures_markdown(&sample::summary()), "");
}

#[test]
fn seeds_have_a_mean_of_each_measure() {
    let table = seeds_markdown(&[clustered(20.0), clustered(22.0)]);
    let row = table.lines().find(|row| row.contains("clustering, NMI")).unwrap();
    let cells: Vec<_> = row.split('|').map(str::trim).collect();
    assert_eq!(cells[2..6], ["21.0 ± 1.4", "8.0 ± 0.0", "-", "2"], "{table}");
    assert!(!table.contains("| clustering "), "no row of top-1: {table}");
}

#[test]
fn a_run_with_measures_alone_has_a_page_of_them() {
    let eval = Evaluation {
        trained: BTreeMap::from([("clustering".to_owned(), clustering(36.0))]),
        ..Evaluation::default()
    };
    let summary = Summary { eval, ..sample::summary() };
    assert_eq!(scores_markdown(&summary), "");
    assert!(conclusion(&summary).contains("No accuracy"), "{}", conclusion(&summary));
    let folder = tempfile::tempdir().unwrap();
    RunDir::acquire(folder.path()).unwrap().write_summary(&summary).unwrap();
    run_page(folder.path()).unwrap();
    let html = std::fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(html.contains("clustering, NMI") && html.contains("36.0 %"), "{html}");
    assert!(!html.contains("NaN"), "{html}");
}
