//! Names of temporary files, `.<name>.<process>-<number>.tmp`, and the removal of those whose process is gone.
//!
//! Processes are those of this machine: where several machines write into one folder, a file that another one is writing
//! may be taken for a left-over, and its writer says that it could not be put in place.

use std::fs;
use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

/// More letters of a file's name than this do not go into that of its temporary file, which has to be a name as well.
const MOST_LETTERS: usize = 48;

/// The number of the next temporary file of this process.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// What tells one temporary file of a name from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Temporary {
    process: u32,
    number: u64,
}

impl Temporary {
    /// One that this process has not had.
    pub(crate) fn next() -> Self {
        Self { process: process::id(), number: NEXT.fetch_add(1, Ordering::Relaxed) }
    }

    /// The name of the temporary file of this file.
    pub(crate) fn name(self, path: &Path) -> String {
        format!("{}{}-{}.tmp", beginning(path), self.process, self.number)
    }

    /// Reads such a name; none where it is another one.
    fn of(name: &str) -> Option<Self> {
        let (file, whose) = name.strip_prefix('.')?.strip_suffix(".tmp")?.rsplit_once('.')?;
        let (process, number) = whose.split_once('-')?;
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if file.is_empty() || !digits(process) || !digits(number) {
            return None;
        }
        Some(Self { process: process.parse().ok()?, number: number.parse().ok()? })
    }

    /// Whether nobody can be writing it. A number of this process that it has not given yet is of an earlier process: in a
    /// container each start may have the same one.
    fn is_left_over(self) -> bool {
        if self.process == process::id() {
            self.number >= NEXT.load(Ordering::Relaxed)
        } else {
            !is_alive(self.process)
        }
    }
}

/// Removes what killed writers left at the top of a folder. What cannot be removed stays: it harms nobody.
pub(crate) fn sweep(folder: &Path) {
    sweep_where(folder, |_| true);
}

/// Removes what killed writers left of one file.
pub(crate) fn sweep_of(path: &Path) {
    let beginning = beginning(path);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    sweep_where(folder.unwrap_or(Path::new(".")), |name| name.starts_with(&beginning));
}

fn sweep_where(folder: &Path, is_meant: impl Fn(&str) -> bool) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        if is_meant(name) && Temporary::of(name).is_some_and(Temporary::is_left_over) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn beginning(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!(".{}.", name.chars().take(MOST_LETTERS).collect::<String>())
}

#[cfg(unix)]
fn is_alive(process: u32) -> bool {
    use rustix::process::{Pid, test_kill_process};

    let pid = i32::try_from(process).ok().and_then(Pid::from_raw);
    // One that belongs to another user lives too.
    pid.is_some_and(|pid| test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

#[cfg(not(unix))]
fn is_alive(_process: u32) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for file in ["summary.json", "a", ".lock", "step-000000009.safetensors", "caf\u{e9}.tmp", "1-2.tmp"] {
            let temporary = Temporary::next();
            assert_eq!(Temporary::of(&temporary.name(Path::new(file))), Some(temporary), "{file}");
        }
        for other in [".x.tmp", "x.1-2.tmp", ".x.1-2", ".1-2.tmp", ".x.1-b.tmp", ".x.+1-2.tmp", ".x.-2.tmp"] {
            assert_eq!(Temporary::of(other), None, "{other}");
        }
    }

    #[test]
    fn a_long_name_still_has_a_temporary_one() {
        let name = Temporary { process: u32::MAX, number: u64::MAX }.name(Path::new(&"\u{4e2d}".repeat(85)));
        assert!(name.len() <= 255, "{} bytes", name.len());
    }
}
