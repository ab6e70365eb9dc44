//! One process owns a run directory at a time, and a killed one loses nothing it had written.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use kontrast_runlog::{Event, RunDir, RunlogError};

use crate::events::{read, step};

/// Set for the process that a test starts from its own binary: the directory to work in.
const CHILD: &str = "KONTRAST_TEST_CHILD";

#[test]
fn a_directory_in_use_is_refused_until_its_owner_is_killed() {
    const NAME: &str = "ownership::a_directory_in_use_is_refused_until_its_owner_is_killed";
    if let Some(folder) = env::var_os(CHILD) {
        let _run = RunDir::acquire(Path::new(&folder)).unwrap();
        println!("\nready");
        wait_for_the_kill();
    }
    let folder = tempfile::tempdir().unwrap();
    let mut child = start(NAME, folder.path());
    let refusal = RunDir::acquire(folder.path()).unwrap_err();
    let message = refusal.to_string();
    assert!(matches!(refusal, RunlogError::InUse { process: Some(id), .. } if id == child.id()), "{message}");
    assert!(message.contains(&format!("in use by process {}; wait for it", child.id())), "{message}");
    child.kill().unwrap();
    child.wait().unwrap();
    RunDir::acquire(folder.path()).unwrap();
}

#[test]
fn a_killed_writer_leaves_a_log_without_gaps() {
    const NAME: &str = "ownership::a_killed_writer_leaves_a_log_without_gaps";
    if let Some(folder) = env::var_os(CHILD) {
        let mut run = RunDir::acquire(Path::new(&folder)).unwrap();
        for number in 1.. {
            run.append(&step(number)).unwrap();
            if number == 200 {
                println!("\nready");
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let mut child = start(NAME, folder.path());
    child.kill().unwrap();
    child.wait().unwrap();
    let written = read(folder.path()).len() as u64;
    assert!(written >= 200, "only {written} events");
    RunDir::acquire(folder.path()).unwrap().append(&step(written + 1)).unwrap();
    let steps: Vec<_> = read(folder.path()).iter().filter_map(Event::step).collect();
    assert_eq!(steps, (1..=written + 1).collect::<Vec<_>>());
}

#[test]
fn a_directory_is_free_again_once_its_owner_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let run = RunDir::acquire(folder.path()).unwrap();
    assert!(matches!(RunDir::acquire(folder.path()), Err(RunlogError::InUse { .. })));
    drop(run);
    RunDir::acquire(folder.path()).unwrap();
}

#[test]
fn clearing_removes_the_old_run_but_keeps_the_lock() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = RunDir::acquire(folder.path()).unwrap();
    run.append(&step(1)).unwrap();
    std::fs::write(run.layout().checkpoints().join("old"), "old").unwrap();
    std::fs::write(run.layout().report(), "old").unwrap();
    run.clear().unwrap();
    assert_eq!(read(folder.path()), []);
    assert!(!run.layout().report().exists());
    assert_eq!(std::fs::read_dir(run.layout().checkpoints()).unwrap().count(), 0);
    assert!(matches!(RunDir::acquire(folder.path()), Err(RunlogError::InUse { .. })));
    run.append(&step(7)).unwrap();
    assert_eq!(read(folder.path()), [step(7)]);
}

#[test]
fn a_run_directory_is_named_after_experiment_digest_and_seed() {
    let path = RunDir::path_for(Path::new("runs"), "quickstart", &"5a2243f1".repeat(8), 3);
    assert_eq!(path, Path::new("runs/quickstart-5a2243f1-s3"));
}

/// Runs one test of this binary as a process of its own, until it says that it is ready.
fn start(test: &str, folder: &Path) -> Child {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.as_mut().unwrap());
    assert!(output.lines().map_while(Result::ok).any(|line| line == "ready"), "the child ended early");
    child
}

/// Nothing is ever written to the child's input, so this ends with the child or its parent.
fn wait_for_the_kill() {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    panic!("the parent is gone");
}

#[test]
fn who_looks_at_a_run_directory_learns_whether_it_is_owned() {
    let folder = tempfile::tempdir().unwrap();
    assert!(!RunDir::is_owned(folder.path()));
    let run = RunDir::acquire(folder.path()).unwrap();
    assert!(RunDir::is_owned(folder.path()));
    drop(run);
    assert!(!RunDir::is_owned(folder.path()));
}
