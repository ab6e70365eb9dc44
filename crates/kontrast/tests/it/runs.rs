//! Whole runs: what they leave behind, and what a second start does.

use crate::program::{Place, TINY};
use image::{GenericImageView, Rgb, RgbImage};
use std::fs;

/// Keys of `summary.json` that every finished run has a value for.
const KEYS: &str = "name method seed digest dataset epochs steps train_seconds wall_seconds images_per_second \
                    data_wait_percent peak_memory_bytes parameters forward_passes loss_first loss_last loss_chance";

#[test]
fn a_run_leaves_everything_that_scripts_and_people_rely_on() {
    let place = Place::new();
    let said = [
        "resnet18 of width 4 (cifar stem)",
        "cpu with 1 thread\n",
        "random init, knn_10: ",
        "knn_200",
        "raw pixels",
        "report.html",
    ];
    place.tiny(&[]).says(0, &said);
    let summary = place.summary();
    for key in KEYS.split_whitespace() {
        assert!(!summary[key].is_null(), "{key} is missing");
    }
    assert_eq!((&summary["status"], &summary["steps"]), (&"finished".into(), &8.into()));
    assert_eq!((&summary["epochs"], &summary["forward_passes"]), (&2.into(), &(8 * 32).into()));
    assert_eq!((&summary["classes"], &summary["test_images"]), (&4.into(), &40.into()));
    let chance = summary["loss_chance"].as_f64().unwrap();
    assert!((chance - 31f64.ln()).abs() < 1e-9, "{chance}");
    for protocol in ["knn", "knn_10", "knn_200"] {
        let eval = &summary["eval"];
        for score in [&eval[protocol], &eval["random_init"][protocol], &eval["pixels"][protocol]] {
            let top1 = score["top1"].as_f64().unwrap();
            assert!((0.0..=100.0).contains(&top1), "{protocol}: {top1}");
        }
    }
    let run = place.run_dir();
    for file in ["config.toml", "events.jsonl", "report.html"] {
        assert!(fs::metadata(run.join(file)).unwrap().len() > 0, "{file}");
    }
    for figure in ["views.png", "neighbours.png", "classes.png", "embedding.json", "embedding.jpg"] {
        assert!(fs::metadata(run.join("figures").join(figure)).unwrap().len() > 0, "{figure}");
    }
    let page = fs::read_to_string(run.join("report.html")).unwrap();
    for heading in ["Which classes are taken for which", "Where images lie", "Spectrum"] {
        assert!(page.contains(heading), "{heading}");
    }
    let name = run.file_name().unwrap().to_string_lossy().into_owned();
    let digest = summary["digest"].as_str().unwrap();
    assert_eq!(name, format!("tiny-{}-s3", &digest[..8]));
}

#[test]
fn each_record_of_the_log_has_the_uniform_value_and_the_rank() {
    let place = Place::new();
    place.tiny(&[]).says(0, &[]);
    let log = fs::read_to_string(place.run_dir().join("events.jsonl")).unwrap();
    let events: Vec<serde_json::Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let steps: Vec<_> = events.iter().filter(|event| event["event"] == "step").collect();
    assert_eq!(steps.len(), 8, "{log}");
    for step in steps {
        let chance = step["loss_chance"].as_f64().unwrap();
        assert!((chance - 31f64.ln()).abs() < 1e-9, "{step}");
        // The head has 16 outputs.
        let rank = step["effective_rank"].as_f64().unwrap();
        assert!((1.0..=16.0).contains(&rank), "{step}");
    }
}

#[test]
fn a_finished_run_is_repeated_reported_and_evaluated_but_not_trained_again() {
    let place = Place::new();
    place.tiny(&[]).says(0, &[]);
    let run = place.run_dir();
    // The resolved file gives the same run.
    let steps = fs::read_to_string(run.join("events.jsonl")).unwrap();
    place.tiny(&[]).says(0, &["finished already", "raw pixels", "report: runs/tiny-"]);
    let config = run.join("config.toml").display().to_string();
    place.run(&["pretrain", &config]).says(0, &["finished already"]);
    assert_eq!(fs::read_to_string(run.join("events.jsonl")).unwrap(), steps);

    let report = run.display().to_string();
    fs::remove_file(run.join("report.html")).unwrap();
    place.run(&["report", &report]).says(0, &["report.html", "raw pixels"]);
    fs::remove_file(run.join("report.html")).unwrap();
    place.run(&["report", "runs"]).says(0, &["report.html"]);
    place
        .run(&["table", "seeds", &report, "--of", "3", "--write", "new/seeds.md"])
        .says(0, &["over 1 of 3 seeds", "| knn", "new/seeds.md"]);
    place.run(&["table", "seeds", &report, &report]).says(2, &["expected each seed once"]);
    place.run(&["table", "seeds", "nowhere"]).says(2, &["nowhere", "expected a run directory"]);
    place.run(&["table", "ablation", "tiny.toml", "--out", "nowhere"]).says(2, &["--out nowhere"]);
    let table = fs::read_to_string(place.path().join("new/seeds.md")).unwrap();
    assert!(table.starts_with("# tiny\n") && table.contains("Runs:\n\n- `tiny-"), "{table}");
    let before = place.summary()["eval"].clone();
    place.run(&["evaluate", &report]).says(0, &["knn"]);
    assert_eq!(place.summary()["eval"], before);
}

#[test]
fn an_option_that_looks_like_a_number_is_a_path_all_the_same() {
    let place = Place::new();
    place.tiny(&["--out", "5", "--set", "train.epochs=1"]).says(0, &["run directory: 5/tiny-"]);
    assert!(place.path().join("5").is_dir());
}

#[test]
fn an_unlabelled_folder_trains_and_finishes_with_label_free_figures() {
    let place = Place::new();
    photos(&place, |_| "");
    place.tiny(&[]).says(
        0,
        &[
            "40 images",
            "figures that need no labels",
            "| effective rank ",
            "there are no labels",
            "report.html",
        ],
    );
    let summary = place.summary();
    assert_eq!(summary["status"], "finished");
    assert!(summary["classes"].is_null() && summary["test_images"].is_null());
    assert!(!frames(&place), "frames without labels");
    assert!(queries_stand_once(&place), "a query is among its own neighbours");
    assert!(summary["eval"]["knn"].is_null(), "no labels, no scores");
    for figure in ["alignment", "uniformity", "effective_rank", "deviation", "contrastive_accuracy"] {
        assert!(summary["label_free"][figure].is_f64(), "{figure}: {summary}");
    }
}

#[test]
fn a_folder_of_classes_without_a_test_split_is_told_how_to_get_one() {
    let place = Place::new();
    photos(&place, |i| if i % 2 == 0 { "even" } else { "odd" });
    place.tiny(&["--set", "train.epochs=1"]).says(0, &["there is no test split: data.holdout makes one"]);
    let summary = place.summary();
    assert_eq!((&summary["classes"], &summary["test_images"]), (&2.into(), &serde_json::Value::Null));
    assert!(frames(&place), "labels are known, and no frames");
    assert!(queries_stand_once(&place), "a query is among its own neighbours");
    place
        .tiny(&["--set", "train.epochs=1", "--set", "data.holdout=0.25", "--out", "held"])
        .says(0, &["on the test images"]);
}

/// Writes forty pictures, each in the folder of its class, and an experiment file that trains on them.
fn photos(place: &Place, class: fn(u8) -> &'static str) {
    let config = TINY.replace(
        "name = \"synthetic\"\nsynthetic = { train = 64, test = 40, classes = 4, size = 16 }",
        "name = \"folder\"\nroot = \"photos\"",
    );
    place.write("tiny.toml", &config);
    for i in 0..40u8 {
        let folder = place.path().join("photos").join(class(i));
        fs::create_dir_all(&folder).unwrap();
        let picture =
            RgbImage::from_fn(20 + u32::from(i) % 5, 24, |x, y| Rgb([(x * 9) as u8, (y * 9) as u8, i * 6]));
        picture.save(folder.join(format!("{i:02}.png"))).unwrap();
    }
}

/// The sheet of neighbours, and pixels from one cell to the next: a query and nine neighbours in a row.
fn sheet(place: &Place) -> (RgbImage, u32) {
    let sheet = image::open(place.run_dir().join("figures/neighbours.png")).unwrap().to_rgb8();
    let pitch = (sheet.width() - 4) / 10;
    (sheet, pitch)
}

/// Whether neighbours are framed: a cell begins with its frame, else with paper.
fn frames(place: &Place) -> bool {
    let (sheet, pitch) = sheet(place);
    *sheet.get_pixel(4 + pitch, 4) != Rgb([255, 255, 255])
}

/// Whether no query stands among the neighbours in its row.
fn queries_stand_once(place: &Place) -> bool {
    let (sheet, pitch) = sheet(place);
    // Frames are four pixels wide, and so are the gaps between cells.
    let cell = |row: u32, column: u32| {
        sheet.view(8 + column * pitch, 8 + row * pitch, pitch - 12, pitch - 12).to_image()
    };
    (0..10).all(|row| (1..10).all(|column| cell(row, column) != cell(row, 0)))
}

#[test]
fn a_huge_rate_diverges_with_a_hint_and_code_3_and_says_so_again() {
    let place = Place::new();
    let wild = ["--set", "optimizer.sgd.lr=1e18", "--set", "train.epochs=6"];
    place.tiny(&wild).says(3, &["diverged", "lower optimizer lr"]);
    assert_eq!(place.summary()["status"], "diverged");
    place.tiny(&wild).says(3, &["diverged already"]);
}
