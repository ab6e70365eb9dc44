//! Whole runs: what they leave behind, and what a second start does.

use crate::program::{Place, TINY};
use image::{Rgb, RgbImage};
use std::fs;

#[test]
fn a_run_leaves_everything_that_scripts_and_people_rely_on() {
    let place = Place::new();
    place.tiny(&[]).says(0, &["knn_200", "raw pixels", "report.html"]);
    let summary = place.summary();
    for key in [
        "name",
        "method",
        "seed",
        "digest",
        "dataset",
        "epochs",
        "steps",
        "train_seconds",
        "wall_seconds",
        "images_per_second",
        "data_wait_percent",
        "peak_memory_bytes",
        "parameters",
        "forward_passes",
        "loss_first",
        "loss_last",
        "loss_chance",
    ] {
        assert!(!summary[key].is_null(), "{key} is missing");
    }
    assert_eq!((&summary["status"], &summary["steps"]), (&"finished".into(), &8.into()));
    assert_eq!((&summary["epochs"], &summary["forward_passes"]), (&2.into(), &(8 * 32).into()));
    let chance = summary["loss_chance"].as_f64().unwrap();
    assert!((chance - 31f64.ln()).abs() < 1e-9, "{chance}");
    for protocol in ["knn", "knn_10", "knn_200"] {
        for score in [
            &summary["eval"][protocol],
            &summary["eval"]["random_init"][protocol],
            &summary["eval"]["pixels"][protocol],
        ] {
            let top1 = score["top1"].as_f64().unwrap();
            assert!((0.0..=100.0).contains(&top1), "{protocol}: {top1}");
        }
    }
    let run = place.run_dir();
    for file in ["config.toml", "events.jsonl", "report.html", "figures/views.png", "figures/neighbours.png"]
    {
        assert!(fs::metadata(run.join(file)).unwrap().len() > 0, "{file}");
    }
    let name = run.file_name().unwrap().to_string_lossy().into_owned();
    let digest = summary["digest"].as_str().unwrap();
    assert_eq!(name, format!("tiny-{}-s3", &digest[..8]));

    // A second start repeats the summary and trains nothing; the resolved file gives the same run.
    let steps = fs::read_to_string(run.join("events.jsonl")).unwrap();
    place.tiny(&[]).says(0, &["finished already", "raw pixels"]);
    let config = run.join("config.toml").display().to_string();
    place.run(&["pretrain", &config]).says(0, &["finished already"]);
    assert_eq!(fs::read_to_string(run.join("events.jsonl")).unwrap(), steps);

    let report = run.display().to_string();
    fs::remove_file(run.join("report.html")).unwrap();
    place.run(&["report", &report]).says(0, &["report.html"]);
    let before = place.summary()["eval"].clone();
    place.run(&["evaluate", &report]).says(0, &["knn"]);
    assert_eq!(place.summary()["eval"], before);
}

#[test]
fn an_unlabelled_folder_trains_and_finishes_with_label_free_figures() {
    let place = Place::new();
    let config = TINY.replace(
        "name = \"synthetic\"\nsynthetic = { train = 64, test = 40, classes = 4, size = 16 }",
        "name = \"folder\"\nroot = \"photos\"",
    );
    place.write("tiny.toml", &config);
    fs::create_dir(place.path().join("photos")).unwrap();
    for i in 0..40u8 {
        let picture =
            RgbImage::from_fn(20 + u32::from(i) % 5, 24, |x, y| Rgb([(x * 9) as u8, (y * 9) as u8, i * 6]));
        picture.save(place.path().join(format!("photos/{i:02}.png"))).unwrap();
    }
    place.tiny(&[]).says(0, &["report.html"]);
    let summary = place.summary();
    assert_eq!(summary["status"], "finished");
    assert!(summary["eval"]["knn"].is_null(), "no labels, no scores");
    for figure in ["alignment", "uniformity", "effective_rank", "deviation", "contrastive_accuracy"] {
        assert!(summary["label_free"][figure].is_f64(), "{figure}: {summary}");
    }
}

#[test]
fn a_huge_rate_diverges_with_a_hint_and_code_3_and_says_so_again() {
    let place = Place::new();
    let wild = ["--set", "optimizer.sgd.lr=1e18", "--set", "train.epochs=6"];
    place.tiny(&wild).says(3, &["diverged", "lower optimizer lr"]);
    assert_eq!(place.summary()["status"], "diverged");
    place.tiny(&wild).says(3, &["diverged already"]);
}
