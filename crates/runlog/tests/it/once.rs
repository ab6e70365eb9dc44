//! Kills between two writes: whatever is done again stands in the log once.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use kontrast_runlog::{Event, Layout, RunDir};

use crate::events::{checkpoint, read, resume, start, step};

fn score(step: u64, scores: &[(&str, f64)]) -> Event {
    let top1: BTreeMap<_, _> = scores.iter().map(|(name, score)| ((*name).to_owned(), *score)).collect();
    Event::Score { step, epoch: 1, top1 }
}

/// Appends events as processes that each take up the directory anew.
fn append(folder: &Path, events: &[Event]) {
    for event in events {
        RunDir::acquire(folder).unwrap().append(event).unwrap();
    }
}

/// What a script sees that knows nothing of voided lines.
fn lines(folder: &Path) -> Vec<Event> {
    let text = fs::read_to_string(Layout::of(folder).events()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn field_a_score_or_checkpoint_that_is_there_is_not_written_again() {
    for event in [score(4, &[("knn", 41.5)]), score(4, &[("knn", 41.5), ("linear", 50.0)]), checkpoint(4)] {
        let folder = tempfile::tempdir().unwrap();
        append(folder.path(), &[start(), step(4), event.clone(), event.clone(), event.clone()]);
        assert_eq!(lines(folder.path()), [start(), step(4), event.clone()]);
        let mut run = RunDir::acquire(folder.path()).unwrap();
        run.append(&step(5)).unwrap();
        run.append(&event).unwrap();
        assert_eq!(lines(folder.path()), [start(), step(4), event, step(5)]);
    }
}

#[test]
fn field_another_score_of_a_step_takes_the_place_of_the_first() {
    let cases = [
        (score(4, &[("knn", 41.5)]), score(4, &[("knn", 42.0)]), score(4, &[("knn", 42.0)])),
        (
            score(4, &[("knn", 41.5)]),
            score(4, &[("knn", 42.0), ("linear", 50.0)]),
            score(4, &[("knn", 42.0), ("linear", 50.0)]),
        ),
        (
            score(4, &[("knn", 41.5), ("linear", 50.0)]),
            score(4, &[("knn", 42.0)]),
            score(4, &[("knn", 42.0), ("linear", 50.0)]),
        ),
    ];
    for (first, second, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        let other = score(3, &[("knn", 30.0)]);
        append(
            folder.path(),
            &[start(), other.clone(), step(4), first.clone(), checkpoint(4), second.clone()],
        );
        let whole = [start(), other, step(4), checkpoint(4), expected];
        assert_eq!(lines(folder.path()), whole);
        assert_eq!(read(folder.path()), whole);
    }
}

#[test]
fn field_a_resume_leaves_nothing_of_later_steps_in_the_file() {
    // Wherever the kill fell behind the checkpoint of step 2.
    let after = [step(3), score(3, &[("knn", 40.0)]), step(4), checkpoint(4), score(4, &[("knn", 41.5)])];
    for written in 0..=after.len() {
        let folder = tempfile::tempdir().unwrap();
        let before = [start(), step(1), step(2), checkpoint(2)];
        append(folder.path(), &before);
        append(folder.path(), &after[..written]);
        let resumed = resume(2);
        append(folder.path(), std::slice::from_ref(&resumed));
        append(folder.path(), &after);
        let expected = [&before[..], &[resumed], &after].concat();
        assert_eq!(lines(folder.path()), expected, "{written} events before the kill");
        assert_eq!(read(folder.path()), expected);
    }
}

#[test]
fn field_a_start_without_a_checkpoint_leaves_nothing_of_the_one_before() {
    for written in [vec![], vec![step(1)], vec![step(1), score(1, &[("knn", 40.0)]), step(2)]] {
        let folder = tempfile::tempdir().unwrap();
        append(folder.path(), &[start()]);
        append(folder.path(), &written);
        append(folder.path(), &[start(), step(1), score(1, &[("knn", 40.0)])]);
        assert_eq!(lines(folder.path()), [start(), step(1), score(1, &[("knn", 40.0)])]);
    }
}

#[test]
fn field_a_log_of_an_earlier_version_that_says_things_twice_is_read_once() {
    let (first, second) = (score(4, &[("knn", 41.5), ("linear", 50.0)]), score(4, &[("knn", 42.0)]));
    let rest = score(4, &[("linear", 50.0)]);
    let cases = [
        (vec![step(4), checkpoint(4), checkpoint(4)], vec![step(4), checkpoint(4)]),
        (vec![step(4), second.clone(), second.clone()], vec![step(4), second.clone()]),
        (vec![step(4), first, checkpoint(4), second.clone()], vec![step(4), rest, checkpoint(4), second]),
    ];
    for (written, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        let text: Vec<_> = written.iter().map(|event| serde_json::to_string(event).unwrap() + "\n").collect();
        fs::write(Layout::of(folder.path()).events(), text.concat()).unwrap();
        assert_eq!(read(folder.path()), expected);
    }
}
