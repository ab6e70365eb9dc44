//! `compare`: two runs on the same test images, and what cannot be compared.

use crate::program::Place;
use std::fs;

/// A place with two runs of other seeds, by their paths.
fn two_runs() -> (Place, String, String) {
    let place = Place::new();
    let short = ["--set", "train.precision=fp32", "--set", "train.epochs=1"];
    place.tiny(&short).says(0, &["report.html"]);
    let first = place.run_dir();
    let kept = place.path().join("first");
    fs::rename(&first, &kept).unwrap();
    place.tiny(&[&short[..], &["--set", "train.epochs=2"]].concat()).says(0, &["report.html"]);
    let second = place.run_dir().display().to_string();
    (place, kept.display().to_string(), second)
}

#[test]
fn two_runs_are_compared_on_the_images_that_both_predicted() {
    let (place, first, second) = two_runs();
    let said = place.run(&["compare", &first, &second]);
    said.says(0, &["| knn ", "95 % interval", "p (McNemar)", "40 test images of synthetic"]);
    // A run and itself differ nowhere.
    let same = place.run(&["compare", &first, &first]);
    same.says(0, &["+0.0 to +0.0"]);
    let row = same.stdout.lines().find(|line| line.starts_with("| knn ")).unwrap().to_owned();
    let cells: Vec<_> = row.split('|').map(str::trim).collect();
    assert_eq!((cells[6], cells[7], cells[8]), ("0", "0", "1.0000"), "{row}");
}

#[test]
fn runs_of_other_images_or_without_predictions_are_refused() {
    let (place, first, second) = two_runs();
    place.colours(&["train", "test"]);
    place.run(&["evaluate", &first, "--on", "colours"]).says(0, &["knn on colours"]);
    place
        .run(&["compare", &first, &second, "--on", "colours"])
        .says(2, &["expected predictions on colours, found none", "evaluate "]);
    // One image fewer is another set.
    fs::remove_file(place.path().join("colours/test/red/4.png")).unwrap();
    place.run(&["evaluate", &second, "--on", "colours"]).says(0, &["knn on colours"]);
    place.run(&["compare", &first, &second, "--on", "colours"]).says(2, &["are of different test images"]);
    place.run(&["compare", &first, "nowhere"]).says(2, &["nowhere: expected a run directory"]);
    let file = place.path().join("first/predictions/synthetic.safetensors");
    fs::write(&file, "no tensors").unwrap();
    place.run(&["compare", &first, &second]).says(2, &["expected predictions, as a run writes them"]);
}

#[test]
fn several_runs_stand_in_one_table_the_best_first() {
    let (place, first, second) = two_runs();
    let said = place.run(&["report", &first, &second, "--write", "tables/runs.md"]);
    said.says(0, &["knn top-1 %", "test images that are drawn again"]);
    let table = fs::read_to_string(place.path().join("tables/runs.md")).unwrap();
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| ["))
        .map(|line| line.split('|').map(str::trim).collect())
        .collect();
    let value = |row: &[&str]| row[4].parse::<f64>().unwrap();
    assert!(rows.len() == 2 && value(&rows[0]) >= value(&rows[1]), "{table}");
    assert_eq!(rows[0][5], "");
    let difference = value(&rows[1]) - value(&rows[0]);
    assert!(rows[1][5].starts_with(&format!("{difference:+.1} [")), "{table}");
    assert!(table.contains("report.html)"), "{table}");
    place
        .run(&["report", &first, &second, "--score", "linear"])
        .says(2, &["--score linear: expected two runs"]);
    // One run says its own scores, as ever.
    place.run(&["report", &first]).says(0, &["| knn "]);
}
