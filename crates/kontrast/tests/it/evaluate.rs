//! `evaluate --protocol`: further scores of a run beside its own, and scores of a file.

use crate::program::Place;

#[test]
fn further_protocols_become_rows_beside_the_runs_own() {
    let place = Place::new();
    place.tiny(&["--set", "train.precision=fp32", "--set", "train.epochs=1"]).says(0, &["report.html"]);
    let own = place.summary();
    let run = place.run_dir().display().to_string();
    let protocols = ["--protocol", "clustering", "--protocol", "retrieval", "--protocol", "anomaly"];
    let said = [
        "trained, clustering: accuracy ",
        "| clustering, NMI",
        "retrieval, recall@1",
        "anomaly, AUROC by k-NN",
    ];
    place.run(&[&["evaluate", &run], &protocols[..]].concat()).says(0, &said);
    let both = place.summary();
    assert_eq!(own["eval"]["knn"], both["eval"]["knn"]);
    let clustering = &both["eval"]["clustering"];
    assert!(clustering["top1"].is_null() && clustering["metrics"]["nmi"]["value"].is_f64(), "{clustering:#}");
    assert_eq!(clustering["runs"], 5);
    assert!(place.run_dir().join("figures/clusters.png").exists());
    for baseline in ["random_init", "pixels"] {
        assert!(both["eval"][baseline]["clustering"]["metrics"]["ari"]["value"].is_f64(), "{both:#}");
    }
    // One setting changed, and a single protocol again: its row is replaced, all others stay.
    let again = ["evaluate", &run, "--protocol", "clustering", "--set", "eval.clustering.runs=2"];
    place.run(&again).says(0, &["clustering, ACC", "retrieval, mAP@R"]);
    let again = place.summary();
    assert_eq!(again["eval"]["clustering"]["runs"], 2);
    assert_eq!(again["eval"]["retrieval"], both["eval"]["retrieval"]);
    // The run's own scores again leave them where they are.
    place.run(&["evaluate", &run]).says(0, &["clustering, ACC", "knn"]);
    assert_eq!(place.summary()["eval"]["clustering"], again["eval"]["clustering"]);
    let page = std::fs::read_to_string(place.run_dir().join("report.html")).unwrap();
    // Pictures are letters too, and may spell anything.
    let mut words = page.split('"').filter(|part| !part.starts_with("data:"));
    assert!(page.contains("Measures beside their baselines") && !words.any(|part| part.contains("NaN")));
}

#[test]
fn four_linear_probes_have_names_of_their_own_and_an_attentive_one_reads_maps() {
    let place = Place::new();
    place.tiny(&["--set", "train.precision=fp32", "--set", "train.epochs=1"]).says(0, &["report.html"]);
    let run = place.run_dir().display().to_string();
    let short = ["linear_adam", "linear_views", "mlp"].map(|name| format!("eval.{name}.epochs=2"));
    let layers = "eval.layers={probes=['attentive'], stages=[4], features=64, epochs=1, batch=16, weight_decay=0, \
                  lr={attentive=0.1}}";
    let mut arguments = vec!["evaluate", &run, "--set", layers];
    for name in ["linear", "linear_adam", "linear_views", "logistic", "mlp", "layers"] {
        arguments.extend(["--protocol", name]);
    }
    arguments.extend(short.iter().flat_map(|set| ["--set", set]));
    place
        .run(&arguments)
        .says(0, &["trained, linear_views: ", "| linear_adam  |", "stage 4 (32x2x2), attentive"]);
    let eval = &place.summary()["eval"];
    assert!(eval["linear_adam"]["metrics"]["calibration_error"]["value"].is_f64(), "{eval:#}");
    // What sees images has no score of their pixels.
    assert!(eval["pixels"]["mlp"].is_object() && eval["pixels"]["linear_views"].is_null(), "{eval:#}");
}

#[test]
fn an_encoder_of_a_file_is_scored_on_named_images() {
    let place = Place::new();
    place.tiny(&["--set", "train.precision=fp32", "--set", "train.epochs=1"]).says(0, &["report.html"]);
    let before = place.summary();
    let file = place.checkpoints("safetensors").pop().unwrap().display().to_string();
    place.colours(&["train", "test"]);
    let on = |rest: &[&str]| place.run(&[&["evaluate", &file], rest].concat());
    on(&["--on", "colours"]).says(0, &["evaluating on colours: 12 and 12 images", "on colours: knn top-1"]);
    on(&["--on", "colours", "--protocol", "logistic"])
        .says(0, &["| logistic |", "logistic, calibration error"]);
    assert_eq!(place.summary(), before, "nothing is stored");
    on(&[]).says(2, &["expected a run directory, or --on DATASET beside a file"]);
    on(&["--on", "colours", "--set", "eval.logistic.values=3"]).says(2, &["expected a run"]);
}

#[test]
fn one_of_two_networks_is_scored_alone_and_stored_nowhere() {
    let place = Place::new();
    let split = "encoder.resnet18.split=1";
    place
        .tiny(&["--set", "train.precision=fp32", "--set", "train.epochs=1", "--set", split])
        .says(0, &["report.html"]);
    let (run, own) = (place.run_dir().display().to_string(), place.summary());
    let knn = |arguments: &[&str]| {
        let output = place.run(&[&["evaluate", &run], arguments].concat());
        output.says(0, &["trained, knn: ", "random init, knn: ", "| knn"]);
        let all = format!("{}{}", output.stdout, output.stderr);
        all.lines().find(|line| line.starts_with("trained, knn: ")).unwrap().to_owned()
    };
    let (first, rest) = (knn(&["--part", "first"]), knn(&["--part", "rest"]));
    assert_ne!(first.split(" in ").next(), rest.split(" in ").next());
    assert_eq!(place.summary(), own);
    place.run(&["evaluate", &run, "--part", "ab"]).says(2, &["--part ab: expected first or rest"]);
}

#[test]
fn a_protocol_that_does_not_fit_is_refused_with_its_key() {
    let place = Place::new();
    place.tiny(&["--set", "train.precision=fp32", "--set", "train.epochs=1"]).says(0, &["report.html"]);
    let run = place.run_dir().display().to_string();
    let with = |rest: &[&str]| place.run(&[&["evaluate", &run], rest].concat());
    with(&["--protocol", "kmeans"])
        .says(2, &["possible values: knn, knn_dinov2, linear, linear_adam, linear_views, logistic, mlp"]);
    with(&["--protocol", "retrieval", "--set", "eval.retrieval.ks=[100000]"])
        .says(2, &["eval.retrieval.ks = [100000]: expected numbers from 1 to one less than the test images"]);
    for other in ["eval.clustering.runs=2", "eval.layers.epochs=1"] {
        let expected = format!("--set {other}: expected a key of a protocol that --protocol names");
        with(&["--protocol", "retrieval", "--set", other]).says(2, &[&expected]);
    }
    with(&["--size", "64"]).says(2, &["--size: a run is scored as it was trained; name its checkpoint"]);
}

#[test]
fn what_the_head_throws_away_stands_beside_chance_and_random_weights() {
    let place = Place::new();
    place.tiny(&["--set", "train.precision=fp32", "--set", "train.epochs=1"]).says(0, &["report.html"]);
    let run = place.run_dir().display().to_string();
    let head = ["evaluate", &run, "--protocol", "head", "--set", "eval.head.epochs=2"];
    let said = ["trained, head_color: h ", "| head_rotation, z |", "chance 25, epochs 2"];
    place.run(&head).says(0, &said);
    let first = place.summary();
    for name in ["head_color", "head_rotation", "head_noise", "head_sobel", "head_class"] {
        let own = &first["eval"][name];
        assert_eq!((own["train"].as_u64(), own["test"].as_u64()), (Some(64), Some(40)), "{own:#}");
        for score in [own, &first["eval"]["random_init"][name]] {
            assert!(
                score["metrics"]["h"]["value"].is_f64() && score["metrics"]["z"]["value"].is_f64(),
                "{score:#}"
            );
        }
        assert!(first["eval"]["pixels"][name].is_null());
    }
    place.run(&head).says(0, &["head_sobel"]);
    assert_eq!(place.summary()["eval"], first["eval"], "the same seed, the same scores");
    let file = place.checkpoints("safetensors").pop().unwrap().display().to_string();
    place.colours(&["train", "test"]);
    let needed = "head needs an encoder with its projector, and the subject on ";
    place.run(&["evaluate", &file, "--on", "colours", "--protocol", "head"]).says(2, &[needed]);
}

#[test]
fn a_run_without_a_projector_is_refused_what_needs_one() {
    let place = Place::new();
    let bare = "method.simclr.projector={widths=[], batch_norm=false}";
    place.tiny(&["--set", "train.precision=fp32", "--set", "train.epochs=1", "--set", bare]).says(0, &[]);
    let run = place.run_dir().display().to_string();
    let needed = "head needs an encoder with its projector, and the subject on synthetic has an encoder: score a run whose \
                  method has a projector of one layer or more";
    place.run(&["evaluate", &run, "--protocol", "head"]).says(2, &[needed]);
    // Before training, too.
    let table =
        "eval.head={train=50, test=40, noise=0.1, widths=[8], epochs=1, batch=16, lr=1e-3, weight_decay=0}";
    place.tiny(&["--set", bare, "--set", table, "--set", "seed=4"]).says(2, &[needed]);
}
