//! Checkpoints that are cut short, flipped or foreign, and a disk that is full.

use crate::program::Place;
use std::fs;
use std::process::Command;

/// A run with two checkpoints that is still unfinished in the eyes of the program.
fn unfinished() -> Place {
    let place = Place::new();
    place.tiny(&["--set", "train.keep=2"]).says(0, &[]);
    let path = place.run_dir().join("summary.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("\"finished\"", "\"interrupted\"", 1)).unwrap();
    place
}

fn resume(place: &Place) -> crate::program::Ended {
    place.tiny(&["--set", "train.keep=2", "--resume"])
}

#[test]
fn a_checkpoint_cut_short_is_named_and_the_one_before_serves() {
    let place = unfinished();
    let weights = place.weights();
    let newest = place.checkpoints("safetensors").pop().unwrap();
    let bytes = fs::read(&newest).unwrap();
    fs::write(&newest, &bytes[..bytes.len() / 2]).unwrap();
    let said = resume(&place);
    said.says(
        0,
        &[
            "the checkpoint is damaged; going on from step 4",
            &newest.file_name().unwrap().to_string_lossy(),
            "resumed at step 4",
        ],
    );
    assert!(place.weights() == weights, "the step that was lost came out differently");
}

#[test]
fn one_flipped_bit_is_found_in_the_tensors_and_in_the_seal() {
    for extension in ["safetensors", "json"] {
        let place = unfinished();
        let newest = place.checkpoints(extension).pop().unwrap();
        let mut bytes = fs::read(&newest).unwrap();
        let middle = bytes.len() * 2 / 3;
        bytes[middle] ^= 4;
        fs::write(&newest, bytes).unwrap();
        resume(&place).says(0, &["damaged", "resumed at step 4"]);
    }
}

#[test]
fn with_every_checkpoint_damaged_the_run_is_refused_not_begun_again() {
    let place = unfinished();
    for file in place.checkpoints("safetensors") {
        fs::write(file, "nothing").unwrap();
    }
    let said = resume(&place);
    said.says(1, &["none of the 2 checkpoints can be read", "--force"]);
    assert!(!said.stderr.contains("going on"), "{}", said.stderr);
}

#[test]
fn a_finished_run_is_not_evaluated_from_an_earlier_checkpoint() {
    let place = Place::new();
    place.tiny(&[]).says(0, &[]);
    let (before, run) = (place.summary(), place.run_dir().display().to_string());
    let newest = place.checkpoints("safetensors").pop().unwrap();
    let bytes = fs::read(&newest).unwrap();
    fs::write(&newest, &bytes[..bytes.len() / 2]).unwrap();
    let parts = ["the checkpoint of the last step, 8, cannot be read", "they stay as they were", "--force"];
    place.run(&["evaluate", &run]).says(1, &parts);
    assert_eq!(place.summary(), before);
    fs::write(&newest, bytes).unwrap();
    place.run(&["evaluate", &run]).says(0, &[]);
    assert_eq!(place.summary()["wall_seconds"], before["wall_seconds"], "the run's own time stays");
}

#[test]
fn a_checkpoint_of_another_configuration_is_refused() {
    let (place, other) = (unfinished(), Place::new());
    other.tiny(&["--set", "method.simclr.temperature=0.3"]).says(0, &[]);
    for file in other.checkpoints("safetensors").into_iter().chain(other.checkpoints("json")) {
        fs::copy(&file, place.run_dir().join("checkpoints").join(file.file_name().unwrap())).unwrap();
    }
    resume(&place).says(1, &["made by the configuration", "--force"]);
}

#[test]
fn a_full_disk_ends_the_run_and_leaves_the_checkpoint_before() {
    let place = Place::new();
    place.tiny(&["--set", "train.epochs=1"]).says(0, &[]);
    let size = fs::metadata(&place.checkpoints("safetensors")[0]).unwrap().len();
    let place = Place::new();
    // A process that may write no file as large as a checkpoint meets the same error as on a full disk.
    let run = |blocks: u64, more: &str| {
        let script = format!(
            "trap '' XFSZ; ulimit -f {blocks}; exec '{}' pretrain tiny.toml {more}",
            env!("CARGO_BIN_EXE_kontrast")
        );
        let mut command = Command::new("sh");
        command.args(["-c", &script]).current_dir(place.path()).env("RUST_BACKTRACE", "1").output().unwrap()
    };
    let output = run(size / 1024, "");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("cannot be written") && stderr.contains("--resume"), "{stderr}");
    assert_eq!(place.checkpoints("safetensors").len() + place.checkpoints("json").len(), 0);
    assert_eq!(place.summary()["status"], "failed");

    // With one checkpoint there already, that one is still whole.
    place.tiny(&["--set", "train.epochs=2", "--force"]).says(0, &[]);
    let path = place.run_dir().join("summary.json");
    fs::write(&path, fs::read_to_string(&path).unwrap().replacen("\"finished\"", "\"failed\"", 1)).unwrap();
    let mut files = place.checkpoints("safetensors");
    let newest = files.pop().unwrap();
    fs::remove_file(newest.with_extension("json")).unwrap();
    fs::remove_file(newest).unwrap();
    let before = fs::read(&files[0]).unwrap();
    assert_eq!(run(size / 1024, "--resume").status.code(), Some(1));
    assert!(fs::read(&files[0]).unwrap() == before, "the checkpoint before was touched");
    place.tiny(&["--resume"]).says(0, &["resumed at step 4"]);
}
