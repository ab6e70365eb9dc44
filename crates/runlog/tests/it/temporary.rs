//! Several writers of one file, and what killed ones left.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use kontrast_runlog::{RunDir, atomic_write, atomic_write_with};

/// The number of a process that has ended, and was waited for.
fn dead() -> u32 {
    let mut child = Command::new("true").stdout(Stdio::null()).spawn().unwrap();
    child.wait().unwrap();
    child.id()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn field_writers_at_once_each_leave_a_whole_file_and_none_fails() {
    // Of other sizes, so that a mixture would show.
    for name in ["report.html", "summary.json", "step-000000009.safetensors"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        let text = |writer: usize| vec![b'a' + writer as u8; 10_000 * (writer + 1)];
        thread::scope(|scope| {
            for writer in 0..5 {
                let (path, text) = (&path, text(writer));
                scope.spawn(move || {
                    for _ in 0..20 {
                        atomic_write(path, &text).unwrap();
                        let found = fs::read(path).unwrap();
                        let whole = found.len() == 10_000 * (usize::from(found[0] - b'a') + 1);
                        assert!(whole && found.iter().all(|byte| *byte == found[0]));
                    }
                });
            }
        });
        assert_eq!(names(folder.path()), [name]);
    }
}

#[test]
fn field_a_writer_does_not_remove_what_another_is_writing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.html");
    atomic_write_with(&path, |file| {
        file.write_all(b"outer")?;
        atomic_write(&path, b"inner").unwrap();
        drop(RunDir::acquire(folder.path()).unwrap());
        assert_eq!(fs::read(&path)?, b"inner");
        Ok(())
    })
    .unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"outer");
}

#[test]
fn field_what_killed_processes_left_goes_and_all_else_stays() {
    let folder = tempfile::tempdir().unwrap();
    drop(RunDir::acquire(folder.path()).unwrap());
    let (dead, ours, parent) = (dead(), std::process::id(), std::os::unix::process::parent_id());
    let gone = [
        format!(".summary.json.{dead}-3.tmp"),
        format!("checkpoints/.step-000000009.safetensors.{dead}-0.tmp"),
        format!("figures/.views.png.{dead}-12.tmp"),
        // No process has this number.
        format!(".report.html.{}-1.tmp", u32::MAX),
        // Of an earlier process with the number of this one.
        format!(".events.jsonl.{ours}-{}.tmp", u64::MAX),
    ];
    let kept = [
        format!(".summary.json.{parent}-3.tmp"),
        ".summary.json.1-0.tmp".to_owned(),
        ".summary.json.tmp".to_owned(),
        "notes.tmp".to_owned(),
        format!("summary.json.{dead}-3.tmp"),
        format!("checkpoints/.{dead}.tmp"),
    ];
    for name in gone.iter().chain(&kept) {
        fs::write(folder.path().join(name), "half").unwrap();
    }
    drop(RunDir::acquire(folder.path()).unwrap());
    for name in gone {
        assert!(!folder.path().join(&name).exists(), "{name} is still there");
    }
    for name in kept {
        assert!(folder.path().join(&name).exists(), "{name} is gone");
    }
}

#[test]
fn field_the_next_writer_of_a_file_removes_what_a_killed_one_left_of_it() {
    for name in ["report.html", "table.md", "libtorch.toml"] {
        let folder = tempfile::tempdir().unwrap();
        let dead = dead();
        fs::write(folder.path().join(format!(".{name}.{dead}-0.tmp")), "a long torn text").unwrap();
        let other = format!(".other.html.{dead}-0.tmp");
        fs::write(folder.path().join(&other), "of another file").unwrap();
        atomic_write(&folder.path().join(name), b"new").unwrap();
        assert_eq!(fs::read(folder.path().join(name)).unwrap(), b"new");
        assert_eq!(names(folder.path()), [other, name.to_owned()]);
    }
}
