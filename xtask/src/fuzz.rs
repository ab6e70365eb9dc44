//! `fuzz`, and the nightly part of CI: random bytes, guided by coverage, into what reads files.

use crate::workspace;
use anyhow::{Context, Result, ensure};
use std::process::Command;

/// The programs of `fuzz/targets`.
const TARGETS: [&str; 2] = ["decode", "plan"];

/// Seconds for each of them.
const SECONDS: u32 = 60;

/// What libFuzzer needs in the code to see its coverage.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table --cfg fuzzing";

/// Builds the targets and runs each from its seeds; what it finds stays in a temporary folder, but for a crash.
pub fn run() -> Result<()> {
    let folder = workspace::root().join("fuzz");
    let built = workspace::root().join("target/fuzz");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // A target that is named keeps the flags away from build scripts and macros, which have no libFuzzer to link.
    let host = host()?;
    let status = Command::new(cargo)
        .args(["build", "--locked", "--target", &host, "--manifest-path"])
        .arg(folder.join("Cargo.toml"))
        .env("RUSTFLAGS", COVERAGE)
        .env("CARGO_TARGET_DIR", &built)
        .status()
        .context("cargo does not start")?;
    ensure!(status.success(), "{status}; cargo's messages stand above");
    for target in TARGETS {
        let found = tempfile::tempdir()?;
        let crash = built.join(format!("crash-{target}"));
        let status = Command::new(built.join(&host).join("debug").join(target))
            .arg(format!("-max_total_time={SECONDS}"))
            .args(["-rss_limit_mb=4096", "-verbosity=0", "-close_fd_mask=1"])
            .arg(format!("-exact_artifact_path={}", crash.display()))
            .arg(found.path())
            .arg(folder.join("seeds").join(target))
            .status()
            .with_context(|| format!("{target} does not start"))?;
        ensure!(
            status.success(),
            "fuzz: {target}: {status}; the bytes are in {}; make a test of them",
            crash.display()
        );
    }
    Ok(())
}

/// The name of this machine's target.
fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("rustc does not start")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc -vV names no host")
}

#[cfg(test)]
mod tests {
    use super::{TARGETS, host, workspace};

    #[test]
    fn the_machine_has_a_name() {
        let host = host().unwrap();
        assert!(host.contains(std::env::consts::ARCH) && host.contains('-'), "{host}");
    }

    #[test]
    fn every_target_has_a_program_and_seeds() {
        let folder = workspace::root().join("fuzz");
        for target in TARGETS {
            assert!(folder.join("targets").join(format!("{target}.rs")).is_file(), "{target}");
            let seeds = std::fs::read_dir(folder.join("seeds").join(target)).expect("a folder of seeds");
            assert!(seeds.count() >= 3, "{target}");
        }
        assert_eq!(std::fs::read_dir(folder.join("targets")).expect("targets").count(), TARGETS.len());
    }
}
