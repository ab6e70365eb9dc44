//! Set-up: all that a build needs, looked for and installed where it is missing.

mod cargo_file;
pub mod compiler;
pub mod disk;
mod found;
pub mod gpu;
mod install;
mod pip;
mod profile;
pub mod python;
pub mod status;
mod torch;
mod view;

use std::path::{Path, PathBuf};

use anyhow::Result;
use kontrast_runlog::cache_home;

pub use profile::{Profile, TORCH};
#[cfg(test)]
pub use torch::tests::fake as fake_torch;

use crate::say::{self, Say};

/// `cargo xtask setup`: looks at everything anew and says what it finds.
pub fn run(asked: Option<Profile>, file: Option<PathBuf>) -> Result<u8> {
    let say = Say::Facts;
    let (cxx, linker) = (compiler::cxx()?, compiler::linker()?);
    say.detail("compiler", format!("{}, {}", cxx.display(), compiler::version(&cxx)));
    say.detail("linker", linker.display().to_string());
    say.detail("gpu", gpu::describe().unwrap_or_else(|| "none seen".to_owned()));
    let file = file.unwrap_or_else(cargo_file::path);
    let libtorch = choose(asked, &file, say)?;
    if cargo_file::write(&file, &libtorch)? {
        say::fact("wrote", file.display().to_string());
    }
    say.detail("LIBTORCH", libtorch.display().to_string());
    println!(
        "A crate of your own builds against the same libtorch with this line at the top of its .cargo/config.toml:\n    \
         include = [{}]",
        toml::Value::from(std::path::absolute(&file)?.display().to_string())
    );
    Ok(0)
}

/// What a command needs of libtorch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Any profile.
    Whatever,
    /// That of this machine, unless another was asked for once.
    Fitting,
    /// This one.
    Profile(Profile),
}

/// What every other command calls first: returns `LIBTORCH`, and takes some milliseconds where all is there.
pub fn ensure(wanted: Wanted) -> Result<PathBuf> {
    let file = cargo_file::path();
    let written = cargo_file::read(&file);
    let variable = found::by_variable(written.as_deref())?;
    if let (Some(written), None) = (&written, &variable)
        && view::is_usable(written)
        && !wants_more(written, wanted)
    {
        return Ok(written.clone());
    }
    compiler::cxx()?;
    compiler::linker()?;
    let asked = match wanted {
        Wanted::Profile(profile) => Some(profile),
        Wanted::Whatever | Wanted::Fitting => None,
    };
    let libtorch = choose(asked, &file, Say::Changes)?;
    if cargo_file::write(&file, &libtorch)? {
        say::fact("wrote", file.display().to_string());
    }
    Ok(libtorch)
}

/// Whether the libtorch in use is our CPU profile, and the other one should be: a GPU is there, and nobody asked for
/// the CPU.
fn wants_more(libtorch: &Path, wanted: Wanted) -> bool {
    let cache = cache_home();
    let cpu = install::folder(&cache, Profile::Cpu).join("torch");
    let Some(about) = view::about(libtorch).filter(|about| about.libtorch == cpu) else { return false };
    match wanted {
        Wanted::Whatever => false,
        Wanted::Fitting => !about.asked && gpu::is_seen(),
        Wanted::Profile(profile) => profile == Profile::Cuda,
    }
}

/// Decides for a libtorch and has its view made.
fn choose(asked: Option<Profile>, file: &Path, say: Say) -> Result<PathBuf> {
    let cache = cache_home();
    let written = cargo_file::read(file);
    if let Some(folder) = found::by_variable(written.as_deref())? {
        say::fact("libtorch", format!("{TORCH}, LIBTORCH = {}", folder.display()));
        let view = view::of_found(&cache, &folder)?;
        let shown = view.display();
        say::fact(
            "note",
            format!("plain cargo takes LIBTORCH as it is: unset it, or export LIBTORCH={shown}"),
        );
        return Ok(view);
    }
    let profile = asked.unwrap_or(if gpu::is_seen() { Profile::Cuda } else { Profile::Cpu });
    if asked.is_none()
        && !install::is_whole(&cache, profile)
        && let Some(folder) = found::by_python()
    {
        say::fact("libtorch", format!("{TORCH} of the active Python environment, {}", folder.display()));
        return view::of_found(&cache, &folder);
    }
    let folder = install::install(&cache, profile)?;
    say.detail("libtorch", format!("{TORCH}, {profile} profile, {}", folder.display()));
    view::of_profile(&cache, profile, asked.is_some())
}
