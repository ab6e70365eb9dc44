//! Layer-wise probes: of a run, and of one that is there already.

use crate::program::{Place, TINY};

const LAYERS: &str = r#"
[eval.layers]
probes = ["linear", "conv"]
stages = [1, 3]
features = 64
epochs = 2
batch = 16
weight_decay = 5e-4
lr = { linear = 0.01, conv = 0.1 }
"#;

#[test]
fn a_run_probes_its_stages_with_trained_and_with_random_weights() {
    let place = Place::new();
    place.write("tiny.toml", &format!("{TINY}{LAYERS}"));
    let said = [
        "trained, maps of stage 1, ",
        "trained, stage 1 (4x16x16), linear: ",
        "random init, stage 3 (16x4x4), conv: ",
        "| 4x4 for linear |",
    ];
    place.tiny(&[]).says(0, &said);
    let layers = place.summary()["depth"].clone();
    let rows = layers.as_array().unwrap();
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
    place.run(&["evaluate", &run]).says(0, &["random init, stage 3"]);
    assert_eq!(place.summary()["depth"], layers);
    // One key changes what the run's file has, and leaves the rest of it.
    let fewer = ["evaluate", &run, "--set", "eval.layers.stages=[2]", "--set", "eval.layers.epochs=1"];
    place.run(&fewer).says(0, &["trained, stage 2 (8x8x8), linear: "]);
    let rows = place.summary()["depth"].clone();
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.iter().map(|row| row["stage"].as_u64().unwrap()).collect::<Vec<_>>(), [2, 2]);
    assert_eq!((&rows[1]["probe"], &rows[1]["epochs"]), (&"conv".into(), &1.into()));
}

#[test]
fn a_finished_run_is_probed_with_what_its_file_does_not_have() {
    let place = Place::new();
    place.tiny(&[]).says(0, &[]);
    let before = place.summary();
    let run = place.run_dir().display().to_string();
    let all = "eval.layers={probes=['mlp'], features=64, epochs=1, batch=16, weight_decay=0, lr={mlp=0.1}}";
    place.run(&["evaluate", &run, "--set", all]).says(0, &["trained, stage 4 (32x2x2), mlp: "]);
    let probed = place.summary();
    assert_eq!(probed["depth"].as_array().unwrap().len(), 4);
    assert_eq!((&probed["eval"], &probed["digest"]), (&before["eval"], &before["digest"]));
    // What was asked for once stays.
    place.run(&["evaluate", &run]).says(0, &["| stage |"]);
    assert_eq!(place.summary()["depth"], probed["depth"]);

    let other = place.run(&["evaluate", &run, "--set", "eval.validation=0.5"]);
    other.says(2, &["--set eval.validation=0.5: expected a key of a protocol that --protocol names, or without --protocol one of eval.layers"]);
    let part = place.run(&["evaluate", &run, "--set", "eval.layers.stages=[5]"]);
    let whole = "--set 'eval.layers={probes=[\"linear\"], features=9000, epochs=20, batch=128, weight_decay=5e-4, \
                 lr={linear=0.001}}' --set 'eval.layers.stages=[5]'";
    let said = format!("such as: cargo xtask run -- evaluate {run} {whole}");
    part.says(2, &["expected the whole table first", "has no [eval.layers]", &said]);
    let fifth = ["--set", all, "--set", "eval.layers.stages=[5]"];
    place.run(&[&["evaluate", &run], &fifth[..]].concat()).says(
        2,
        &["eval.layers.stages = [5]: expected stages from 1 to 4, as encoder.resnet18 has them, in rising order"],
    );
}

#[test]
fn joint_tasks_with_views_of_two_sizes_are_judged_and_probed() {
    let place = Place::new();
    place.write("tiny.toml", &format!("{TINY}{LAYERS}"));
    let views = "views.custom={ view = [{ count = 1, size = 14, steps = ['fit'] }, \
                 { count = 1, size = 16, steps = ['fit'] }] }";
    let task = |view: usize| {
        let own = "{ rotations = 4, all = false, head = { widths = [], batch_norm = false } }";
        format!("{{ weight = 1.0, views = [{view}], method = {{ rotation = {own} }} }}")
    };
    let joint = format!("method.joint={{ tasks = [{}, {}] }}", task(0), task(1));
    place.tiny(&["--set", views, "--set", &joint]).says(0, &["random init, stage 3 (16x4x4), conv: "]);
    let figures = &place.summary()["label_free"];
    assert!(figures["effective_rank"].is_f64() && figures["alignment"].is_null(), "{figures}");
}

#[test]
fn probes_without_labels_are_said_to_be_left_out() {
    let place = Place::new();
    for number in 0..40u8 {
        let path = place.write(&format!("photos/{number}.png"), "");
        image::RgbImage::from_pixel(16, 16, image::Rgb([6 * number, 90, 200])).save(path).unwrap();
    }
    let synthetic = "name = \"synthetic\"\nsynthetic = { train = 64, test = 40, classes = 4, size = 16 }";
    assert!(TINY.contains(synthetic));
    let folder = TINY.replace(synthetic, "name = \"folder\"\nroot = \"photos\"");
    place.write("tiny.toml", &format!("{folder}{LAYERS}"));
    let said = "eval.layers is left out: it needs training and test images with labels";
    place.tiny(&[]).says(0, &[said]);
    let run = place.run_dir().display().to_string();
    let again = ["evaluate", &run, "--set", "eval.layers.epochs=1"];
    place.run(&again).says(0, &[said]);
    assert!(place.summary()["depth"].as_array().is_none_or(Vec::is_empty));
}
