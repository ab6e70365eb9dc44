//! Files are replaced whole or not at all.

use std::fs;
use std::path::Path;

use kontrast_runlog::{atomic_write, atomic_write_with};

fn names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_file_is_replaced_and_nothing_stays_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("summary.json");
    atomic_write(&path, b"old").unwrap();
    atomic_write(&path, b"new").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert_eq!(names(folder.path()), ["summary.json"]);
}

#[test]
fn a_writer_that_fails_midway_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("summary.json");
    atomic_write(&path, b"old").unwrap();
    let error = atomic_write_with(&path, |file| {
        std::io::Write::write_all(file, b"half of the new")?;
        Err(std::io::Error::from(std::io::ErrorKind::StorageFull))
    });
    let message = error.unwrap_err().to_string();
    assert!(message.contains("summary.json: cannot be written: "), "{message}");
    assert!(message.contains("free some space and start again with --resume"), "{message}");
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["summary.json"]);
}

#[test]
fn a_folder_that_is_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("absent").join("summary.json");
    let message = atomic_write(&path, b"new").unwrap_err().to_string();
    assert!(message.contains("absent/summary.json: cannot be written: "), "{message}");
}

/// The kernel refuses to let a file of the child grow, as on a full disk: half is written, then it fails.
#[cfg(unix)]
#[test]
fn a_disk_that_is_full_midway_leaves_the_old_file() {
    use std::process::Command;

    const CHILD: &str = "KONTRAST_TEST_FULL_DISK";
    const NAME: &str = "replacing::a_disk_that_is_full_midway_leaves_the_old_file";
    if let Some(path) = std::env::var_os(CHILD) {
        let message = atomic_write(Path::new(&path), &vec![b'n'; 1 << 20]).unwrap_err().to_string();
        println!("\nrefused: {message}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    atomic_write(&path, b"old").unwrap();
    // The signal is ignored so that the write returns an error, as it does for a full disk.
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$0\" --exact \"$1\" --nocapture"])
        .arg(std::env::current_exe().unwrap())
        .arg(NAME)
        .env(CHILD, &path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("refused: ") && said.contains("checkpoint: cannot be written: "), "{said}");
    assert!(said.contains("what was there before is untouched"), "{said}");
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["checkpoint"]);
}
