//! The event log: what is read back after kills and resumes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use kontrast_runlog::{Event, Events, Layout, LossPart, RunDir, Status, now, read_events};

/// The events of a log that has no damaged line.
pub fn read(run: &Path) -> Vec<Event> {
    let Events { events, passed_over } = read_events(run).unwrap();
    assert_eq!(passed_over, None);
    events
}

pub fn step(step: u64) -> Event {
    Event::Step {
        step,
        epoch: 1,
        loss: 5.5,
        loss_chance: Some(6.2),
        lr: 0.06,
        gradient_norm: Some(2.5),
        images_per_second: 850.0,
        data_wait_percent: 0.4,
        contrastive_accuracy: Some(12.5),
        loss_parts: vec![LossPart {
            name: "tasks.0.simclr".to_owned(),
            loss: 5.0,
            uniform: Some(6.0),
            accuracy: None,
            accuracy_chance: None,
        }],
        pretext_accuracy: Some(25.0),
        std: None,
        effective_rank: Some(31.5),
        representation_rank: Some(40.5),
        alignment: Some(0.5),
        uniformity: Some(-3.5),
        seconds: 1.5,
    }
}

pub fn start() -> Event {
    Event::Start {
        time: "2026-05-09T08:00:00Z".to_owned(),
        command: "cargo xtask experiment a.toml".to_owned(),
        digest: "ab".repeat(32),
        version: "0.1.0".to_owned(),
        device: "cpu".to_owned(),
        threads: 2,
        parameters: 700_000,
        train_images: 10_000,
        steps: 780,
    }
}

pub fn resume(step: u64) -> Event {
    Event::Resume { time: now(), step, epoch: 0, threads: 2 }
}

pub fn checkpoint(step: u64) -> Event {
    Event::Checkpoint { step, epoch: 1, file: format!("checkpoints/step-{step}.safetensors") }
}

#[test]
fn events_are_read_as_they_were_written() {
    let folder = tempfile::tempdir().unwrap();
    let score = Event::Score { step: 2, epoch: 1, top1: BTreeMap::from([("knn".to_owned(), 41.5)]) };
    let end = Event::end(Status::Interrupted, Some("go on with --resume".to_owned()));
    let events = [start(), step(1), step(2), score, checkpoint(2), end];
    let mut run = RunDir::acquire(folder.path()).unwrap();
    for event in &events {
        run.append(event).unwrap();
    }
    assert_eq!(read(folder.path()), events);
}

#[test]
fn each_line_names_its_event_in_snake_case() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = RunDir::acquire(folder.path()).unwrap();
    run.append(&step(1)).unwrap();
    let text = fs::read_to_string(run.layout().events()).unwrap();
    assert!(text.starts_with(r#"{"event":"step","step":1,"epoch":1,"loss":5.5,"#), "{text}");
}

#[test]
fn a_torn_last_line_is_dropped_and_cut_off_before_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let log = Layout::of(folder.path()).events();
    let mut run = RunDir::acquire(folder.path()).unwrap();
    run.append(&step(1)).unwrap();
    run.append(&step(2)).unwrap();
    drop(run);
    let text = fs::read_to_string(&log).unwrap();
    for torn in text.find('\n').unwrap() + 1..text.len() {
        fs::write(&log, &text[..torn]).unwrap();
        assert_eq!(read(folder.path()), [step(1)], "torn after {torn} bytes");
        RunDir::acquire(folder.path()).unwrap().append(&step(3)).unwrap();
        assert_eq!(read(folder.path()), [step(1), step(3)], "torn after {torn} bytes");
    }
}

#[test]
fn a_resume_voids_what_came_after_its_step() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = RunDir::acquire(folder.path()).unwrap();
    let resumed = resume(2);
    for event in [step(1), step(2), checkpoint(2), step(3), checkpoint(3)] {
        run.append(&event).unwrap();
    }
    run.append(&resumed).unwrap();
    run.append(&step(3)).unwrap();
    let expected = [step(1), step(2), checkpoint(2), resumed, step(3)];
    assert_eq!(read(folder.path()), expected);
}

#[test]
fn a_new_start_voids_all_before() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = RunDir::acquire(folder.path()).unwrap();
    for event in [start(), step(1), start(), step(1)] {
        run.append(&event).unwrap();
    }
    assert_eq!(read(folder.path()), [start(), step(1)]);
}

#[test]
fn a_loss_that_is_no_number_is_read_back_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let mut event = step(1);
    if let Event::Step { loss, .. } = &mut event {
        *loss = f64::NAN;
    }
    RunDir::acquire(folder.path()).unwrap().append(&event).unwrap();
    let events = read(folder.path());
    assert!(matches!(events[..], [Event::Step { loss, .. }] if loss.is_nan()));
}

#[test]
fn a_run_that_has_not_begun_has_no_events() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(read(folder.path()), []);
}

#[test]
fn records_without_chance_and_rank_are_still_read() {
    let folder = tempfile::tempdir().unwrap();
    let line = r#"{"event":"step","step":3,"epoch":1,"loss":5.5,"lr":0.1,"images_per_second":800.0,"data_wait_percent":0.0,"contrastive_accuracy":null,"deviation":0.9,"seconds":1.0}"#;
    fs::write(Layout::of(folder.path()).events(), format!("{line}\n")).unwrap();
    let events = read(folder.path());
    assert!(matches!(events[..], [Event::Step { step: 3, loss_chance: None, effective_rank: None, .. }]));
}
