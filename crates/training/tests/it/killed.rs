//! A process that is killed at work: another one goes on, with two threads, and ends with the same bits.

use crate::fixture::{Fixture, assert_same_bits};
use crate::listener::Listener;
use kontrast_training::Outcome;
use std::path::Path;
use std::process::{Command, ExitStatus};

/// Set in the child, to the folder of its checkpoints.
const CHILD: &str = "KONTRAST_TEST_FOLDER";
/// Set in a child that dies after this step.
const DEATH: &str = "KONTRAST_TEST_DEATH";
const TEST: &str = "killed::a_process_that_dies_at_work_loses_no_bit_that_a_checkpoint_holds";

/// Two epochs of four steps: two threads are slow where the cores have other work.
const SHORT: [&str; 1] = ["train.epochs=2"];

fn child(folder: &Path, death: &str) -> ExitStatus {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", TEST]).env(CHILD, folder).env(DEATH, death);
    command.output().unwrap().status
}

fn train_in(folder: &Path) {
    let mut trainer = Fixture::with_threads(folder, &SHORT, 2).trainer();
    trainer.resume().unwrap();
    let death = std::env::var(DEATH).ok().and_then(|step| step.parse().ok());
    let mut listener = Listener { kill_after: death, ..Listener::default() };
    match listener.run(&mut trainer) {
        Ok(outcome) => assert_eq!(outcome, Outcome::Finished),
        Err(_) => std::process::abort(),
    }
}

#[test]
fn a_process_that_dies_at_work_loses_no_bit_that_a_checkpoint_holds() {
    if let Some(folder) = std::env::var_os(CHILD) {
        return train_in(Path::new(&folder));
    }
    let root = tempfile::tempdir().unwrap();
    let folders = [root.path().join("straight"), root.path().join("killed")];
    assert!(child(&folders[0], "").success());
    assert!(!child(&folders[1], "6").success());
    let [straight, killed] = folders.each_ref().map(|folder| Fixture::new(folder, &SHORT));
    assert_eq!(killed.last().0, 4);
    assert!(child(&folders[1], "").success());
    let ((step, found), (_, expected)) = (killed.last(), straight.last());
    assert_eq!(step, 8);
    assert_same_bits(&found, &expected);
}
