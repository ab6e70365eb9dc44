//! Stopped by Ctrl-C, by kill -9 or by a parent that is gone: the rest of the run gives the same weights, bit for bit.

use crate::program::Place;
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

/// Long enough to be stopped on the way: 6 epochs of 4 steps.
const LONGER: [&str; 2] = ["--set", "train.epochs=6"];

fn straight() -> Vec<u8> {
    let place = Place::new();
    place.tiny(&LONGER).says(0, &[]);
    place.weights()
}

/// Starts a run and waits until a checkpoint is in its log.
fn started(place: &Place, more: &[&str], stdin: Stdio) -> Child {
    let arguments = [&["pretrain", "tiny.toml"], &LONGER[..], more].concat();
    let mut child =
        place.command(&arguments).stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    lines.next().unwrap().unwrap();
    let log = place.run_dir().join("events.jsonl");
    while child.try_wait().unwrap().is_none() {
        if std::fs::read_to_string(&log).is_ok_and(|text| text.contains("\"checkpoint\"")) {
            break;
        }
        std::thread::yield_now();
    }
    child
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_raw(child.id() as i32).unwrap(), signal).unwrap();
}

#[test]
fn after_ctrl_c_there_is_a_checkpoint_and_the_rest_gives_the_same_weights() {
    let place = Place::new();
    let mut child = started(&place, &[], Stdio::null());
    signal(&child, Signal::INT);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(place.summary()["status"], "interrupted");
    // Neither guessed nor thrown away: the user has to say.
    place.tiny(&LONGER).says(2, &["--resume", "--force"]);
    place.tiny(&[&LONGER[..], &["--resume"]].concat()).says(0, &["resumed at step"]);
    assert_eq!(place.summary()["status"], "finished");
    assert_eq!(place.summary()["forward_passes"], 24 * 32);
    assert!(place.weights() == straight(), "weights differ from those of a run that nobody stopped");
}

#[test]
fn after_kill_9_resume_gives_the_same_weights() {
    let place = Place::new();
    let mut child = started(&place, &[], Stdio::null());
    signal(&child, Signal::KILL);
    assert_eq!(child.wait().unwrap().code(), None);
    place.tiny(&LONGER).says(2, &["--resume"]);
    place.tiny(&[&LONGER[..], &["--resume"]].concat()).says(0, &[]);
    assert!(place.weights() == straight(), "weights differ from those of a run that nobody killed");
}

#[test]
fn a_run_ends_with_its_parent_when_asked_to() {
    let place = Place::new();
    let mut child = started(&place, &["--stop-with-parent"], Stdio::piped());
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(place.summary()["status"], "interrupted");
}

#[test]
fn a_run_directory_belongs_to_one_process() {
    let place = Place::new();
    let mut child = started(&place, &[], Stdio::null());
    let id = child.id().to_string();
    place.tiny(&[&LONGER[..], &["--resume"]].concat()).says(1, &["in use by", &id]);
    signal(&child, Signal::KILL);
    child.wait().unwrap();
}
