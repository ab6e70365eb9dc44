//! Scores on other data sets than the run's own: rows of their own, in every table.

use kontrast_report::{run_page, scores_markdown, seeds_markdown};
use kontrast_runlog::{Evaluation, RunDir, Score, Summary};

use crate::sample;

/// The sample, scored on another set too: k-NN beside random weights, and a score over draws.
fn transferred(top1: f64) -> Summary {
    let score = |top1| Score { top1, mean_per_class: Some(top1 - 1.0), ..Score::default() };
    let drawn = Score { top1_std: Some(1.25), ..score(12.0) }.with("shots", 5);
    let eval = Evaluation {
        trained: [("knn".to_owned(), score(top1)), ("few".to_owned(), drawn)].into(),
        random_init: [("knn".to_owned(), score(7.0))].into(),
        ..Evaluation::default()
    };
    Summary { transfer: [("cifar100".to_owned(), eval)].into(), ..sample::summary() }
}

#[test]
fn a_score_on_another_set_is_a_row_below_those_of_the_own_one() {
    let table = scores_markdown(&transferred(21.0));
    let rows: Vec<_> = table.lines().collect();
    assert!(
        rows[2].starts_with("| knn             |") && rows[6].starts_with("| few on cifar100 |"),
        "{table}"
    );
    assert!(rows[6].contains("| 12.0 ± 1.2 |") && rows[6].contains("| shots 5 "), "{table}");
    assert!(
        rows[7].starts_with("| knn on cifar100 |       21.0 |       - |         7.0 |      - |"),
        "{table}"
    );
}

#[test]
fn seeds_have_a_mean_on_each_set() {
    let table = seeds_markdown(&[transferred(20.0), transferred(22.0), sample::summary()]);
    let last = table.lines().last().unwrap();
    assert!(last.starts_with("| knn on cifar100 | 21.0 ± 1.4 |   7.0 ± 0.0 |"), "{table}");
    assert!(last.ends_with("|     2 |"), "{table}");
}

#[test]
fn numbered_scores_stand_in_the_order_of_their_numbers() {
    let mut run = sample::summary();
    run.eval.trained = [1, 5, 10].map(|shots| (format!("few_shot_{shots}"), Score::default())).into();
    for table in [scores_markdown(&run), seeds_markdown(&[run])] {
        let names: Vec<_> = table.lines().skip(2).filter_map(|row| row.split_whitespace().nth(1)).collect();
        assert_eq!(names, ["few_shot_1", "few_shot_5", "few_shot_10"]);
    }
}

#[test]
fn scores_of_two_versions_of_a_protocol_have_no_mean_together() {
    let mut later = sample::summary();
    later.eval.trained.get_mut("linear").unwrap().version = Some(2);
    let table = seeds_markdown(&[sample::summary(), later.clone()]);
    assert!(table.contains("| linear    |       53.9 |"), "{table}");
    assert!(table.contains("| linear v2 |       53.9 |"), "{table}");
    assert!(scores_markdown(&later).contains("| linear v2 |"));
}

#[test]
fn the_page_has_the_row_and_the_mean_over_classes() {
    let folder = tempfile::tempdir().unwrap();
    RunDir::acquire(folder.path()).unwrap().write_summary(&transferred(21.0)).unwrap();
    run_page(folder.path()).unwrap();
    let html = std::fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(html.contains("knn on cifar100") && html.contains("<td>20.0</td>"), "{html}");
    assert!(html.contains("12.0 ± 1.2"), "{html}");
}
