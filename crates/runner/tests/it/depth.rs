//! Probes at depth: of a run, and of one that is there already.

use crate::program::{Place, TINY};

const DEPTH: &str = r#"
[eval.depth]
probes = ["linear", "conv"]
stages = [1, 3]
features = 64
epochs = 2
batch = 16
weight_decay = 5e-4
lr = { linear = 0.01, conv = 0.1 }
"#;

#[test]
fn a_run_probes_its_stages_trained_and_untrained() {
    let place = Place::new();
    place.write("tiny.toml", &format!("{TINY}{DEPTH}"));
    let said =
        ["trained, stage 1 (4x16x16), linear: ", "untrained, stage 3 (16x4x4), conv: ", "| 4x4 for linear |"];
    place.tiny(&[]).says(0, &said);
    let depth = place.summary()["depth"].clone();
    let rows = depth.as_array().unwrap();
    assert_eq!(rows.len(), 4);
    for row in rows {
        for key in ["top1", "random_init"] {
            assert!((0.0..=100.0).contains(&row[key].as_f64().unwrap()), "{row}");
        }
    }
    assert_eq!(
        (&rows[2]["stage"], &rows[2]["probe"], &rows[2]["grid"]),
        (&3.into(), &"linear".into(), &2.into())
    );

    // The same weights give the same scores.
    let run = place.run_dir().display().to_string();
    place.run(&["evaluate", &run]).says(0, &["untrained, stage 3"]);
    assert_eq!(place.summary()["depth"], depth);
}

#[test]
fn a_finished_run_is_probed_with_what_its_file_does_not_have() {
    let place = Place::new();
    place.tiny(&[]).says(0, &[]);
    let before = place.summary();
    let run = place.run_dir().display().to_string();
    let all = "eval.depth={probes=['mlp'], features=64, epochs=1, batch=16, weight_decay=0, lr={mlp=0.1}}";
    place.run(&["evaluate", &run, "--set", all]).says(0, &["trained, stage 4 (32x2x2), mlp: "]);
    let probed = place.summary();
    assert_eq!(probed["depth"].as_array().unwrap().len(), 4);
    assert_eq!((&probed["eval"], &probed["digest"]), (&before["eval"], &before["digest"]));
    // What was asked for once stays.
    place.run(&["evaluate", &run]).says(0, &["| stage |"]);
    assert_eq!(place.summary()["depth"], probed["depth"]);

    let other = place.run(&["evaluate", &run, "--set", "eval.validation=0.5"]);
    other.says(2, &["--set eval.validation=0.5: expected a key of eval.depth"]);
    let part = place.run(&["evaluate", &run, "--set", "eval.depth.stages=[5]"]);
    part.says(2, &["eval.depth"]);
}
