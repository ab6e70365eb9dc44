//! Event logs with damaged lines: what is left is read, and what is not is said.

use std::fs;

use kontrast_runlog::{Event, Events, Layout, RunDir, read_events};

use crate::events::{resume, step};

/// Damage in the middle of a log, with what is said of it.
fn damages() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let whole = serde_json::to_vec(&step(2)).unwrap();
    let mut flipped = whole.clone();
    flipped[20] = 0xff;
    vec![
        ("no JSON", b"what is this\n".to_vec(), "line 2: expected value"),
        ("invalid UTF-8", [&flipped[..], b"\n"].concat(), "line 2: bytes that are no text"),
        ("cut in half", [&whole[..30], b"\n"].concat(), "line 2: EOF while parsing"),
        ("half, then the next", [&whole[..30], &whole, b"\n"].concat(), "line 2: "),
        ("zeros", [vec![0; 4096], b"\n".to_vec()].concat(), "line 2: expected value"),
        ("unknown kind", b"{\"event\":\"stpe\"}\n".to_vec(), "line 2: unknown variant `stpe`"),
        (
            "another type",
            b"{\"event\":\"step\",\"step\":-1}\n".to_vec(),
            "line 2: invalid value: integer `-1`",
        ),
        ("empty", b"\n".to_vec(), "line 2: EOF while parsing"),
        ("very long", [vec![b'x'; 5 << 20], b"\n".to_vec()].concat(), "line 2: more than 1048576 bytes"),
        ("deeply nested", [vec![b'['; 1 << 19], b"\n".to_vec()].concat(), "line 2: "),
    ]
}

fn line(event: &Event) -> Vec<u8> {
    [&serde_json::to_vec(event).unwrap()[..], b"\n"].concat()
}

#[test]
fn field_a_damaged_line_in_the_middle_is_passed_over_and_said() {
    for (kind, damage, said) in damages() {
        let folder = tempfile::tempdir().unwrap();
        let log = Layout::of(folder.path()).events();
        fs::write(&log, [line(&step(1)), damage, line(&step(3))].concat()).unwrap();
        let Events { events, passed_over } = read_events(folder.path()).unwrap();
        assert_eq!(events, [step(1), step(3)], "{kind}");
        let note = passed_over.unwrap();
        assert!(
            note.starts_with("events.jsonl: expected an event in each line, found in ")
                && note.contains(said),
            "{note}"
        );
        assert!(note.contains(". This line was passed over"), "{note}");
    }
}

#[test]
fn field_a_run_goes_on_in_a_damaged_log() {
    for (kind, damage, _) in damages() {
        let folder = tempfile::tempdir().unwrap();
        let log = Layout::of(folder.path()).events();
        fs::write(&log, [line(&step(1)), damage.clone(), line(&step(3))].concat()).unwrap();
        let mut run = RunDir::acquire(folder.path()).unwrap();
        let resumed = resume(1);
        run.append(&resumed).unwrap();
        run.append(&step(2)).unwrap();
        assert_eq!(read_events(folder.path()).unwrap().events, [step(1), resumed.clone(), step(2)], "{kind}");
        // Whoever wants to mend it still has it.
        let expected = [line(&step(1)), damage, line(&resumed), line(&step(2))].concat();
        assert!(fs::read(&log).unwrap() == expected, "{kind}");
    }
}

#[test]
fn field_all_damage_at_once_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let damages = damages();
    let further = format!("This line and {} further lines were passed over", damages.len() - 1);
    let all: Vec<u8> = damages.into_iter().flat_map(|(_, damage, _)| damage).collect();
    let log = [line(&step(1)), all, line(&step(3)), b"torn".to_vec()].concat();
    fs::write(Layout::of(folder.path()).events(), log).unwrap();
    let Events { events, passed_over } = read_events(folder.path()).unwrap();
    assert_eq!(events, [step(1), step(3)]);
    assert!(passed_over.as_ref().is_some_and(|note| note.contains(&further)), "{passed_over:?}");
}

#[test]
fn field_steps_that_come_again_behind_a_damaged_resume_replace_those_before() {
    for damage in [&b"{\"event\":\"resume\",\"ti\n"[..], b"\0\0\n", b"\xff\n"] {
        let folder = tempfile::tempdir().unwrap();
        let lines = [1, 2, 3, 4].map(|number| line(&step(number))).concat();
        let again = [3, 4, 5].map(|number| line(&step(number))).concat();
        fs::write(Layout::of(folder.path()).events(), [&lines, damage, &again].concat()).unwrap();
        assert_eq!(read_events(folder.path()).unwrap().events, [1, 2, 3, 4, 5].map(step));
    }
}
