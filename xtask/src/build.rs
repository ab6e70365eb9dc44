//! Builds the program `kontrast`, and calls it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::{say, workspace};

/// The program, built.
#[derive(Debug)]
pub struct Kontrast {
    /// Where it lies.
    pub path: PathBuf,
}

impl Kontrast {
    /// Builds what experiments run, against this libtorch, with the features that arguments need.
    pub fn build(libtorch: &Path, arguments: &[String]) -> Result<Self> {
        // The whole workspace but what experiments do not run: with less of it, shared crates would get other features, and
        // tch be built twice.
        let mut cargo = workspace::cargo("build");
        cargo.args(["--workspace", "--exclude", "kontrast-benches", "--exclude", "kontrast-testkit"]);
        cargo.args(features(arguments));
        Ok(Self { path: built("kontrast", &mut cargo, libtorch)? })
    }

    /// Builds what a bundle holds.
    pub fn release(libtorch: &Path) -> Result<Self> {
        let mut cargo = workspace::cargo("build");
        Ok(Self { path: built("kontrast", cargo.args(["--release", "--package", "kontrast"]), libtorch)? })
    }

    /// The program of an earlier build, beside this one, if there is one; builds nothing.
    pub fn built() -> Option<Self> {
        let path = std::env::current_exe().ok()?.with_file_name("kontrast");
        path.is_file().then_some(Self { path })
    }

    /// The program that trains one experiment after another.
    pub fn worker(&self) -> Command {
        self.command(&["worker".to_owned()])
    }

    /// The program with arguments.
    pub fn command(&self, arguments: &[String]) -> Command {
        let mut command = Command::new(&self.path);
        // Cargo's configuration lets waiting threads sleep, for the tests' sake. A training sees to it itself.
        command.args(arguments).env_remove("OMP_WAIT_POLICY");
        command
    }
}

/// What is compiled only where a command names a file of that form, as cargo's arguments.
fn features(arguments: &[String]) -> &'static [&'static str] {
    let is_parquet = |argument: &String| argument.to_lowercase().ends_with(".parquet");
    if arguments.iter().any(is_parquet) { &["--features", "kontrast/parquet"] } else { &[] }
}

/// Builds, and says where the program of this name lies, whatever folders the user's configuration names. Cargo shows
/// its progress.
pub fn built(name: &str, cargo: &mut Command, libtorch: &Path) -> Result<PathBuf> {
    cargo.arg("--message-format=json-render-diagnostics").env("LIBTORCH", libtorch);
    if !is_there(name, cargo) {
        say::fact("building", "the first time this takes some minutes");
    }
    let mut child = cargo.stdout(Stdio::piped()).spawn().context("cargo does not start")?;
    let lines = child.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines);
    let path = lines.map_while(Result::ok).filter_map(|line| program(name, &line)).last();
    if !child.wait()?.success() {
        bail!("the build failed; cargo's messages stand above");
    }
    path.with_context(|| format!("cargo built no program {name}"))
}

/// Whether the program was built before, in the folder in which this one lies, or beside it for a release.
fn is_there(name: &str, cargo: &Command) -> bool {
    let release = cargo.get_args().any(|argument| argument == "--release");
    let Ok(own) = std::env::current_exe() else { return false };
    let folder = own.parent().map(|own| if release { own.with_file_name("release") } else { own.to_owned() });
    folder.is_some_and(|folder| folder.join(name).exists())
}

/// Becomes the command, where nothing follows it.
pub fn become_it(mut command: Command) -> Result<u8> {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    Err(error).with_context(|| format!("{} does not start", command.get_program().display()))
}

/// The path of the program, where that message of cargo bears it.
fn program(name: &str, message: &str) -> Option<PathBuf> {
    #[derive(Deserialize)]
    struct Message {
        target: Target,
        executable: Option<PathBuf>,
    }
    #[derive(Deserialize)]
    struct Target {
        name: String,
    }
    let message: Message = serde_json::from_str(message).ok()?;
    message.executable.filter(|_| message.target.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_minutes_is_compiled_where_a_file_asks_for_it() {
        let of = |words: &[&str]| features(&words.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(of(&["search", "--index", "bank.PARQUET"]), ["--features", "kontrast/parquet"]);
        assert!(of(&["search", "--index=bank.csv"]).is_empty());
    }

    #[test]
    fn the_program_is_where_cargo_says() {
        let artifact = r#"{"reason":"compiler-artifact","target":{"name":"kontrast","kind":["bin"]},
                           "executable":"/t/x86_64/debug/kontrast"}"#;
        assert_eq!(program("kontrast", artifact), Some(PathBuf::from("/t/x86_64/debug/kontrast")));
        assert_eq!(program("kontrast", &artifact.replace("\"kontrast\"", "\"xtask\"")), None);
        assert_eq!(program("kontrast", r#"{"reason":"build-finished","success":true}"#), None);
        assert_eq!(program("kontrast", "warning: not JSON"), None);
    }
}
