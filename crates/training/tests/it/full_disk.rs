//! A disk that fills up while a checkpoint is written: the one before it survives and restores.

#![cfg(unix)]

use crate::checkpoints::{header, latest, position, state};
use crate::fixture::{Fixture, assert_same_bits};
use crate::listener::Listener;
use kontrast_training::{Checkpoints, Outcome};
use std::path::Path;
use std::process::Command;
use tch::{Device, Kind, Tensor};

/// Set in the child, to the folder of the checkpoints.
const CHILD: &str = "KONTRAST_TEST_FULL_DISK";

/// Runs one test of this binary again, in a process whose files cannot grow beyond `blocks` of 512 bytes, and gives
/// back what it printed. The kernel then refuses the write midway, as it does on a full disk.
fn with_small_disk(test: &str, folder: &Path, blocks: u32) -> String {
    // The signal is ignored, so that the write returns an error.
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" --exact \"$1\" --nocapture");
    let output = Command::new("sh")
        .args(["-c", &script])
        .arg(std::env::current_exe().unwrap())
        .arg(test)
        .env(CHILD, folder)
        .output()
        .unwrap();
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn the_checkpoint_before_survives() {
    if let Some(folder) = std::env::var_os(CHILD) {
        let mut large = state(8);
        large.insert("method.large", Tensor::ones([1 << 18], (Kind::Float, Device::Cpu)));
        let error = Checkpoints::new(folder, 2).save(&large, &position(8), &header()).unwrap_err();
        println!("\nrefused: {error}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = Checkpoints::new(folder.path(), 1);
    checkpoints.save(&state(4), &position(4), &header()).unwrap();
    let said = with_small_disk("full_disk::the_checkpoint_before_survives", folder.path(), 64);
    assert!(said.contains("refused: "), "{said}");
    assert!(said.contains("step-000000008.safetensors: cannot be written: "), "{said}");
    assert!(said.contains("free some space and start again with --resume"), "{said}");
    let restored = latest(&checkpoints).unwrap().unwrap();
    assert_eq!(restored.position, position(4));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing half-written is left");
}

#[test]
fn a_training_ends_with_the_message_and_goes_on_once_there_is_space() {
    const TEST: &str = "full_disk::a_training_ends_with_the_message_and_goes_on_once_there_is_space";
    if let Some(folder) = std::env::var_os(CHILD) {
        let mut trainer = Fixture::new(Path::new(&folder), &[]).trainer();
        trainer.resume().unwrap().expect("the parent's checkpoint");
        let error = Listener::default().run(&mut trainer).unwrap_err();
        println!("\nstopped at {}: {error}", trainer.step());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let straight = Fixture::new(&folder.path().join("straight"), &[]);
    straight.finish();
    let setting = Fixture::new(&folder.path().join("small"), &[]);
    Listener::interrupting_after(5).run(&mut setting.trainer()).unwrap();
    let said = with_small_disk(TEST, &folder.path().join("small"), 64);
    assert!(said.contains("stopped at 8: ") && said.contains("cannot be written"), "{said}");

    let mut trainer = setting.trainer();
    assert_eq!(trainer.resume().unwrap().unwrap().step, 5);
    assert_eq!(Listener::default().run(&mut trainer).unwrap(), Outcome::Finished);
    assert_same_bits(&setting.last().1, &straight.last().1);
}
