//! Stopped by Ctrl-C or by kill -9: the rest of the run gives the same weights, bit for bit.

use crate::program::{Place, TINY};
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader, ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::process::{Child, Stdio};

/// Long enough to be stopped on the way: 6 epochs of 4 steps.
pub(crate) const LONGER: [&str; 2] = ["--set", "train.epochs=6"];

fn straight() -> Vec<u8> {
    let place = Place::new();
    place.tiny(&LONGER).says(0, &[]);
    place.weights()
}

/// Starts a run and waits until a checkpoint is in its log.
pub(crate) fn started(place: &Place, more: &[&str], stdin: Stdio) -> Child {
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

pub(crate) fn signal(child: &Child, signal: Signal) {
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
    let hint = place.summary()["hint"].as_str().unwrap().to_owned();
    assert!(
        hint.starts_with("checkpoint of step ") && hint.ends_with("--set train.epochs=6 --resume"),
        "{hint}"
    );
    place.tiny(&LONGER).says(2, &["--resume", "--force"]);
    place.tiny(&[&LONGER[..], &["--resume"]].concat()).says(0, &["resumed at step"]);
    assert_eq!(place.summary()["status"], "finished");
    assert_eq!(place.summary()["forward_passes"], 24 * 32);
    assert!(place.weights() == straight(), "weights differ from those of a run that nobody stopped");
}

/// A pipe with no room left: who writes to it waits until it is read.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = std::io::pipe().unwrap();
    fcntl_setfl(&writer, OFlags::NONBLOCK).unwrap();
    for size in [4096, 1] {
        let full = loop {
            if let Err(error) = writer.write_all(&[b' '; 4096][..size]) {
                break error;
            }
        };
        assert_eq!(full.kind(), ErrorKind::WouldBlock);
    }
    fcntl_setfl(&writer, OFlags::empty()).unwrap();
    (reader, writer)
}

#[test]
fn ctrl_c_stops_an_evaluation_with_the_scores_of_before() {
    let place = Place::new();
    place.tiny(&[]).says(0, &[]);
    let before = place.summary();
    let (run, lock) = (place.run_dir(), place.run_dir().join(".lock"));
    // The program cannot say that it evaluates, and so not begin, before the signal has reached it.
    let (mut reader, writer) = full_pipe();
    let arguments = ["evaluate", &run.to_string_lossy()];
    let mut child = place.command(&arguments).stdout(writer).stderr(Stdio::null()).spawn().unwrap();
    let id = child.id().to_string();
    while std::fs::read_to_string(&lock).is_ok_and(|owner| owner.trim() != id) {
        assert!(child.try_wait().unwrap().is_none(), "it ended without the run directory");
        std::thread::yield_now();
    }
    signal(&child, Signal::INT);
    let mut said = String::new();
    reader.read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{}", said.trim());
    assert!(said.contains("stopped while evaluating; the scores are those of before"), "{}", said.trim());
    assert_eq!(place.summary(), before);
}

#[test]
fn a_run_goes_on_when_nobody_reads_what_it_prints() {
    let place = Place::new();
    let (stdout, stderr) = (std::io::pipe().unwrap(), std::io::pipe().unwrap());
    let mut command = place.command(&["pretrain", "tiny.toml"]);
    let mut child = command.stdout(stdout.1).stderr(stderr.1).spawn().unwrap();
    drop((command, stdout.0, stderr.0));
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(place.summary()["status"], "finished");
}

#[test]
fn field_resume_without_an_earlier_run_says_so_and_stops_at_a_sibling() {
    let place = Place::new();
    let said = place.tiny(&["--resume"]);
    said.says(0, &["no earlier run of this configuration; starting\n"]);
    let sibling = place.run_dir().file_name().unwrap().to_string_lossy().into_owned();
    for changed in ["train.epochs=1", "optimizer.sgd.lr=0.01", "data.synthetic.train=48"] {
        place.tiny(&["--resume", "--set", changed]).says(2, &["no run of this configuration", &sibling]);
    }
    assert_eq!(place.run_dir().file_name().unwrap().to_string_lossy(), sibling, "no other run was begun");
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
fn a_run_directory_belongs_to_one_process() {
    let place = Place::new();
    let mut child = started(&place, &[], Stdio::null());
    // It shall not come to its end in the meantime.
    signal(&child, Signal::STOP);
    let id = child.id().to_string();
    place.tiny(&[&LONGER[..], &["--resume"]].concat()).says(1, &["in use by", &id]);
    signal(&child, Signal::KILL);
    child.wait().unwrap();
}

#[test]
fn field_a_run_of_other_images_is_not_given_for_an_answer() {
    let place = Place::new();
    let folder = |name: &str, level: u8, count: u32| {
        let folder = place.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        for index in 0..count {
            let file = folder.join(format!("{index}.png"));
            image::RgbImage::from_pixel(20, 20 + index, image::Rgb([level, index as u8, 0]))
                .save(file)
                .unwrap();
        }
    };
    folder("one", 1, 16);
    folder("same", 1, 16);
    folder("more", 2, 17);
    let shapes = "name = \"synthetic\"\nsynthetic = { train = 64, test = 40, classes = 4, size = 16 }";
    assert!(TINY.contains(shapes));
    place.write("photos.toml", &TINY.replace(shapes, "name = \"folder\"\nroot = \"one\""));
    let run = |root: &str| {
        let root = format!("data.root={root}");
        place.run(&["pretrain", "photos.toml", "--set", &root, "--set", "train.epochs=1"])
    };
    run("one").says(0, &["report: "]);
    for same in ["one/", "./one", "same"] {
        run(same).says(0, &["finished already"]);
    }
    run("more").says(2, &["this run is of the images in one, and those in more are others", "--set name="]);
}
