//! `parity`: whether what we compute is what other libraries compute today. Every golden case is made anew by the libraries
//! that it came from, the tests say how far we are from it, and exported encoders are opened by those who read them.

use crate::bench::Peers;
use crate::build::{Features, Kontrast};
use crate::setup::{self, Wanted};
use crate::{say, workspace};
use anyhow::{Context, Result, ensure};
use clap::Args;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How far a case that is made anew may be from the committed one, as a fraction of its largest value: fp32 of another
/// machine.
const TOLERANCE: f64 = 1e-5;
/// Small experiments whose encoders are exported: a ResNet and a transformer.
const EXPORTED: [&str; 2] = ["simclr", "dino-vit"];
const FORMATS: [&str; 4] = ["torchvision", "timm", "torchscript", "onnx"];

/// Options of `parity`.
#[derive(Args, Debug)]
pub struct Parity {
    /// Python with the other libraries; benches/README.md says how to make one
    #[arg(long, default_value = "target/peers/bin/python", value_name = "PROGRAM")]
    peers: PathBuf,
}

/// A golden case as the script speaks of it.
#[derive(Debug, Deserialize)]
struct Case {
    #[serde(rename = "crate")]
    whose: String,
    #[serde(rename = "case")]
    name: String,
    #[serde(default)]
    tensors: usize,
    #[serde(default)]
    difference: f64,
    #[serde(default)]
    worst: String,
    problem: Option<String>,
}

impl Parity {
    /// Prints three tables; the exit code says whether all is as near as it has to be.
    pub fn run(&self) -> Result<u8> {
        let peers = Peers::new(&self.peers, "parity.py");
        peers.check()?;
        let libtorch = setup::ensure(Wanted::Fitting)?;
        let mut fits = cases(&peers)?;
        fits &= ours(&libtorch)?;
        fits &= exports(&self.peers, &libtorch)?;
        say::out(if fits { "\nall within what is allowed" } else { "\nnot all is within what is allowed" });
        Ok(u8::from(!fits))
    }
}

/// The cases, made anew.
fn cases(peers: &Peers) -> Result<bool> {
    say::out("golden cases made anew | tensors | largest difference, of the largest value | where");
    let mut child = peers.command().stdout(Stdio::piped()).spawn().context("the script does not start")?;
    let lines = child.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines);
    let mut fits = true;
    for line in lines {
        let line = line?;
        let case: Case = serde_json::from_str(&line).with_context(|| format!("the script said: {line}"))?;
        let Case { whose, name, tensors, difference, worst, problem } = case;
        if let Some(problem) = problem {
            fits = false;
            say::out(format_args!("{whose}/{name} | {problem}"));
            continue;
        }
        fits &= difference <= TOLERANCE;
        say::out(format_args!("{whose}/{name} | {tensors} | {difference:.1e} | {worst}"));
    }
    let status = child.wait()?;
    ensure!(status.success(), "benches/peers/parity.py: {status}; its last words stand above");
    Ok(fits)
}

/// What the tests compare: how far ours is off, by file.
fn ours(libtorch: &Path) -> Result<bool> {
    say::note("running every test, which notes how far our values are from the cases");
    let folder = tempfile::tempdir()?;
    let noted = folder.path().join("differences");
    let mut cargo = workspace::cargo("test");
    let status = cargo
        .args(["--workspace", "--quiet", "--no-fail-fast"])
        .env("LIBTORCH", libtorch)
        .env("KONTRAST_DIFFERENCES", &noted)
        .stdout(Stdio::null())
        .status()
        .context("cargo does not start")?;
    let text = std::fs::read_to_string(&noted).unwrap_or_default();
    say::out("\nours, by the file that compares | values | largest difference | allowed there");
    for (file, (count, error, tolerance)) in by_file(&text) {
        say::out(format_args!("{file} | {count} | {error:.1e} | {tolerance:.0e}"));
    }
    if !status.success() {
        say::out(format_args!("tests failed ({status}): cargo xtask test says which"));
    }
    Ok(status.success())
}

/// How many were compared in each file, and of these the one that is farthest off of what is allowed.
fn by_file(text: &str) -> BTreeMap<&str, (usize, f64, f64)> {
    let mut files = BTreeMap::new();
    for line in text.lines() {
        let mut fields = line.split('\t');
        let (Some(file), Some(error), Some(tolerance)) = (fields.next(), fields.next(), fields.next()) else {
            continue;
        };
        let (Ok(error), Ok(tolerance)) = (error.parse::<f64>(), tolerance.parse::<f64>()) else { continue };
        let entry = files.entry(file).or_insert((0, error, tolerance));
        entry.0 += 1;
        if error * entry.2 > entry.1 * tolerance {
            (entry.1, entry.2) = (error, tolerance);
        }
    }
    files
}

/// Encoders of small runs in every format, opened in Python.
fn exports(python: &Path, libtorch: &Path) -> Result<bool> {
    let kontrast = Kontrast::build(libtorch, Features::default())?;
    let folder = tempfile::tempdir()?;
    let mut files = Vec::new();
    for name in EXPORTED {
        let file = workspace::root().join("configs/smoke").join(name).with_extension("toml");
        let runs = folder.path().join(name);
        let arguments = ["pretrain", &file.to_string_lossy(), "--out", &runs.to_string_lossy()];
        run(kontrast.command(&arguments.map(str::to_owned)), "a small training")?;
        let entries = std::fs::read_dir(&runs)?.filter_map(Result::ok);
        let found = entries.map(|entry| entry.path()).find(|path| path.join("summary.json").is_file());
        let encoder = found.with_context(|| format!("{}: no run", runs.display()))?;
        for format in FORMATS {
            let out = folder.path().join(format!("{name}.{format}"));
            let arguments =
                ["export", &encoder.to_string_lossy(), "--format", format, "--out", &out.to_string_lossy()];
            // A transformer is none of torchvision's residual networks, which the program says.
            let said = kontrast.command(&arguments.map(str::to_owned)).output()?;
            if said.status.success() {
                files.push(out);
            } else {
                let text = String::from_utf8_lossy(&said.stderr).trim().to_owned();
                say::out(format_args!("{name}, {format}: {text}"));
            }
        }
    }
    say::out("\nexports, opened by PyTorch, torchvision, timm, onnxruntime");
    let script = Peers::at(python, "crates/kontrast/tests/python/check_export.py");
    Ok(script.command().args(files).status()?.success())
}

fn run(mut command: Command, what: &str) -> Result<()> {
    let ended = command.stdout(Stdio::null()).output().with_context(|| format!("{what} does not start"))?;
    ensure!(ended.status.success(), "{what}: {}", String::from_utf8_lossy(&ended.stderr).trim());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::by_file;

    #[test]
    fn the_farthest_of_what_is_allowed_stands_for_a_file() {
        let text = "a.rs\t1e-6\t1e-5\na.rs\t2e-6\t1e-3\nb.rs\t0e0\t1e-5\na.rs\t9e-6\t1e-5\ncut";
        let files = by_file(text);
        assert_eq!(files["a.rs"], (3, 9e-6, 1e-5));
        assert_eq!((files["b.rs"], files.len()), ((1, 0.0, 1e-5), 2));
    }
}
