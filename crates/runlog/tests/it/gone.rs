//! A run directory that is moved or deleted under its run.

use std::fs;
use std::path::Path;

use kontrast_runlog::{Layout, RunDir, RunlogError, ScalarWriter, Summary, read_summary};

use crate::events::{read, step};

type Accident = fn(&Path);

/// What befalls `out/run`.
const ACCIDENTS: [(&str, Accident); 6] = [
    ("renamed", |out| fs::rename(out.join("run"), out.join("elsewhere")).unwrap()),
    ("deleted", |out| fs::remove_dir_all(out.join("run")).unwrap()),
    ("with its parent", |out| fs::rename(out, out.with_file_name("elsewhere")).unwrap()),
    ("for an empty one", |out| {
        fs::rename(out.join("run"), out.join("elsewhere")).unwrap();
        fs::create_dir(out.join("run")).unwrap();
    }),
    ("for another's", |out| {
        fs::remove_dir_all(out.join("run")).unwrap();
        drop(RunDir::acquire(&out.join("run")).unwrap());
    }),
    ("for a file", |out| {
        fs::remove_dir_all(out.join("run")).unwrap();
        fs::write(out.join("run"), "no folder").unwrap();
    }),
];

/// Everything below a folder.
fn below(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        found.push(entry.path().display().to_string());
        found.extend(below(&entry.path()));
    }
    found.sort();
    found
}

#[test]
fn field_a_directory_that_is_gone_ends_the_run_and_nothing_is_written_in_its_place() {
    for (kind, accident) in ACCIDENTS {
        for begun in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let out = folder.path().join("runs");
            let mut run = RunDir::acquire(&out.join("run")).unwrap();
            if begun {
                run.append(&step(1)).unwrap();
                run.write_summary(&Summary::default()).unwrap();
            }
            accident(&out);
            let before = below(folder.path());
            let held = run.held();
            let refused = [
                run.append(&step(2)),
                run.write_summary(&Summary::default()),
                run.clear(),
                run.require_held(),
                held.require(),
            ];
            for refusal in refused {
                let error = refusal.unwrap_err();
                assert!(matches!(error, RunlogError::Gone { .. }), "{kind}: {error}");
                let message = error.to_string();
                assert!(
                    message
                        .starts_with(&format!("{}: the run directory was moved", out.join("run").display()))
                );
                assert!(message.contains("go on with --resume"), "{message}");
            }
            if !out.join("run").is_dir() {
                assert!(ScalarWriter::open(&Layout::of(out.join("run")).tensorboard(), 1).is_err(), "{kind}");
            }
            assert_eq!(below(folder.path()), before, "{kind}");
        }
    }
}

#[test]
fn field_a_directory_that_was_moved_back_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (run, elsewhere) = (folder.path().join("run"), folder.path().join("elsewhere"));
    let mut dir = RunDir::acquire(&run).unwrap();
    for number in 1..4 {
        dir.append(&step(number)).unwrap();
        fs::rename(&run, &elsewhere).unwrap();
        dir.append(&step(number + 1)).unwrap_err();
        fs::rename(&elsewhere, &run).unwrap();
    }
    dir.require_held().unwrap();
    assert_eq!(read(&run), [1, 2, 3].map(step));
    // A link to it is it.
    #[cfg(unix)]
    {
        fs::rename(&run, &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &run).unwrap();
        dir.append(&step(4)).unwrap();
    }
}

#[test]
fn field_without_its_lock_file_a_directory_is_held_by_nobody() {
    for replaced in [None, Some(""), Some("1234\n")] {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDir::acquire(folder.path()).unwrap();
        let lock = folder.path().join(".lock");
        // Its place on the disk is kept, so that no other file gets it.
        fs::rename(&lock, folder.path().join("old")).unwrap();
        if let Some(text) = replaced {
            fs::write(&lock, text).unwrap();
        }
        assert!(matches!(run.require_held(), Err(RunlogError::Gone { .. })));
    }
}

#[test]
fn field_names_of_directories_are_shown_and_not_obeyed() {
    for name in ["\u{1b}[2Jrun", "run\nfinished", "run\r\u{202e}"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        let run = RunDir::acquire(&path).unwrap();
        let in_use = RunDir::acquire(&path).unwrap_err();
        fs::remove_dir_all(&path).unwrap();
        let errors = [in_use, run.require_held().unwrap_err(), read_summary(&path).unwrap_err()];
        for message in errors.map(|error| error.to_string()) {
            assert!(!message.contains(char::is_control) && message.contains("run"), "{message:?}");
        }
    }
}
