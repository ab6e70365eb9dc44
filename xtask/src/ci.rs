//! `ci`: all that has to hold, the cheapest first; and `test`, which is a part of it.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use kontrast_runlog::human;

use crate::setup::{self, Wanted};
use crate::{fuzz, layers, pages, say, smoke, tidy, workspace};

/// Lets clippy and rustdoc go over every crate without libtorch: nothing is fetched and no C++ compiled before the
/// code is known to be clean. Their metadata would not serve the build in any case. The program that writes the schema is
/// looked at with them.
const LINT_FEATURES: [&str; 2] = [
    "--features",
    "kontrast-torch-ext/doc-only,kontrast-config/schema,kontrast/parquet,kontrast/scans,kontrast/texts",
];

/// Something that has to hold.
type Step = fn() -> Result<()>;

/// Runs every step until one fails; at night more of them.
pub fn run(nightly: bool) -> Result<u8> {
    let steps: [(&str, Step); 11] = [
        ("format", format),
        ("layers", || none(&layers::violations(&workspace::metadata()?))),
        ("file lengths", || none(&tidy::long_files(&workspace::root())?)),
        ("file sizes", || none(&tidy::large_files(&workspace::root())?)),
        ("pages", || none(&pages::faults(&workspace::root())?)),
        ("schema", || schema(true)),
        ("clippy", clippy),
        ("rustdoc", rustdoc),
        ("test", || tests(&[])),
        ("smoke runs", || smoke::run(&[], false)),
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
    cargo.args(["--workspace", "--all-targets"]).args(LINT_FEATURES).args(["--", "-D", "warnings"]);
    call(&mut cargo, "clippy's messages stand above")
}

fn rustdoc() -> Result<()> {
    let mut cargo = workspace::cargo("doc");
    cargo.args(["--workspace", "--no-deps"]).args(LINT_FEATURES).env("RUSTDOCFLAGS", "-D warnings");
    call(&mut cargo, "rustdoc's messages stand above")
}

/// Writes the JSON Schemas and the tables of keys, or checks that they are up to date.
pub fn schema(check: bool) -> Result<()> {
    let mut cargo = workspace::cargo("run");
    cargo.args(["--quiet", "--package", "kontrast-config", "--features", "schema", "--bin", "schema"]);
    call(
        cargo.args(check.then_some(["--", "--check"]).into_iter().flatten()),
        "the lines above say what differs",
    )
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
    use super::*;

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
}
