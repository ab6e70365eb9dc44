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

/// `cargo xtask setup`: looks at everything anew and says what it finds. A profile may be asked for by name.
pub fn run(asked: Option<Profile>, file: Option<PathBuf>) -> Result<u8> {
    let say = Say::Facts;
    let (cxx, linker) = (compiler::cxx()?, compiler::linker()?);
    say.detail("compiler", format!("{}, {}", cxx.display(), compiler::version(&cxx)));
    say.detail("linker", format!("{}, {}", linker.display(), compiler::version(&linker)));
    say.detail("gpu", gpu::describe().unwrap_or_else(|| "none seen".to_owned()));
    let file = file.unwrap_or_else(cargo_file::path);
    let libtorch = choose(asked.map_or(Wanted::Fitting, Wanted::ByName), &file, say)?;
    install::sweep(&cache_home());
    if cargo_file::write(&file, &libtorch)? {
        say::fact("wrote", file.display().to_string());
    }
    say.detail("LIBTORCH", libtorch.display().to_string());
    say::out(format_args!(
        "A crate of your own builds against the same libtorch with this line at the top of its .cargo/config.toml:\n    \
         include = [{}]",
        toml::Value::from(std::path::absolute(&file)?.display().to_string())
    ));
    Ok(0)
}

/// What a command needs of libtorch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Any profile.
    Whatever,
    /// That of this machine, unless the CPU's was asked for by name once.
    Fitting,
    /// The CUDA half too.
    Gpu,
    /// This profile, now and from now on.
    ByName(Profile),
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
    let libtorch = choose(wanted, &file, Say::Changes)?;
    if cargo_file::write(&file, &libtorch)? {
        say::fact("wrote", file.display().to_string());
    }
    Ok(libtorch)
}

/// Whether the libtorch in use is our CPU profile, and should be the other one. What somebody else installed is never
/// replaced.
fn wants_more(libtorch: &Path, wanted: Wanted) -> bool {
    let cache = cache_home();
    let cpu = install::folder(&cache, Profile::Cpu).join("torch");
    let is_cpu = view::about(libtorch).is_some_and(|about| about.libtorch == cpu);
    is_cpu && profile(&cache, wanted, gpu::is_seen()) == Profile::Cuda
}

/// The profile to use, with or without a GPU in sight.
fn profile(cache: &Path, wanted: Wanted, gpu: bool) -> Profile {
    let kept = view::about(&view::path(cache)).is_some_and(|about| about.asked);
    let there = install::is_whole(cache, Profile::Cuda);
    match wanted {
        Wanted::ByName(profile) => profile,
        Wanted::Gpu => Profile::Cuda,
        Wanted::Fitting | Wanted::Whatever if kept => Profile::Cpu,
        Wanted::Fitting if gpu => Profile::Cuda,
        // A machine without GPU may share its cache with one that has one; the CUDA profile serves both.
        Wanted::Fitting | Wanted::Whatever if there => Profile::Cuda,
        Wanted::Fitting | Wanted::Whatever => Profile::Cpu,
    }
}

/// Decides for a libtorch and has its view made.
fn choose(wanted: Wanted, file: &Path, say: Say) -> Result<PathBuf> {
    let cache = cache_home();
    let written = cargo_file::read(file);
    if let Some(folder) = found::by_variable(written.as_deref())? {
        let view = view::of_found(&cache, &folder)?;
        say.detail("libtorch", format!("{TORCH}, LIBTORCH = {}", folder.display()));
        let words =
            format!("plain cargo takes LIBTORCH as it is: unset it, or export LIBTORCH={}", view.display());
        say.detail("note", words);
        return Ok(view);
    }
    let profile = profile(&cache, wanted, gpu::is_seen());
    let by_name = matches!(wanted, Wanted::ByName(_));
    if !by_name
        && !install::is_whole(&cache, profile)
        && let Some(folder) = found::by_python(profile)
    {
        say::fact("libtorch", format!("{TORCH} of the active Python environment, {}", folder.display()));
        return view::of_found(&cache, &folder);
    }
    let folder = install::install(&cache, profile)?;
    say.detail("libtorch", format!("{TORCH}, {profile} profile, {}", folder.display()));
    view::of_profile(&cache, profile, by_name && profile == Profile::Cpu)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_GPU: bool = false;
    const GPU: bool = true;

    #[test]
    fn the_profile_is_that_of_the_machine() {
        let cache = tempfile::tempdir().unwrap();
        let chosen = |wanted, gpu| profile(cache.path(), wanted, gpu);
        assert_eq!(chosen(Wanted::Fitting, NO_GPU), Profile::Cpu);
        assert_eq!(chosen(Wanted::Fitting, GPU), Profile::Cuda);
        assert_eq!(chosen(Wanted::Whatever, GPU), Profile::Cpu);
        assert_eq!(chosen(Wanted::Gpu, NO_GPU), Profile::Cuda);
        assert_eq!(chosen(Wanted::ByName(Profile::Cpu), GPU), Profile::Cpu);
    }

    #[test]
    fn the_larger_profile_serves_a_machine_without_gpu_too() {
        let cache = tempfile::tempdir().unwrap();
        install::fake(cache.path(), Profile::Cuda);
        for wanted in [Wanted::Fitting, Wanted::Whatever] {
            assert_eq!(profile(cache.path(), wanted, NO_GPU), Profile::Cuda);
        }
    }

    #[test]
    fn who_asked_for_the_cpu_keeps_it_beside_a_gpu() {
        let cache = tempfile::tempdir().unwrap();
        install::fake(cache.path(), Profile::Cpu);
        view::of_profile(cache.path(), Profile::Cpu, true).unwrap();
        assert_eq!(profile(cache.path(), Wanted::Fitting, GPU), Profile::Cpu);
        assert_eq!(profile(cache.path(), Wanted::Gpu, GPU), Profile::Cuda);
        view::of_profile(cache.path(), Profile::Cpu, false).unwrap();
        assert_eq!(profile(cache.path(), Wanted::Fitting, GPU), Profile::Cuda);
    }
}
