//! A libtorch that is on this machine already: `LIBTORCH`, else what the active Python environment has.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use kontrast_runlog::cache_home;

use super::profile::{Profile, TORCH};
use super::torch::{self, Found};
use super::{install, python, view};
use crate::say;

/// What `LIBTORCH` names, resolved; nothing where it is unset or what set-up wrote.
///
/// # Errors
/// When it names something else than libtorch 2.11.0: who sets it wants it used.
pub fn by_variable(written: Option<&Path>) -> Result<Option<PathBuf>> {
    let Some(given) = env::var_os("LIBTORCH").filter(|given| !given.is_empty()).map(PathBuf::from) else {
        return Ok(None);
    };
    // Cargo hands on what stands in its configuration.
    if written == Some(&given) {
        return Ok(None);
    }
    // Somebody may have exported a view: of what we installed, or of what they did.
    if let Some(about) = view::about(&given) {
        let own = [Profile::Cpu, Profile::Cuda]
            .map(|profile| install::folder(&cache_home(), profile).join("torch"));
        return Ok((!own.contains(&about.libtorch)).then_some(about.libtorch));
    }
    let shown = given.display();
    match torch::look_at(&given) {
        Found::Fits => Ok(Some(std::fs::canonicalize(&given)?)),
        Found::Version(version) => bail!(
            "libtorch: LIBTORCH = {shown} is {version}; {TORCH} is needed; unset LIBTORCH to have {TORCH} installed, \
             or point it at a libtorch {TORCH}"
        ),
        Found::Lacks(file) => bail!(
            "libtorch: LIBTORCH = {shown} is no libtorch {TORCH}: {} is not there; unset it, or point it at the \
             folder with include and lib",
            file.display()
        ),
    }
}

/// The torch of the active Python environment, where it fits the version and the profile. One that does not is no
/// error: ours is installed beside it.
pub fn by_python(profile: Profile) -> Option<PathBuf> {
    let folder = python::importable_torch()?;
    let shown = folder.display();
    match torch::look_at(&folder) {
        Found::Fits if profile == Profile::Cuda && !torch::has_cuda(&folder) => {
            say::fact(
                "note",
                format!("{shown} is for the CPU alone; the CUDA profile is installed beside it"),
            );
            None
        }
        Found::Fits => std::fs::canonicalize(&folder).ok(),
        Found::Version(version) => {
            let shown = folder.display();
            say::fact(
                "note",
                format!("{shown} is torch {version}; {TORCH} is needed and installed beside it"),
            );
            None
        }
        // Some distributions spread libtorch over the system.
        Found::Lacks(_) => None,
    }
}
