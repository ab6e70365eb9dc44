//! Rules about files: source files stay short, and nothing large is tracked.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};
use kontrast_runlog::human;

/// Lines of a source file.
const LINES: usize = 400;

/// Bytes of any tracked file.
const BYTES: u64 = 1 << 20;

/// Source files that are too long, in a sentence each.
pub fn long_files(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for file in files(root)?.iter().filter(|file| file.extension().is_some_and(|extension| extension == "rs"))
    {
        let lines = fs::read_to_string(root.join(file))?.lines().count();
        if lines > LINES {
            found.push(format!("{}: {lines} lines; {LINES} is the limit: split it by idea", file.display()));
        }
    }
    Ok(found)
}

/// Files that are too large for the repository, in a sentence each.
pub fn large_files(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for file in files(root)? {
        let bytes = fs::symlink_metadata(root.join(&file))?.len();
        if bytes > BYTES {
            let (shown, size) = (file.display(), human::bytes(bytes));
            found.push(format!("{shown}: {size}; 1 MiB is the limit: data is fetched, never committed"));
        }
    }
    Ok(found)
}

/// What git tracks, and what it would on `git add`.
fn files(root: &Path) -> Result<Vec<PathBuf>> {
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let output = Command::new("git").arg("-C").arg(root).args(list).output();
    let Ok(output) = output else { bail!("git does not start; it lists the files of this checkout") };
    if !output.status.success() {
        bail!("git ls-files: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let names = String::from_utf8_lossy(&output.stdout);
    let files = names.split('\0').filter(|name| !name.is_empty()).map(PathBuf::from);
    // A file that was deleted and not yet committed is listed too.
    Ok(files.filter(|file| root.join(file).symlink_metadata().is_ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkout(files: &[(&str, String)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        assert!(Command::new("git").arg("init").arg("-q").arg(root.path()).status().unwrap().success());
        for (name, text) in files {
            fs::write(root.path().join(name), text).unwrap();
        }
        root
    }

    #[test]
    fn a_long_source_file_is_named_and_a_long_table_is_not() {
        let root = checkout(&[
            ("long.rs", "\n".repeat(401)),
            ("fits.rs", "\n".repeat(400)),
            ("t.md", "\n".repeat(900)),
        ]);
        let expected = "long.rs: 401 lines; 400 is the limit: split it by idea";
        assert_eq!(long_files(root.path()).unwrap(), [expected]);
    }

    #[test]
    fn a_large_file_is_named_unless_git_ignores_it() {
        let large = "x".repeat((1 << 20) + 1);
        let root =
            checkout(&[("a.bin", large.clone()), ("b.bin", large), (".gitignore", "b.bin".to_owned())]);
        let expected = "a.bin: 1.0 MB; 1 MiB is the limit: data is fetched, never committed";
        assert_eq!(large_files(root.path()).unwrap(), [expected]);
    }
}
