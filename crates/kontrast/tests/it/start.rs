//! Training that begins from a file of weights.

use crate::program::Place;
use crate::resume::{LONGER, signal, started};
use kontrast_torch_ext::StateDict;
use rustix::process::Signal;
use std::fs;
use std::path::Path;
use std::process::Stdio;

/// A file of another program, of a ResNet-18 of width 2.
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/tests/golden/weights");
const FROM: &str = "encoder.resnet18.weights=start.safetensors";
/// Weights hardly move in such a training.
const STILL: [&str; 4] = ["--set", "optimizer.sgd.lr=1e-12", "--set", "optimizer.sgd.weight_decay=0.0"];

/// A folder with `start.safetensors`, the last checkpoint of a run that is gone, and that run's summary.
fn trained() -> (Place, serde_json::Value) {
    let place = Place::new();
    place.tiny(&[]).says(0, &[]);
    let last = place.checkpoints("safetensors").pop().expect("a checkpoint");
    fs::rename(last, place.path().join("start.safetensors")).unwrap();
    let summary = place.summary();
    fs::remove_dir_all(place.path().join("runs")).unwrap();
    (place, summary)
}

fn state(file: &Path) -> StateDict {
    StateDict::from_bytes(&fs::read(file).unwrap()).unwrap().under("method")
}

fn from(place: &Place, more: &[&str]) -> crate::program::Ended {
    place.tiny(&[&["--set", FROM], more].concat())
}

#[test]
fn a_run_begins_from_its_file_and_says_so_everywhere() {
    let (place, first) = trained();
    let took = "took 100 tensors in the style of Kontrast (method.encoder); left out ";
    from(&place, &STILL).says(0, &[took, "width 4 (cifar stem) from weights start.safetensors, "]);
    let (own, theirs) = (
        state(&place.checkpoints("safetensors").pop().unwrap()),
        state(&place.path().join("start.safetensors")),
    );
    let distance =
        |name: &str| (own.get(name).unwrap() - theirs.get(name).unwrap()).abs().max().double_value(&[]);
    assert!(distance("encoder.layer4.1.conv2.weight") < 1e-6);
    assert!(distance("projector.layers.0.weight") > 1e-3, "heads were drawn");
    let summary = place.summary();
    let sha256 = summary["weights"]["sha256"].as_str().unwrap().to_owned();
    assert_eq!((sha256.len(), summary["weights"]["file"].as_str()), (64, Some("start.safetensors")));
    let config = fs::read_to_string(place.run_dir().join("config.toml")).unwrap();
    assert!(config.contains(&sha256), "{config}");
    assert!(fs::read_to_string(place.run_dir().join("report.html")).unwrap().contains("began from weights"));
    // The baseline is the network with drawn weights, as it was without the file.
    assert_eq!(summary["eval"]["random_init"], first["eval"]["random_init"]);
}

#[test]
fn a_run_is_known_by_what_the_file_holds_and_not_by_its_place() {
    let (place, _) = trained();
    from(&place, &[]).says(0, &[]);
    fs::create_dir(place.path().join("elsewhere")).unwrap();
    fs::rename(place.path().join("start.safetensors"), place.path().join("elsewhere/w.safetensors")).unwrap();
    place.tiny(&["--set", "encoder.resnet18.weights=elsewhere/w.safetensors"]).says(0, &["finished already"]);
    let last = place.checkpoints("safetensors").pop().unwrap();
    fs::copy(last, place.path().join("start.safetensors")).unwrap();
    from(&place, &[]).says(0, &["took 100 tensors"]);
    place.tiny(&["--set", "encoder.resnet18.weights=random"]).says(0, &["width 4 (cifar stem), "]);
    assert_eq!(fs::read_dir(place.path().join("runs")).unwrap().count(), 3);
}

#[test]
fn a_run_goes_on_and_is_scored_without_its_file() {
    let (place, _) = trained();
    let mut child = started(&place, &["--set", FROM], Stdio::null());
    signal(&child, Signal::INT);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    fs::remove_file(place.path().join("start.safetensors")).unwrap();
    let gone =
        ["encoder.resnet18.weights = \"start.safetensors\": expected a file of weights", "config.toml"];
    from(&place, &[&LONGER[..], &["--resume"]].concat()).says(2, &gone);
    let config = place.run_dir().join("config.toml").display().to_string();
    place
        .run(&["pretrain", &config, "--resume"])
        .says(0, &["resumed at step", "from weights start.safetensors"]);
    assert_eq!(place.summary()["weights"]["file"], "start.safetensors");
    place.run(&["evaluate", &place.run_dir().display().to_string()]).says(0, &["knn"]);
    // Again from the beginning it needs the file.
    place
        .run(&["pretrain", &config, "--force"])
        .says(2, &["encoder.resnet18.weights = start.safetensors: cannot be read", "put the file back"]);
}

#[test]
fn heads_are_taken_where_they_are_asked_for() {
    let (place, _) = trained();
    let heads = "encoder.resnet18.weights={ file = \"start.safetensors\", heads = true }";
    let said = ["encoder.resnet18.weights.heads: took 1 head, projector"];
    place.tiny(&[&["--set", heads], &STILL[..]].concat()).says(0, &said);
    let (own, theirs) = (
        state(&place.checkpoints("safetensors").pop().unwrap()),
        state(&place.path().join("start.safetensors")),
    );
    let name = "projector.layers.0.weight";
    let distance = (own.get(name).unwrap() - theirs.get(name).unwrap()).abs().max();
    assert!(distance.double_value(&[]) < 1e-6);
    let wider = "method.simclr.projector={ widths = [24, 16], batch_norm = true }";
    place
        .tiny(&["--set", heads, "--set", wider])
        .says(2, &["no head of the method's names and shapes (projector); leave heads out"]);
}

#[test]
fn a_file_of_another_program_starts_a_run_and_another_network_is_refused_before_anything_is_made() {
    let place = Place::new();
    for name in ["lightly.ckpt", "moco.pth", "legacy.pth", "command.pth"] {
        fs::copy(Path::new(GOLDEN).join(name), place.path().join(name)).unwrap();
    }
    let from = |file: &str, width: &str| {
        let weights = format!("encoder.resnet18.weights={file}");
        place.tiny(&["--set", &weights, "--set", width, "--set", "train.epochs=1"])
    };
    let narrow = "encoder.resnet18.width=2";
    let stem = "the file has stem = \"imagenet\" (7x7, stride 2, max-pool) where \"cifar\" (3x3, stride 1) is asked for";
    from("moco.pth", narrow).says(2, &[stem, "nothing was loaded", "encoder.resnet18.weights"]);
    from("moco.pth", "encoder.resnet18.width=4").says(2, &["100 of another shape", "width = 2 where 4"]);
    from("legacy.pth", narrow).says(2, &["PyTorch before 1.6", "torch.save(torch.load("]);
    from("command.pth", narrow).says(2, &["1 tensors of something else"]);
    assert!(!place.path().join("ran").exists(), "no code of a file is run");
    from("colours", narrow).says(2, &["encoder.resnet18.weights = \"colours\": expected a file of weights"]);
    let pinned = format!("{{ file = \"lightly.ckpt\", sha256 = \"{}\" }}", "0".repeat(64));
    from(&pinned, narrow).says(2, &["expected the file with the SHA-256 000000000000"]);
    from("{ file = \"lightly.ckpt\", tower = \"encoder_k\" }", narrow)
        .says(2, &["expected one of its encoders, state_dict.backbone, found no encoder_k"]);
    assert!(!place.path().join("runs").exists(), "no run was begun");
    from("lightly.ckpt", narrow).says(0, &["in the style of lightly (state_dict.backbone)"]);
    assert_eq!(place.summary()["status"], "finished");
}

#[test]
fn files_of_other_programs_are_inspected_and_embed_images() {
    let place = Place::new();
    place.colours(&["train"]);
    fs::copy(Path::new(GOLDEN).join("moco.pth"), place.path().join("moco.pth")).unwrap();
    let said =
        ["moco.pth: MoCo, 246 tensors", "state_dict.module.encoder_q: ResNet18 of width 2 (Imagenet stem)"];
    place.run(&["inspect", "moco.pth"]).says(0, &said);
    fs::copy(Path::new(GOLDEN).join("timm.safetensors"), place.path().join("timm.safetensors")).unwrap();
    let said =
        ["timm.safetensors: timm, 32 tensors", "encoder: the file does not say how many heads of attention"];
    place.run(&["inspect", "timm.safetensors"]).says(0, &said);
    let embed = ["embed", "moco.pth", "--images", "colours", "--size", "32", "--out", "vectors.csv"];
    place.run(&embed).says(0, &["taken as ImageNet's"]);
    assert_eq!(fs::read_to_string(place.path().join("vectors.csv")).unwrap().lines().count(), 13);
}
