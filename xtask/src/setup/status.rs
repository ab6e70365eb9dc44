//! How libtorch stands, for `doctor`: looked at, not changed.

use kontrast_runlog::cache_home;

use super::profile::{Profile, TORCH};
use super::{cargo_file, found, gpu, install, view};
use crate::finding::{Finding, Status};

/// Where libtorch lies and whether it is whole, in a line.
pub fn libtorch() -> Finding {
    let finding = |status, words: String| Finding::new(status, "libtorch", words);
    let file = cargo_file::path();
    let written = cargo_file::read(&file);
    if let Err(error) = found::by_variable(written.as_deref()) {
        return finding(Status::Missing, error.to_string().replacen("libtorch: ", "", 1));
    }
    let Some(written) = written else {
        return finding(
            Status::Missing,
            format!(
                "none is set up for this checkout; run: cargo xtask setup, or let the first experiment install \
                 it{}",
                left()
            ),
        );
    };
    let shown = written.display();
    let cache = cache_home();
    let about = view::about(&written);
    let ours = about.as_ref().and_then(|about| {
        [Profile::Cpu, Profile::Cuda]
            .into_iter()
            .find(|p| install::folder(&cache, *p).join("torch") == about.libtorch)
    });
    if !view::is_usable(&written) || ours.is_some_and(|profile| !install::is_whole(&cache, profile)) {
        return finding(Status::Missing, format!("{shown} is not whole; run: cargo xtask setup{}", left()));
    }
    match (ours, about) {
        (Some(Profile::Cpu), _) if gpu::is_seen() => {
            let words = format!("{TORCH}, cpu profile, though there is a GPU; run: cargo xtask setup --cuda");
            finding(Status::Note, words)
        }
        (Some(profile), _) => finding(Status::Ok, format!("{TORCH}, {profile} profile, {shown}{}", left())),
        (None, Some(about)) => finding(
            Status::Ok,
            format!("{TORCH} found in {}, seen through {shown}", about.libtorch.display()),
        ),
        (None, None) => finding(Status::Ok, format!("{TORCH}, {shown}, as {} has it", file.display())),
    }
}

/// Whether a build could begin at once.
pub fn is_ready() -> bool {
    cargo_file::read(&cargo_file::path()).is_some_and(|written| view::is_usable(&written))
}

/// Says where an interrupted installation takes room.
fn left() -> String {
    let left = install::interrupted(&install::home(&cache_home()));
    match left.first() {
        Some(folder) => {
            format!("; cargo xtask setup removes what an interrupted installation left: {}", folder.display())
        }
        None => String::new(),
    }
}
