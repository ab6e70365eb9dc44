//! `smoke`: every method once, small and on drawn shapes, with one thread. Each run has to finish, and its last checkpoint
//! to hold the tensors that are written down in `xtask/numbers`, bit for bit. A CPU that has no instructions for bf16 trains
//! in fp32: it would take several times as long, and its numbers are its own in any case.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use kontrast_config::Experiment;
use kontrast_runlog::{Layout, RunDir, Status, Summary, read_summary};

use crate::build::{Features, Kontrast};
use crate::numbers::Numbers;
use crate::setup::{self, Wanted};
use crate::{say, workspace};

/// The one whose loss has to fall and whose page is looked for: in so few steps, some losses rise at first.
const LEARNING: &str = "simclr";

/// Runs the experiments of `configs/smoke`, those of `names` where there are any, and compares their numbers or, where
/// `write` says so, writes them down.
pub fn run(names: &[String], write: bool) -> Result<()> {
    let files = files(names)?;
    let kontrast = Kontrast::build(&setup::ensure(Wanted::Fitting)?, Features::OF_SMOKE)?;
    let out = tempfile::tempdir()?;
    let mut differ = Vec::new();
    for file in files {
        let folder = trained(&kontrast, &file, out.path())?;
        let numbers = Numbers::of_run(&folder)?;
        let list = list_of(&file);
        if write {
            numbers.write(&list)?;
            continue;
        }
        match numbers.differences(&list)? {
            Ok(None) => {}
            Ok(Some(words)) => differ.push(words),
            Err(other_machine) => say::note(format_args!("note: {other_machine}")),
        }
    }
    if !differ.is_empty() {
        bail!(
            "{}\nWhere a change is meant to move them, say so in CHANGELOG.md and write them anew: cargo xtask smoke --write",
            differ.join("\n")
        );
    }
    Ok(())
}

fn files(names: &[String]) -> Result<Vec<PathBuf>> {
    let folder = workspace::root().join("configs/smoke");
    let entries = std::fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
    let mut files: Vec<_> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|ending| ending == "toml"));
    files.sort();
    let name_of = |file: &PathBuf| file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let known: Vec<_> = files.iter().map(name_of).collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(name)) {
        bail!("{unknown}: no file of configs/smoke has this name; there are {}", known.join(", "));
    }
    files.retain(|file| names.is_empty() || names.contains(&name_of(file)));
    Ok(files)
}

fn list_of(file: &Path) -> PathBuf {
    let name = file.file_stem().unwrap_or_default();
    workspace::root().join("xtask/numbers").join(name).with_extension("sha256")
}

/// Trains, and holds what comes out against what must.
fn trained(kontrast: &Kontrast, file: &Path, out: &Path) -> Result<PathBuf> {
    let folder = run_folder(file, out)?;
    let (named, out) = (file.display().to_string(), out.display().to_string());
    let mut words = ["pretrain", &named, "--threads", "1", "--out", &out].map(str::to_owned).to_vec();
    words.extend(overrides().into_iter().flat_map(|set| ["--set".to_owned(), set]));
    let status = kontrast.command(&words).status()?;
    if !status.success() {
        bail!("{}: {status}; its messages stand above", file.display());
    }
    let learning = file.file_stem().is_some_and(|name| name == LEARNING);
    let wrong = what_is_wrong(&read_summary(&folder)?, learning);
    if !wrong.is_empty() {
        bail!("{}: {}", file.display(), wrong.join("; "));
    }
    let page = Layout::of(&folder).report();
    if !page.is_file() {
        bail!("{}: not written", page.display());
    }
    Ok(folder)
}

fn run_folder(file: &Path, out: &Path) -> Result<PathBuf> {
    let loaded = Experiment::load(file, &overrides())?;
    Ok(RunDir::path_for(out, &loaded.experiment.name, &loaded.digest, loaded.experiment.seed))
}

/// What this CPU cannot do as the files say.
fn overrides() -> Vec<String> {
    if kontrast_runlog::is_quick_in_bf16() { Vec::new() } else { vec!["train.precision=fp32".to_owned()] }
}

fn what_is_wrong(summary: &Summary, learning: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    if summary.status != Status::Finished {
        wrong.push(format!("status is {}; expected finished", summary.status));
    }
    match (summary.loss_first, summary.loss_last) {
        (Some(first), Some(last)) if last < first || !learning => {}
        (first, last) => wrong.push(format!("the loss went from {first:?} to {last:?}; expected less")),
    }
    if !summary.eval.trained.contains_key("knn") {
        wrong.push("eval.knn is missing".to_owned());
    }
    wrong
}

#[cfg(test)]
mod tests {
    use kontrast_runlog::Score;

    use super::*;

    fn finished() -> Summary {
        let mut summary = Summary { status: Status::Finished, ..Summary::default() };
        (summary.loss_first, summary.loss_last) = (Some(4.8), Some(3.9));
        summary.eval.trained.insert("knn".to_owned(), Score::default());
        summary
    }

    #[test]
    fn a_run_that_learned_passes() {
        assert_eq!(what_is_wrong(&finished(), true), Vec::<String>::new());
    }

    #[test]
    fn a_run_that_stopped_or_learned_nothing_does_not() {
        let stopped = Summary { status: Status::Collapsed, ..finished() };
        assert_eq!(what_is_wrong(&stopped, false), ["status is collapsed; expected finished"]);
        let learned_nothing = Summary { loss_last: Some(4.8), ..finished() };
        let expected = "the loss went from Some(4.8) to Some(4.8); expected less";
        assert_eq!(what_is_wrong(&learned_nothing, true), [expected]);
        assert_eq!(what_is_wrong(&learned_nothing, false), Vec::<String>::new());
    }

    #[test]
    fn every_smoke_run_has_a_folder_before_it_runs_and_a_list_of_numbers() {
        let files = files(&[]).unwrap();
        assert!(files.len() >= 22, "{files:?}");
        for file in files {
            let folder = run_folder(&file, Path::new("out")).unwrap();
            assert!(
                folder.starts_with("out") && folder.to_string_lossy().ends_with("-s0"),
                "{}",
                folder.display()
            );
            assert!(list_of(&file).is_file(), "{}", list_of(&file).display());
        }
    }
}
