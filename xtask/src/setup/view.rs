//! The view: links to the half of libtorch that programs are linked with.
//!
//! The CUDA half is left out, so any linker works and one program serves machines with and without a GPU. The
//! loader looks for NVIDIA's libraries in `$ORIGIN/../../nvidia`, which must resolve.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::install;
use super::profile::Profile;
use super::torch::{self, Found};

/// Inside a view, beside `torch`.
const ABOUT: &str = "about.json";

/// What a view shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The libtorch behind it.
    pub libtorch: PathBuf,
    /// The CPU profile that was asked for by name: a GPU changes nothing about it.
    pub asked: bool,
}

/// `LIBTORCH` of our own profiles.
pub fn path(cache: &Path) -> PathBuf {
    install::home(cache).join("view/torch")
}

/// Makes the view of an installed profile and turns `view` to it, so that `LIBTORCH` is the same path for every
/// profile and nothing has to be rebuilt. Returns its `torch` folder.
pub fn of_profile(cache: &Path, profile: Profile, asked: bool) -> Result<PathBuf> {
    let home = install::home(cache);
    let about = About { libtorch: install::folder(cache, profile).join("torch"), asked };
    let (folder, link) = (home.join("views").join(profile.name()), home.join("view"));
    if !(shows(&folder, &about) && leads(&link, &folder)) {
        let _lock = install::lock(&home)?;
        make(&folder, &about)?;
        if !leads(&link, &folder) {
            replace_link(&Path::new("views").join(profile.name()), &link)?;
        }
    }
    Ok(path(cache))
}

/// Makes the view of a libtorch that somebody else installed. Returns its `torch` folder.
pub fn of_found(cache: &Path, libtorch: &Path) -> Result<PathBuf> {
    let name = format!("{:016x}", hash(libtorch));
    let about = About { libtorch: libtorch.to_owned(), asked: false };
    let home = install::home(cache);
    let folder = home.join("views").join(name);
    if !shows(&folder, &about) {
        let _lock = install::lock(&home)?;
        make(&folder, &about)?;
    }
    Ok(folder.join("torch"))
}

/// Whether programs can be linked with this folder: the right version, and no CUDA half in sight.
pub fn is_usable(folder: &Path) -> bool {
    torch::look_at(folder) == Found::Fits && !torch::has_cuda(folder)
}

/// What the view around a `torch` folder shows, where it is a view.
pub fn about(folder: &Path) -> Option<About> {
    serde_json::from_slice(&fs::read(folder.parent()?.join(ABOUT)).ok()?).ok()
}

/// Whether a view is there and shows that libtorch.
fn shows(folder: &Path, about: &About) -> bool {
    let torch = folder.join("torch");
    self::about(&torch).as_ref() == Some(about) && is_usable(&torch)
}

/// Whether a link leads to a folder.
fn leads(link: &Path, folder: &Path) -> bool {
    fs::canonicalize(link).is_ok_and(|to| fs::canonicalize(folder).is_ok_and(|folder| to == folder))
}

/// Makes a view in a folder of its own and renames it into place, unless it is there already. Under the lock: two
/// that make the same view would take it from each other.
fn make(folder: &Path, about: &About) -> Result<()> {
    if shows(folder, about) {
        return Ok(());
    }
    let parent = folder.parent().unwrap_or(folder);
    fs::create_dir_all(parent).with_context(|| format!("{}: cannot be made", parent.display()))?;
    let work = tempfile::Builder::new().prefix(".new-").tempdir_in(parent)?;
    fill(work.path(), &about.libtorch)
        .with_context(|| format!("view: cannot link to {}", about.libtorch.display()))?;
    fs::write(work.path().join(ABOUT), serde_json::to_vec_pretty(about)?)?;
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("{}: cannot be removed", folder.display()))?;
    }
    fs::rename(work.keep(), folder).with_context(|| format!("{}: cannot be put in place", folder.display()))
}

fn fill(view: &Path, libtorch: &Path) -> std::io::Result<()> {
    let lib = view.join("torch/lib");
    fs::create_dir_all(&lib)?;
    symlink(libtorch.join("include"), view.join("torch/include"))?;
    // Archives have nothing beside them.
    if let Some(nvidia) =
        libtorch.parent().map(|parent| parent.join("nvidia")).filter(|nvidia| nvidia.is_dir())
    {
        symlink(nvidia, view.join("nvidia"))?;
    }
    for name in ["torch_cpu", "c10"].map(torch::library) {
        symlink(libtorch.join("lib").join(&name), lib.join(&name))?;
    }
    // torch-sys asks for it by this name; the real one would draw the CUDA half in.
    symlink(torch::library("torch_cpu"), lib.join(torch::library("torch")))?;
    // OpenMP: `libgomp.so.1`, in archives and in wheels for the CPU alone with a hash in its name; on macOS `libomp`.
    for entry in fs::read_dir(libtorch.join("lib"))? {
        let entry = entry?;
        let name = entry.file_name();
        let shown = name.to_string_lossy();
        if shown.starts_with("libgomp") || shown.starts_with("libomp") {
            symlink(entry.path(), lib.join(&name))?;
            // The name for the linker, so that no compiler's own library is needed.
            match symlink(&name, lib.join(torch::library("gomp"))) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

/// Makes or turns a link in one step.
fn replace_link(to: &Path, link: &Path) -> Result<()> {
    let parent = link.parent().unwrap_or(link);
    let work = tempfile::Builder::new().prefix(".new-").tempdir_in(parent)?;
    let new = work.path().join("link");
    symlink(to, &new)?;
    if fs::symlink_metadata(link).is_ok_and(|found| found.is_dir()) {
        fs::remove_dir_all(link)?;
    }
    fs::rename(&new, link)
        .with_context(|| format!("{}: cannot be turned to {}", link.display(), to.display()))
}

/// A short name for a path. Another release of Rust may hash otherwise: it builds everything anew in any case.
fn hash(path: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::profile::TORCH;

    fn fake_profile(cache: &Path, profile: Profile) -> PathBuf {
        let folder = install::folder(cache, profile);
        torch::tests::fake(&folder.join("torch"), TORCH);
        fs::create_dir_all(folder.join("nvidia")).unwrap();
        fs::write(folder.join("nvidia/profile"), profile.name()).unwrap();
        fs::write(folder.join("torch/lib").join(torch::library("torch_cuda")), "cuda").unwrap();
        fs::write(folder.join("torch/lib/libgomp.so.1"), "gomp").unwrap();
        folder.join("torch")
    }

    #[test]
    fn the_view_hides_the_cuda_half() {
        let cache = tempfile::tempdir().unwrap();
        let torch = fake_profile(cache.path(), Profile::Cpu);
        assert!(!is_usable(&torch));
        let view = of_profile(cache.path(), Profile::Cpu, false).unwrap();
        assert!(is_usable(&view));
        let read = |name: &str| fs::read_to_string(view.join("lib").join(name)).unwrap();
        assert_eq!(read(&torch::library("torch")), "torch_cpu");
        assert_eq!(read(&torch::library("gomp")), "gomp");
        assert_eq!(about(&view), Some(About { libtorch: torch, asked: false }));
    }

    #[test]
    fn the_path_stays_when_the_profile_changes() {
        let cache = tempfile::tempdir().unwrap();
        for profile in [Profile::Cpu, Profile::Cuda, Profile::Cuda, Profile::Cpu] {
            fake_profile(cache.path(), profile);
            let view = of_profile(cache.path(), profile, false).unwrap();
            assert_eq!(view, path(cache.path()));
            // As the loader resolves $ORIGIN/../../nvidia.
            let beside = view.join("lib/../../nvidia/profile");
            assert_eq!(fs::read_to_string(beside).unwrap(), profile.name());
        }
    }

    #[test]
    fn an_archive_has_a_view_of_its_own() {
        let cache = tempfile::tempdir().unwrap();
        let found = tempfile::tempdir().unwrap();
        torch::tests::fake(found.path(), TORCH);
        fs::write(found.path().join("lib/libgomp-98b21ff3.so.1"), "hashed").unwrap();
        let view = of_found(cache.path(), found.path()).unwrap();
        assert_eq!(view, of_found(cache.path(), found.path()).unwrap());
        assert!(is_usable(&view));
        assert_eq!(fs::read_to_string(view.join("lib/libgomp-98b21ff3.so.1")).unwrap(), "hashed");
        assert_eq!(fs::read_to_string(view.join("lib").join(torch::library("gomp"))).unwrap(), "hashed");
    }

    #[test]
    fn a_view_whose_libtorch_is_gone_is_not_usable() {
        let cache = tempfile::tempdir().unwrap();
        let torch = fake_profile(cache.path(), Profile::Cpu);
        let view = of_profile(cache.path(), Profile::Cpu, false).unwrap();
        fs::remove_dir_all(torch).unwrap();
        assert!(!is_usable(&view));
    }
}
