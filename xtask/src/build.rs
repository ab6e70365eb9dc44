//! Builds the program `kontrast`, and calls it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace;

/// The program, built.
#[derive(Debug)]
pub struct Kontrast {
    path: PathBuf,
}

impl Kontrast {
    /// Builds against this libtorch; cargo shows its own progress.
    pub fn build(libtorch: &Path) -> Result<Self> {
        // The whole workspace always: a part of it would give shared crates other features, and tch be built twice.
        let mut cargo = workspace::cargo("build");
        cargo.arg("--workspace").env("LIBTORCH", libtorch);
        let status = cargo.status().context("cargo does not start")?;
        if !status.success() {
            bail!("the build failed; cargo's messages stand above");
        }
        let name = format!("kontrast{}", std::env::consts::EXE_SUFFIX);
        Ok(Self { path: workspace::metadata()?.target_directory.join("debug").join(name) })
    }

    /// The program with arguments.
    pub fn command(&self, arguments: &[String]) -> Command {
        let mut command = Command::new(&self.path);
        command.args(arguments);
        command
    }
}

/// Becomes the command, where nothing follows it.
pub fn become_it(mut command: Command) -> Result<u8> {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    Err(error).with_context(|| format!("{} does not start", command.get_program().display()))
}
