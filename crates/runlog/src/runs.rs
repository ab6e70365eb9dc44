//! Which run directories a folder stands for.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::{Layout, RunlogError};

/// Folders between a folder of runs and its runs: `runs/ablations/NAME/RUN`.
const DEPTH: usize = 3;

/// The folder itself, where it is a run directory, else the run directories in it, by name, those of ablations too. A run
/// directory is one that holds a `summary.json`.
///
/// # Errors
/// When there is none, or the folder may not be read.
pub fn runs_in(folder: &Path) -> Result<Vec<PathBuf>, RunlogError> {
    let is_run = |path: &Path| Layout::of(path).summary().is_file();
    if is_run(folder) {
        return Ok(vec![folder.to_owned()]);
    }
    let entries = match std::fs::read_dir(folder) {
        Err(source) if source.kind() == ErrorKind::PermissionDenied => {
            return Err(RunlogError::Read { path: folder.to_owned(), source });
        }
        entries => entries.into_iter().flatten().flatten(),
    };
    let mut runs = Vec::new();
    let mut folders: Vec<_> = entries.map(|entry| (1, entry.path())).collect();
    while let Some((depth, path)) = folders.pop() {
        if is_run(&path) {
            runs.push(path);
        } else if depth < DEPTH {
            let inner = std::fs::read_dir(&path).into_iter().flatten().flatten();
            folders.extend(inner.map(|entry| (depth + 1, entry.path())));
        }
    }
    runs.sort();
    if runs.is_empty() { Err(RunlogError::NoRun { folder: folder.to_owned() }) } else { Ok(runs) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_runs_stands_for_its_runs() {
        let out = tempfile::tempdir().unwrap();
        for name in ["b-s1", "a-s0", "no-run"] {
            std::fs::create_dir(out.path().join(name)).unwrap();
        }
        for name in ["b-s1", "a-s0"] {
            std::fs::write(out.path().join(name).join("summary.json"), "{}").unwrap();
        }
        let (a, b) = (out.path().join("a-s0"), out.path().join("b-s1"));
        assert_eq!(runs_in(out.path()).unwrap(), [a.clone(), b.clone()]);
        assert_eq!(runs_in(&a).unwrap(), std::slice::from_ref(&a));
        let deep = out.path().join("ablations/heads/c-s0");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::write(deep.join("summary.json"), "{}").unwrap();
        assert_eq!(runs_in(out.path()).unwrap(), [a, deep.clone(), b]);
        assert_eq!(runs_in(&out.path().join("ablations")).unwrap(), [deep]);
        for none in ["no-run", "nowhere"] {
            let message = runs_in(&out.path().join(none)).unwrap_err().to_string();
            assert!(message.contains(none) && message.contains("expected a run directory"), "{message}");
        }
    }
}
