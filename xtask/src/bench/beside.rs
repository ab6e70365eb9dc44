//! One of our programs beside the script that does the same with other libraries: alternated rounds, medians, ratios.

use super::peers::Peers;
use crate::Refusal;
use crate::build::built;
use crate::setup::{self, Wanted};
use crate::{say, workspace};
use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The unit of a figure that is no measurement but what was computed, so that both sides have to agree.
const RESULT: &str = "result";

/// How far the two may be apart, as a fraction: sums of millions of terms in fp32 lose digits (`DINOLoss` is off by
/// 0.24 %).
const TOLERANCE: f64 = 5e-3;

/// What is measured.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Subject {
    /// Views per second of `SimCLR`'s distortions, on one thread
    Augment,
    /// A training step of a CIFAR ResNet-18
    Step,
    /// A CLIP training step, images in memory and texts as ids
    ClipStep,
    /// Losses of 4,096 pairs, forward and backward
    Loss,
    /// k-NN and logistic regression on drawn features
    Features,
}

impl Subject {
    /// Both sides: the program, its arguments, the script, its arguments.
    fn sides(self) -> (&'static str, &'static [&'static str], &'static str, &'static [&'static str]) {
        match self {
            Self::Augment => ("augment", &[], "augment.py", &[]),
            Self::Step => {
                ("step", &["--batch", "64", "--steps", "7"], "step.py", &["--batch", "64", "--steps", "7"])
            }
            Self::ClipStep => ("clip_step", &[], "clip_step.py", &[]),
            Self::Loss => ("loss", &["4096"], "loss.py", &["4096"]),
            Self::Features => ("features", &[], "features.py", &[]),
        }
    }
}

/// Options of a measurement beside other libraries.
#[derive(Args, Debug)]
pub struct Beside {
    /// Python with the other libraries; benches/README.md says how to make one
    #[arg(long, default_value = "target/peers/bin/python", value_name = "PROGRAM")]
    peers: PathBuf,
    /// How often each side runs; what is shown is the median
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Write the rows to this file, for scripts
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// A figure that one side prints, as a line of JSON.
#[derive(Clone, Debug, Deserialize)]
struct Figure {
    /// What was measured.
    name: String,
    /// The other library; none for ours.
    #[serde(default)]
    peer: String,
    value: f64,
    unit: String,
}

/// A line of the table.
#[derive(Debug, PartialEq, Serialize)]
struct Row {
    /// What was measured, beside which library.
    name: String,
    ours: f64,
    peer: f64,
    /// Ours over theirs.
    ratio: f64,
    unit: String,
}

impl Beside {
    /// Builds, measures both sides in turn, prints the table.
    pub fn run(&self, subject: Subject) -> Result<u8> {
        let (program, arguments, script, script_arguments) = subject.sides();
        self.check_json()?;
        let peers = Peers::new(&self.peers, script);
        peers.check()?;
        let libtorch = setup::ensure(Wanted::Fitting)?;
        let program = built(program, workspace::cargo("build").arg("--workspace"), &libtorch)?;
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for round in 1..=self.rounds {
            say::note(format_args!("round {round} of {}: ours", self.rounds));
            let mut command = Command::new(&program);
            // As in a training, where `kontrast` sets it for itself.
            command
                .args(arguments)
                .env("LD_LIBRARY_PATH", libtorch.join("lib"))
                .env("GOMP_SPINCOUNT", "1000")
                .env_remove("OMP_WAIT_POLICY");
            ours.extend(figures(command.arg("--json").stderr(Stdio::inherit()))?);
            say::note(format_args!("round {round} of {}: the others", self.rounds));
            let mut command = peers.command();
            // Its warnings and tracebacks are Python's own words: the last line says what happened.
            command.args(script_arguments).stderr(Stdio::piped());
            theirs.extend(figures(command.arg("--json"))?);
        }
        let rows = rows(&ours, &theirs);
        ensure!(!rows.is_empty(), "the two sides have measured nothing in common");
        let (results, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.unit == RESULT);
        if let Some(Row { name, ours, peer, .. }) = results.iter().find(|row| !row.agrees()) {
            bail!("{name}: {ours} and {peer}: the two sides do not compute the same");
        }
        print!("{}", table(&rows));
        if let Some(path) = &self.json {
            let text = serde_json::to_string_pretty(&rows)? + "\n";
            std::fs::write(path, text).with_context(|| format!("{}: cannot be written", path.display()))?;
        }
        Ok(0)
    }

    /// The rows are written last: whether they can be is asked first.
    fn check_json(&self) -> Result<()> {
        let Some(path) = &self.json else { return Ok(()) };
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let writable = rustix::fs::access(parent, rustix::fs::Access::WRITE_OK).is_ok();
        if writable && !path.is_dir() {
            return Ok(());
        }
        bail!(Refusal(format!(
            "--json {}: cannot be written; name a file in a folder that exists and may be written to",
            path.display()
        )))
    }
}

impl Row {
    /// Whether both sides have computed the same.
    fn agrees(&self) -> bool {
        (self.ours - self.peer).abs() <= TOLERANCE * self.peer.abs()
    }
}

/// Runs one side. Where its messages do not pass through, the last of them stands in the error.
fn figures(command: &mut Command) -> Result<Vec<Figure>> {
    let name = command.get_program().display().to_string();
    let output =
        command.current_dir(workspace::root()).output().with_context(|| format!("{name} does not start"))?;
    let messages = String::from_utf8_lossy(&output.stderr);
    let last = messages.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("its messages stand above");
    ensure!(output.status.success(), "{name}: {}: {}", output.status, last.trim());
    let text = String::from_utf8_lossy(&output.stdout);
    let found: Vec<Figure> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    ensure!(!found.is_empty(), "{name} printed no figure:\n{text}");
    Ok(found)
}

/// A row for each figure of each other library that we have too, in the order in which they came.
fn rows(ours: &[Figure], theirs: &[Figure]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for figure in theirs {
        let name = format!("{} vs {}", figure.name, figure.peer);
        let Some(mine) = median(ours, &figure.name, "") else { continue };
        let Some(peer) = median(theirs, &figure.name, &figure.peer) else { continue };
        if rows.iter().all(|row| row.name != name) {
            rows.push(Row { name, ours: mine, peer, ratio: mine / peer, unit: figure.unit.clone() });
        }
    }
    rows
}

fn median(figures: &[Figure], name: &str, peer: &str) -> Option<f64> {
    let mut values: Vec<f64> =
        figures.iter().filter(|f| f.name == name && f.peer == peer).map(|f| f.value).collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}

fn table(rows: &[Row]) -> String {
    let mut lines =
        String::from("| what | unit | ours | theirs | ours / theirs |\n| --- | --- | ---: | ---: | ---: |\n");
    for Row { name, ours, peer, ratio, unit } in rows {
        let places = if *ours < 100.0 || *peer < 100.0 { 2 } else { 0 };
        let _ = writeln!(lines, "| {name} | {unit} | {ours:.places$} | {peer:.places$} | {ratio:.2} |");
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(name: &str, peer: &str, value: f64) -> Figure {
        Figure { name: name.to_owned(), peer: peer.to_owned(), value, unit: "views/s".to_owned() }
    }

    #[test]
    fn rows_hold_medians_and_ratios_of_what_both_sides_measured() {
        let ours = [figure("32px", "", 100.0), figure("32px", "", 300.0), figure("32px", "", 200.0)];
        let theirs = [figure("32px", "a", 50.0), figure("32px", "b", 400.0), figure("224px", "a", 1.0)];
        let rows = rows(&ours, &theirs);
        let shown: Vec<_> = rows.iter().map(|row| (row.name.as_str(), row.ours, row.ratio)).collect();
        assert_eq!(shown, [("32px vs a", 200.0, 4.0), ("32px vs b", 200.0, 0.5)]);
        assert!(table(&rows).contains("| 32px vs a | views/s | 200.00 | 50.00 | 4.00 |"), "{}", table(&rows));
    }

    #[test]
    fn results_agree_where_they_are_apart_by_rounding_only() {
        let results = |ours: f64| rows(&[figure("loss", "", ours)], &[figure("loss", "a", -8.0)]);
        assert!(results(-8.02)[0].agrees());
        assert!(!results(-8.1)[0].agrees());
        assert!(!results(8.0)[0].agrees());
    }

    #[test]
    fn two_rounds_show_their_middle() {
        let ours = [figure("32px", "", 100.0), figure("32px", "", 300.0)];
        assert_eq!(median(&ours, "32px", ""), Some(200.0));
        assert_eq!(median(&ours, "64px", ""), None);
    }
}
