//! `evaluate --on`: rows of another data set beside a run's own.

use crate::program::Place;

#[test]
fn another_data_set_becomes_rows_and_the_runs_own_scores_stay() {
    let place = Place::new();
    place.tiny(&["--set", "train.precision=fp32", "--set", "train.epochs=1"]).says(0, &["report.html"]);
    let own = place.summary();
    let run = place.run_dir();
    let run = run.to_str().unwrap();
    place.colours(&["train", "test"]);
    let on = |dataset: &str| place.run(&["evaluate", run, "--on", dataset]);
    on("colours").says(0, &["evaluating on colours: 12 and 12 images", "knn on colours"]);
    let both = place.summary();
    let colours = &both["transfer"]["colours"];
    let top1 = |of: &serde_json::Value| of["knn"]["top1"].as_f64().unwrap();
    // Of one colour each: their pixels leave no doubt.
    assert_eq!(top1(&colours["pixels"]), 100.0, "{both:#}");
    assert!(top1(colours) > 50.0 && top1(&colours["random_init"]) > 50.0, "{both:#}");
    for key in ["eval", "label_free", "status", "wall_seconds", "steps"] {
        assert_eq!(own[key], both[key], "{key}");
    }
    // A folder of the same name replaces the rows, and one image that cannot be read is left out when that is asked for.
    place.write("colours/test/red/broken.png", "no picture");
    on("colours").says(1, &["cannot be read", "--skip-unreadable"]);
    place
        .run(&["evaluate", run, "--on", "colours", "--skip-unreadable"])
        .says(0, &["these scores replace earlier ones on colours", "on colours: knn top-1"]);
    // The run's own scores again leave the rows of the other set.
    place.run(&["evaluate", run]).says(0, &["report.html", "knn on colours"]);
    assert_eq!(place.summary()["transfer"], both["transfer"]);
}

#[test]
fn a_data_set_that_cannot_be_scored_on_is_named_with_what_is_expected() {
    let place = Place::new();
    place.tiny(&["--set", "train.precision=fp32", "--set", "train.epochs=1"]).says(0, &["report.html"]);
    let run = place.run_dir();
    let run = run.to_str().unwrap();
    place.colours(&["train"]);
    let on = |dataset: &str| place.run(&["evaluate", run, "--on", dataset]);
    on("cifar11").says(2, &["--on cifar11: expected cifar10", "there is none of that name"]);
    on("colours/train").says(2, &["--on colours/train: scores need training and test images with labels"]);
    on("synthetic").says(2, &["--on synthetic: the run's own scores"]);
    place.run(&["evaluate", "nowhere", "--on", "cifar10"]).says(2, &["nowhere: expected a run directory"]);
}
