//! `report`: pages and tables again, from the logs.

use std::path::{Path, PathBuf};

use anyhow::Result;
use kontrast_report::{label_free_markdown, read_run, run_page, scores_markdown, verdict};
use kontrast_runlog::Layout;

use crate::{Refusal, say};

/// Writes the page of every run directory that is named or lies in a named folder, and prints its scores.
pub fn run(folders: &[PathBuf]) -> Result<u8> {
    let mut runs = Vec::new();
    for folder in folders {
        let found = runs_in(folder);
        if found.is_empty() {
            let message = format!(
                "{}: no run directory, which holds a summary.json, nor a folder of them",
                folder.display()
            );
            return Err(Refusal(message).into());
        }
        runs.extend(found);
    }
    for run in &runs {
        run_page(run)?;
        let summary = read_run(run)?;
        say::out(format_args!("{}\n{}", Layout::of(run).report().display(), verdict(&summary)));
        if let Some(hint) = &summary.hint {
            say::out(format_args!("{hint}"));
        }
        let scored = !summary.eval.trained.is_empty();
        let table = if scored { scores_markdown(&summary) } else { label_free_markdown(&summary) };
        if !table.is_empty() {
            say::out(format_args!("\n{table}"));
        }
    }
    Ok(0)
}

/// The folder itself, or the run directories in it, by name.
fn runs_in(folder: &Path) -> Vec<PathBuf> {
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
