//! Installs libtorch into the cache: under a lock, in a folder of its own, renamed when whole.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use kontrast_runlog::{atomic_write, human};
use serde::{Deserialize, Serialize};

use super::profile::{Profile, TORCH};
use super::python::Python;
use super::torch::{self, Found};
use super::{disk, pip};
use crate::say;

/// Written last, so a folder without it is no installation.
const MARKER: &str = "whole.json";

/// Begins the names of folders in which an installation is at work.
const AT_WORK: &str = ".new-";

/// Held by the process that installs.
const LOCK: &str = ".lock";

/// What was installed, and how long the files are that everything hangs on.
#[derive(Serialize, Deserialize)]
struct Marker {
    packages: Vec<String>,
    bytes: BTreeMap<PathBuf, u64>,
}

/// Where all of this version of libtorch lies in the cache.
pub fn home(cache: &Path) -> PathBuf {
    cache.join("libtorch").join(TORCH)
}

/// Where a profile lies.
pub fn folder(cache: &Path, profile: Profile) -> PathBuf {
    home(cache).join(profile.name())
}

/// Whether a profile lies in the cache and nothing of it was cut off.
pub fn is_whole(cache: &Path, profile: Profile) -> bool {
    let folder = folder(cache, profile);
    let Some(marker) = fs::read(folder.join(MARKER)).ok() else { return false };
    let Ok(marker) = serde_json::from_slice::<Marker>(&marker) else { return false };
    let length = |file: &Path| fs::metadata(folder.join(file)).map(|found| found.len()).ok();
    marker.packages == profile.packages()
        && marker.bytes.iter().all(|(file, bytes)| length(file) == Some(*bytes))
}

/// Installs a profile unless it is there and whole; returns its `torch` folder.
pub fn install(cache: &Path, profile: Profile) -> Result<PathBuf> {
    let (home, target) = (home(cache), folder(cache, profile));
    if is_whole(cache, profile) {
        return Ok(target.join("torch"));
    }
    let python = Python::find()?;
    say::fact("python", format!("{} with pip {}, {}", python.version, python.pip, python.path.display()));
    let _lock = lock(&home)?;
    // Another process may have done it in the meantime.
    if is_whole(cache, profile) {
        return Ok(target.join("torch"));
    }
    clear(&home, &target)?;
    disk::require(profile.bytes(), disk::free(&home)?, &home)?;
    let began = Instant::now();
    // A name that no earlier process used: its pip may still be writing.
    let work = tempfile::Builder::new().prefix(AT_WORK).tempdir_in(&home)?;
    let tree = work.path().join("tree");
    pip::install(&python, profile, &tree, work.path())?;
    finish(&tree, profile)?;
    fs::rename(&tree, &target).with_context(|| format!("{}: cannot be put in place", target.display()))?;
    let (size, took) = (human::bytes(pip::size(&target)), human::seconds(began.elapsed().as_secs_f64()));
    say::fact(
        "installed",
        format!("libtorch {TORCH}, {profile} profile, {size} in {took}: {}", target.display()),
    );
    Ok(target.join("torch"))
}

/// Folders that killed installations left; none while an installation is at work, whose folder looks the same.
pub fn interrupted(home: &Path) -> Vec<PathBuf> {
    let left = folders_at_work(home);
    // Only who installs holds the lock, and a killed process holds none.
    let free = !left.is_empty() && File::create(home.join(LOCK)).is_ok_and(|file| file.try_lock().is_ok());
    if free { left } else { Vec::new() }
}

/// Removes what killed installations left, also where nothing has to be installed.
pub fn sweep(cache: &Path) {
    let home = home(cache);
    if !folders_at_work(&home).is_empty()
        && let Ok(file) = File::create(home.join(LOCK))
        && file.try_lock().is_ok()
    {
        remove_interrupted(&home);
    }
}

fn folders_at_work(home: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(home).into_iter().flatten().flatten();
    let left = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(AT_WORK));
    left.map(|entry| entry.path()).collect()
}

/// Removes what a killed installation left.
fn clear(home: &Path, target: &Path) -> Result<()> {
    remove_interrupted(home);
    if target.exists() {
        say::fact("note", format!("removing an installation that is not whole: {}", target.display()));
        fs::remove_dir_all(target).with_context(|| format!("{}: cannot be removed", target.display()))?;
    }
    Ok(())
}

/// Under the lock: nobody is at work in any of them.
fn remove_interrupted(home: &Path) {
    for folder in folders_at_work(home) {
        say::fact("note", format!("removing what an interrupted installation left: {}", folder.display()));
        // Its pip may still be writing there; the next set-up tries again.
        let _ = fs::remove_dir_all(folder);
    }
}

/// Checks what pip brought, and writes the marker.
fn finish(tree: &Path, profile: Profile) -> Result<()> {
    match torch::look_at(&tree.join("torch")) {
        Found::Fits => {}
        Found::Version(version) => bail!("libtorch: pip installed torch {version}; {TORCH} was asked for"),
        Found::Lacks(file) => bail!("libtorch: pip installed torch {TORCH} without {}", file.display()),
    }
    let files = ["torch_cpu", "c10"].map(|name| Path::new("torch/lib").join(torch::library(name)));
    let bytes = files.map(|file| fs::metadata(tree.join(&file)).map(|found| (file, found.len())));
    let bytes = bytes.into_iter().collect::<Result<_, _>>()?;
    let marker = Marker { packages: profile.packages().into_iter().map(str::to_owned).collect(), bytes };
    atomic_write(&tree.join(MARKER), &serde_json::to_vec_pretty(&marker)?)?;
    Ok(())
}

/// Held until dropped, and no longer than the process lives.
pub fn lock(home: &Path) -> Result<File> {
    fs::create_dir_all(home).with_context(|| format!("{}: cannot be made", home.display()))?;
    let path = home.join(LOCK);
    let file = File::create(&path).with_context(|| format!("{}: cannot be written", path.display()))?;
    if file.try_lock().is_err() {
        say::fact("waiting", "another process installs libtorch");
        file.lock().with_context(|| format!("{}: cannot be locked", path.display()))?;
    }
    Ok(file)
}

#[cfg(test)]
pub use tests::installed as fake;

#[cfg(test)]
mod tests {
    use super::*;

    /// A profile that looks as if it were installed.
    pub fn installed(cache: &Path, profile: Profile) -> PathBuf {
        let tree = folder(cache, profile);
        torch::tests::fake(&tree.join("torch"), TORCH);
        finish(&tree, profile).unwrap();
        tree
    }

    #[test]
    fn an_installation_is_whole_until_a_library_is_cut_short() {
        let cache = tempfile::tempdir().unwrap();
        let tree = installed(cache.path(), Profile::Cpu);
        assert!(is_whole(cache.path(), Profile::Cpu));
        assert!(!is_whole(cache.path(), Profile::Cuda));
        fs::write(tree.join("torch/lib").join(torch::library("torch_cpu")), "torch").unwrap();
        assert!(!is_whole(cache.path(), Profile::Cpu));
    }

    #[test]
    fn a_folder_without_marker_is_no_installation() {
        let cache = tempfile::tempdir().unwrap();
        let tree = installed(cache.path(), Profile::Cpu);
        fs::remove_file(tree.join(MARKER)).unwrap();
        assert!(!is_whole(cache.path(), Profile::Cpu));
    }

    #[test]
    fn another_torch_than_asked_for_is_refused() {
        let tree = tempfile::tempdir().unwrap();
        torch::tests::fake(&tree.path().join("torch"), "2.10.0");
        let said = finish(tree.path(), Profile::Cpu).unwrap_err().to_string();
        assert_eq!(said, "libtorch: pip installed torch 2.10.0; 2.11.0 was asked for");
        assert!(!tree.path().join(MARKER).exists());
    }

    #[test]
    fn what_was_interrupted_is_removed_and_whole_ones_stay() {
        let cache = tempfile::tempdir().unwrap();
        installed(cache.path(), Profile::Cpu);
        let home = home(cache.path());
        fs::create_dir(home.join(".new-abc")).unwrap();
        fs::create_dir(home.join("cuda")).unwrap();
        clear(&home, &folder(cache.path(), Profile::Cuda)).unwrap();
        assert!(!home.join(".new-abc").exists() && !home.join("cuda").exists());
        assert!(is_whole(cache.path(), Profile::Cpu));
    }
}
