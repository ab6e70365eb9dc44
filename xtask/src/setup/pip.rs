//! Runs pip: for another Python than the one at hand, with progress, and its failures in one line.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use kontrast_runlog::human;

use super::profile::Profile;
use super::python::Python;
use crate::say;

/// Installs the packages of a profile into `tree`. `work` holds pip's own files, so that one disk is enough.
pub fn install(python: &Python, profile: Profile, tree: &Path, work: &Path) -> Result<()> {
    let log = work.join("pip.log");
    let scratch = work.join("tmp");
    fs::create_dir(&scratch)?;
    let said = File::create(&log)?;
    let child = Command::new(&python.path)
        .args(arguments(profile))
        .arg("--target")
        .arg(tree)
        .env("TMPDIR", &scratch)
        // Settings of the user that cannot go with `--target`.
        .env("PIP_USER", "0")
        .env("PIP_REQUIRE_VIRTUALENV", "0")
        .env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
        .stdin(Stdio::null())
        .stdout(said.try_clone()?)
        .stderr(said)
        .spawn()
        .with_context(|| format!("pip: {} does not start", python.path.display()))?;
    let status = watch(child, profile, work)?;
    if !status.success() {
        bail!(reason(&fs::read_to_string(&log).unwrap_or_default()));
    }
    Ok(())
}

/// Bytes below a folder.
pub fn size(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(found) if found.is_dir() => size(&entry.path()),
            Ok(found) => found.len(),
            Err(_) => 0,
        })
        .sum()
}

/// Wheels for Python 3.12, whatever Python runs pip: of a wheel only libtorch is used.
fn arguments(profile: Profile) -> Vec<String> {
    let fixed = ["-m", "pip", "install", "--no-deps", "--only-binary=:all:", "--ignore-requires-python"];
    let python = ["--python-version", "3.12", "--implementation", "cp"];
    let platforms = platforms(std::env::consts::OS, std::env::consts::ARCH);
    let platforms = platforms.into_iter().flat_map(|platform| ["--platform".to_owned(), platform]);
    let words = fixed.into_iter().chain(python).map(str::to_owned);
    words.chain(platforms).chain(profile.packages().into_iter().map(str::to_owned)).collect()
}

/// The names under which wheels for this machine may go.
fn platforms(system: &str, arch: &str) -> Vec<String> {
    if system == "macos" {
        return [14, 13, 12, 11].map(|version| format!("macosx_{version}_0_arm64")).to_vec();
    }
    let glibc = (17..=28).rev().map(|minor| format!("manylinux_2_{minor}_{arch}"));
    glibc.chain([format!("manylinux2014_{arch}")]).collect()
}

fn watch(mut child: Child, profile: Profile, work: &Path) -> Result<ExitStatus> {
    let began = Instant::now();
    let bar = say::is_live().then(ProgressBar::new_spinner);
    if let Some(bar) = &bar {
        bar.set_style(
            ProgressStyle::with_template("{spinner} {msg}")
                .unwrap_or_else(|_| ProgressStyle::default_spinner()),
        );
    } else {
        say::fact("fetching", format!("libtorch, {profile} profile, through pip"));
    }
    let (mut ticks, mut lines) = (0_u64, 0);
    loop {
        if let Some(status) = child.try_wait()? {
            if let Some(bar) = &bar {
                bar.finish_and_clear();
            }
            return Ok(status);
        }
        let elapsed = began.elapsed().as_secs();
        if ticks.is_multiple_of(10) {
            let message = || format!("{} on disk, {elapsed} s", human::bytes(size(work)));
            if let Some(bar) = &bar {
                bar.set_message(format!("fetching libtorch, {profile} profile: {}", message()));
            } else if elapsed / 15 > lines {
                lines = elapsed / 15;
                say::fact("fetching", message());
            }
        }
        if let Some(bar) = &bar {
            bar.tick();
        }
        ticks += 1;
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// What went wrong, in one line with what to do.
fn reason(log: &str) -> String {
    let has = |signs: &[&str]| signs.iter().any(|sign| log.contains(sign));
    if has(&["No space left on device", "Errno 28"]) {
        return "disk: pip ran out of room; make some, or name a folder on another disk with KONTRAST_HOME"
            .to_owned();
    }
    let network = [
        "NewConnectionError",
        "ConnectTimeoutError",
        "ReadTimeoutError",
        "Max retries exceeded",
        "NameResolutionError",
        "Temporary failure in name resolution",
        "Network is unreachable",
        "ProxyError",
        "Connection refused",
        "Connection reset",
        "SSLError",
        "ConnectionResetError",
    ];
    if has(&network) {
        return "network: pip cannot reach the package index; check the connection (proxies: HTTPS_PROXY, a mirror: \
                PIP_INDEX_URL) and try again, or point LIBTORCH at a libtorch 2.11.0 that is already here"
            .to_owned();
    }
    let last =
        log.lines().rfind(|line| line.starts_with("ERROR:")).or(log.lines().rfind(|line| !line.is_empty()));
    format!("pip: {}", last.map_or("failed without a word", |line| line.trim_start_matches("ERROR: ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wheels_are_named_for_the_machine() {
        let linux = platforms("linux", "aarch64");
        assert!(
            ["manylinux_2_28_aarch64", "manylinux_2_18_aarch64", "manylinux2014_aarch64"]
                .iter()
                .all(|name| linux.iter().any(|platform| platform == name))
        );
        assert!(platforms("macos", "aarch64").contains(&"macosx_11_0_arm64".to_owned()));
    }

    #[test]
    fn no_network_is_told_from_no_such_package() {
        let offline = "WARNING: Retrying (Retry(total=4)) after connection broken by 'NewConnectionError(...)'\n\
                       ERROR: Could not find a version that satisfies the requirement torch==2.11.0";
        assert!(reason(offline).starts_with("network: pip cannot reach the package index"));
        let other = "Looking in indexes\nERROR: No matching distribution found for torch==2.11.0\n";
        assert_eq!(reason(other), "pip: No matching distribution found for torch==2.11.0");
    }

    #[test]
    fn a_full_disk_and_a_silent_death_have_a_line_each() {
        assert!(
            reason("ERROR: Could not install: [Errno 28] No space left on device")
                .starts_with("disk: pip ran out")
        );
        assert_eq!(reason(""), "pip: failed without a word");
    }
}
