//! `ci`: all that has to hold, the cheapest first; and `test`, which is a part of it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use kontrast_config::Experiment;
use kontrast_runlog::{RunDir, Status, Summary, human, read_summary};

use crate::build::Kontrast;
use crate::setup::{self, Wanted};
use crate::{fuzz, layers, say, tidy, workspace};

/// Lets clippy and rustdoc go over every crate without libtorch: nothing is fetched and no C++ compiled before the
/// code is known to be clean. Their metadata would not serve the build in any case.
const WITHOUT_LIBTORCH: [&str; 2] = ["--features", "kontrast-torch-ext/doc-only"];

/// A trained-through experiment on drawn shapes.
const SMOKE: &str = "configs/smoke/simclr.toml";

/// Something that has to hold.
type Step = fn() -> Result<()>;

/// Runs every step until one fails; at night more of them.
pub fn run(nightly: bool) -> Result<u8> {
    let steps: [(&str, Step); 9] = [
        ("format", format),
        ("layers", || none(&layers::violations(&workspace::metadata()?))),
        ("file lengths", || none(&tidy::long_files(&workspace::root())?)),
        ("file sizes", || none(&tidy::large_files(&workspace::root())?)),
        ("clippy", clippy),
        ("rustdoc", rustdoc),
        ("test", || tests(&[])),
        ("smoke run", smoke),
        ("fuzz", fuzz::run),
    ];
    let steps = &steps[..if nightly { steps.len() } else { steps.len() - 1 }];
    let mut table = Vec::new();
    for &(name, step) in steps {
        say::note(format_args!("\n== {name}"));
        let began = Instant::now();
        step().with_context(|| format!("ci: {name}"))?;
        let took = human::seconds(began.elapsed().as_secs_f64());
        say::note(format_args!("== {name}: {took}"));
        table.push(format!("{name:<14} {took}"));
    }
    say::out(format_args!("\nci: all well\n{}", table.join("\n")));
    Ok(0)
}

/// `test`: sets up, then runs every test, or what the arguments ask cargo for.
pub fn test(arguments: &[String]) -> Result<u8> {
    tests(arguments).map(|()| 0)
}

fn format() -> Result<()> {
    call(workspace::cargo("fmt").args(["--all", "--check"]), "run: cargo fmt --all")
}

fn clippy() -> Result<()> {
    let mut cargo = workspace::cargo("clippy");
    cargo.args(["--workspace", "--all-targets"]).args(WITHOUT_LIBTORCH).args(["--", "-D", "warnings"]);
    call(&mut cargo, "clippy's messages stand above")
}

fn rustdoc() -> Result<()> {
    let mut cargo = workspace::cargo("doc");
    cargo.args(["--workspace", "--no-deps"]).args(WITHOUT_LIBTORCH).env("RUSTDOCFLAGS", "-D warnings");
    call(&mut cargo, "rustdoc's messages stand above")
}

fn tests(arguments: &[String]) -> Result<()> {
    let libtorch = setup::ensure(Wanted::Fitting)?;
    let mut cargo = workspace::cargo("test");
    // `--workspace` would win over a package that is named.
    cargo
        .args((!names_packages(arguments)).then_some("--workspace"))
        .args(arguments)
        .env("LIBTORCH", libtorch);
    call(&mut cargo, "cargo's messages stand above")
}

/// Whether arguments of `cargo test` say which packages are meant. Those after `--` are for the tests themselves.
fn names_packages(arguments: &[String]) -> bool {
    let of_cargo = arguments.iter().take_while(|argument| *argument != "--");
    let mut names = of_cargo.map(|argument| {
        let short = argument.starts_with("-p") && !argument.starts_with("--");
        short || argument == "--package" || argument.starts_with("--package=")
    });
    names.any(|named| named)
}

/// Trains on drawn shapes and holds what comes out against what must.
fn smoke() -> Result<()> {
    let kontrast = Kontrast::build(&setup::ensure(Wanted::Fitting)?)?;
    let (file, out) = (workspace::root().join(SMOKE), tempfile::tempdir()?);
    let run = smoke_folder(&file, out.path())?;
    let words =
        ["pretrain".into(), file.display().to_string(), "--out".into(), out.path().display().to_string()];
    call(&mut kontrast.command(&words), "its messages stand above")?;
    none(&what_is_wrong(&read_summary(&run)?))?;
    let page = kontrast_runlog::Layout::of(&run).report();
    if !page.is_file() {
        bail!("{}: not written", page.display());
    }
    every_method(&kontrast, out.path())
}

/// The other methods' smoke experiments: each has to finish and to be scored; some losses rise at first.
fn every_method(kontrast: &Kontrast, out: &Path) -> Result<()> {
    let folder = workspace::root().join(SMOKE).with_file_name("");
    let mut files: Vec<_> =
        std::fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.sort();
    for file in files.into_iter().filter(|file| !file.ends_with(SMOKE)) {
        let words =
            ["pretrain".into(), file.display().to_string(), "--out".into(), out.display().to_string()];
        call(&mut kontrast.command(&words), "its messages stand above")?;
        let summary = read_summary(&smoke_folder(&file, out)?)?;
        if summary.status != Status::Finished || !summary.eval.trained.contains_key("knn") {
            bail!("{}: status {}; expected a finished run with a k-NN score", file.display(), summary.status);
        }
    }
    Ok(())
}

fn smoke_folder(file: &Path, out: &Path) -> Result<PathBuf> {
    let loaded = Experiment::load(file, &[])?;
    Ok(RunDir::path_for(out, &loaded.experiment.name, &loaded.digest, loaded.experiment.seed))
}

fn what_is_wrong(summary: &Summary) -> Vec<String> {
    let mut wrong = Vec::new();
    if summary.status != Status::Finished {
        wrong.push(format!("summary.json: status is {}; expected finished", summary.status));
    }
    match (summary.loss_first, summary.loss_last) {
        (Some(first), Some(last)) if last < first => {}
        (first, last) => {
            wrong.push(format!("summary.json: the loss went from {first:?} to {last:?}; expected less"));
        }
    }
    if !summary.eval.trained.contains_key("knn") {
        wrong.push("summary.json: eval.knn is missing".to_owned());
    }
    wrong
}

fn none(problems: &[String]) -> Result<()> {
    if problems.is_empty() { Ok(()) } else { bail!("{}", problems.join("\n")) }
}

fn call(command: &mut Command, hint: &str) -> Result<()> {
    let status =
        command.status().with_context(|| format!("{} does not start", command.get_program().display()))?;
    if !status.success() {
        bail!("{status}; {hint}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use kontrast_runlog::Score;

    use super::*;

    fn finished() -> Summary {
        let mut summary = Summary { status: Status::Finished, ..Summary::default() };
        (summary.loss_first, summary.loss_last) = (Some(4.8), Some(3.9));
        summary.eval.trained.insert("knn".to_owned(), Score::default());
        summary
    }

    #[test]
    fn a_run_that_learned_passes() {
        assert_eq!(what_is_wrong(&finished()), Vec::<String>::new());
    }

    #[test]
    fn a_run_that_stopped_or_learned_nothing_does_not() {
        let stopped = Summary { status: Status::Collapsed, ..finished() };
        assert_eq!(what_is_wrong(&stopped), ["summary.json: status is collapsed; expected finished"]);
        let learned_nothing = Summary { loss_last: Some(4.8), ..finished() };
        let expected = "summary.json: the loss went from Some(4.8) to Some(4.8); expected less";
        assert_eq!(what_is_wrong(&learned_nothing), [expected]);
    }

    #[test]
    fn packages_that_are_named_are_tested_alone() {
        let named = |line: &str| names_packages(&line.split(' ').map(str::to_owned).collect::<Vec<_>>());
        for line in
            ["-p xtask", "-pxtask", "--package xtask", "--package=xtask", "layers -p xtask -- --nocapture"]
        {
            assert!(named(line), "{line}");
        }
        for line in ["nt_xent", "--release", "layers -- -p", "--profile release", "--exclude kontrast-data"] {
            assert!(!named(line), "{line}");
        }
    }

    #[test]
    fn the_smoke_run_has_a_folder_before_it_runs() {
        let folder = smoke_folder(&workspace::root().join(SMOKE), Path::new("out")).unwrap();
        assert!(
            folder.starts_with("out") && folder.to_string_lossy().ends_with("-s0"),
            "{}",
            folder.display()
        );
    }
}
