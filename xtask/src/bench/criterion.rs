//! Criterion's benches: our own code against its yesterday.

use anyhow::{Context, Result, bail};

use crate::setup::{self, Wanted};
use crate::workspace;

/// Runs the benches that are named, or all; arguments go to criterion.
pub fn run(benches: &[String], arguments: &[String]) -> Result<u8> {
    let libtorch = setup::ensure(Wanted::Fitting)?;
    let mut cargo = workspace::cargo("bench");
    // In the profile of the experiments: that is what they measure, and nothing is built twice.
    cargo.args(["--workspace", "--profile", "dev"]).env("LIBTORCH", libtorch);
    let all = ["*".to_owned()];
    for bench in if benches.is_empty() { &all } else { benches } {
        cargo.arg("--bench").arg(bench);
    }
    let status = cargo.arg("--").args(arguments).status().context("cargo does not start")?;
    if !status.success() {
        bail!("{status}; the messages stand above");
    }
    Ok(0)
}
