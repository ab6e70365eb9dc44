//! `summary.json`: the keys that scripts rely on.

use std::collections::BTreeMap;

use kontrast_runlog::{Evaluation, LabelFree, Layout, RunDir, Score, Status, Summary, read_summary};
use serde_json::{Value, json};

fn summary() -> Summary {
    let score = |top1| Score { top1, ..Score::default() };
    let chosen = Score { top5: Some(90.0), version: Some(2), ..score(48.1) };
    let chosen = chosen.with("k", 20).with("temperature", 0.1).with("probe", "linear");
    let trained = BTreeMap::from([("knn".to_owned(), Score { mean_per_class: Some(20.5), ..score(21.0) })]);
    let transfer = Evaluation { trained, ..Evaluation::default() };
    Summary {
        status: Status::Finished,
        name: "quickstart".to_owned(),
        method: "simclr".to_owned(),
        digest: "ab".repeat(32),
        dataset: "cifar10".to_owned(),
        epochs: 20,
        steps: 780,
        loss_first: Some(6.1),
        loss_last: Some(f64::NAN),
        eval: Evaluation {
            trained: BTreeMap::from([("knn".to_owned(), chosen), ("knn_200".to_owned(), score(47.0))]),
            random_init: BTreeMap::from([("knn".to_owned(), score(30.0))]),
            pixels: BTreeMap::from([("knn".to_owned(), score(39.5))]),
        },
        transfer: BTreeMap::from([("cifar100".to_owned(), transfer)]),
        label_free: Some(LabelFree { alignment: Some(0.4), ..LabelFree::default() }),
        ..Summary::default()
    }
}

fn written() -> (tempfile::TempDir, Value) {
    let folder = tempfile::tempdir().unwrap();
    RunDir::acquire(folder.path()).unwrap().write_summary(&summary()).unwrap();
    let text = std::fs::read_to_string(Layout::of(folder.path()).summary()).unwrap();
    let json = serde_json::from_str(&text).unwrap();
    (folder, json)
}

#[test]
fn every_promised_key_is_there() {
    let (_folder, json) = written();
    let promised = "status name method seed digest dataset classes test_images epochs steps train_seconds wall_seconds \
                    images_per_second data_wait_percent peak_memory_bytes peak_device_memory_bytes \
                    parameters forward_passes loss_first loss_last loss_chance eval";
    for key in promised.split_whitespace() {
        assert!(json.get(key).is_some(), "{key} is missing from {json}");
    }
    assert_eq!(json["status"], "finished");
    assert_eq!(json["loss_chance"], Value::Null);
}

#[test]
fn a_score_is_read_back_as_it_was_written_and_printed() {
    // A fraction of ten thousand images, as the division gives it.
    for fraction in [0.9015_f64, 0.5387, 0.0001, 0.333_333_333_3] {
        let score = Score { top1: 100.0 * fraction, ..Score::default() }.rounded();
        let text = serde_json::to_string(&score).unwrap();
        assert!(text.len() < "{\"top1\":00.00000}".len(), "{text}");
        assert_eq!(serde_json::from_str::<Score>(&text).unwrap(), score);
    }
    let none = Score { top1: f64::NAN, ..Score::default() };
    let read: Score = serde_json::from_str(&serde_json::to_string(&none).unwrap()).unwrap();
    assert!(read.top1.is_nan(), "a protocol that has no top-1");
    // Without float_roundtrip it comes back as its neighbour.
    let awkward = 51.248_178_374_995_39_f64;
    let back: f64 = serde_json::from_str(&awkward.to_string()).unwrap();
    assert_eq!(back.to_bits(), awkward.to_bits());
}

#[test]
fn scores_are_nested_with_their_floors_as_siblings() {
    let (_folder, json) = written();
    let knn = json!({
        "top1": 48.1, "top5": 90.0, "version": 2, "k": 20, "temperature": 0.1, "probe": "linear",
    });
    assert_eq!(json["eval"]["knn"], knn);
    assert_eq!(json["eval"]["knn_200"], json!({"top1": 47.0}));
    assert_eq!(json["eval"]["random_init"]["knn"]["top1"], 30.0);
    assert_eq!(json["eval"]["pixels"]["knn"]["top1"], 39.5);
    assert_eq!(json["transfer"]["cifar100"]["knn"], json!({"top1": 21.0, "mean_per_class": 20.5}));
    assert_eq!(json["label_free"]["alignment"], 0.4);
}

#[test]
fn a_summary_is_read_as_it_was_written() {
    let (folder, _json) = written();
    let read = read_summary(folder.path()).unwrap();
    // JSON has no NaN: a loss that is no number is read as none.
    assert_eq!(read, Summary { loss_last: None, ..summary() });
}

#[test]
fn a_summary_of_an_older_version_is_read_with_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(Layout::of(folder.path()).summary(), r#"{"status":"failed","name":"old"}"#).unwrap();
    let read = read_summary(folder.path()).unwrap();
    assert_eq!((read.status, read.name.as_str()), (Status::Failed, "old"));
    assert!(read.eval.trained.is_empty() && read.layers.is_empty());
}

#[test]
fn a_missing_or_broken_summary_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let message = read_summary(folder.path()).unwrap_err().to_string();
    assert!(message.contains("summary.json: cannot be read: "), "{message}");
    std::fs::write(Layout::of(folder.path()).summary(), "{\n  \"status\": 3\n}").unwrap();
    let message = read_summary(folder.path()).unwrap_err().to_string();
    assert!(message.contains("summary.json:2: expected the summary of a run, found "), "{message}");
}
