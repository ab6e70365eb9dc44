//! Which run directories a folder stands for.

use std::path::{Path, PathBuf};

use crate::Layout;

/// The folder itself, where it is a run directory, else the run directories in it, by name. A run directory is one that
/// holds a `summary.json`.
pub fn runs_in(folder: &Path) -> Vec<PathBuf> {
    let is_run = |path: &Path| Layout::of(path).summary().is_file();
    if is_run(folder) {
        return vec![folder.to_owned()];
    }
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut runs: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(|path| is_run(path)).collect();
    runs.sort();
    runs
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
        assert_eq!(runs_in(out.path()), [a.clone(), b]);
        assert_eq!(runs_in(&a), [a]);
        assert!(runs_in(&out.path().join("no-run")).is_empty());
    }
}
