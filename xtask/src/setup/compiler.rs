//! The C++ compiler that builds tch's shim, and the linker that rustc calls.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::program;

/// The C++ compiler, as cc finds it: `$CXX`, else `c++`.
pub fn cxx() -> Result<PathBuf> {
    if let Some(given) = std::env::var("CXX").ok().filter(|given| !given.is_empty()) {
        // It may bear arguments, or a wrapper such as ccache.
        let word = given.split_whitespace().next().unwrap_or(&given).to_owned();
        return match program::find(&word) {
            Some(path) => Ok(path),
            None => bail!("C++ compiler: CXX = {given}, which is not there; install it or unset CXX"),
        };
    }
    if let Some(path) = program::find("c++") {
        return Ok(path);
    }
    match ["g++", "clang++"].into_iter().find(|name| program::find(name).is_some()) {
        Some(other) => bail!("C++ compiler: no c++ on PATH, but {other} is there: export CXX={other}"),
        None => bail!(
            "C++ compiler: none found (c++, g++, clang++, or CXX); install one (Debian: apt install g++; Fedora: \
             dnf install gcc-c++; macOS: xcode-select --install)"
        ),
    }
}

/// The linker of rustc: `cc`.
pub fn linker() -> Result<PathBuf> {
    match program::find("cc") {
        Some(path) => Ok(path),
        None => bail!("linker: no cc on PATH, which rustc links with; install it (Debian: apt install gcc)"),
    }
}

/// Whether the compiler takes a C++17 file that includes the standard library.
pub fn compiles(compiler: &PathBuf) -> bool {
    let child = Command::new(compiler)
        .args(["-x", "c++", "-std=c++17", "-fsyntax-only", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else { return false };
    if let Some(mut stdin) = child.stdin.take() {
        // A compiler that stops before it has read all says in its status what it makes of that.
        let _ = stdin.write_all(b"#include <optional>\nint main() {}\n");
    }
    child.wait().is_ok_and(|status| status.success())
}

/// What a compiler or linker calls itself.
pub fn version(program: &PathBuf) -> String {
    program::first_line(Command::new(program).arg("--version"))
        .unwrap_or_else(|| "of unknown version".to_owned())
}
