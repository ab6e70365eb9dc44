//! Finds a Python that can fetch libtorch: 3.9 or later, with pip.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::program;

/// A Python with pip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Python {
    /// How it is called.
    pub path: PathBuf,
    /// Such as `3.11.2`.
    pub version: String,
    /// Such as `23.0.1`.
    pub pip: String,
}

/// The oldest Python whose pip can do what is asked of it.
const OLDEST: (u32, u32) = (3, 9);

/// The first pip that takes more than one `--platform`.
const OLDEST_PIP: (u32, u32) = (20, 3);

impl Python {
    /// The first that will do of `$PYTHON`, `python3`, `python`.
    pub fn find() -> Result<Self> {
        let mut reasons = Vec::new();
        for name in names() {
            let Some(path) = program::find(&name) else { continue };
            match Self::look_at(&path) {
                Ok(python) => return Ok(python),
                Err(reason) => reasons.push(reason.to_string()),
            }
        }
        // Often `python` is `python3` once more.
        match reasons.into_iter().next() {
            Some(reason) => bail!(reason),
            None => bail!(
                "python: none found on PATH; install Python 3.9 or later with pip (Debian: apt install python3 \
                 python3-pip), or name one with PYTHON"
            ),
        }
    }

    fn look_at(path: &Path) -> Result<Self> {
        let shown = path.display();
        let script = "import sys; print('.'.join(map(str, sys.version_info[:3])))";
        let Some(version) = program::first_line(Command::new(path).args(["-c", script])) else {
            bail!("python: {shown} does not start; name another with PYTHON");
        };
        if numbers(&version) < Some(OLDEST) {
            bail!("python: {shown} is {version}; 3.9 or later is needed; name another with PYTHON");
        }
        let Some(pip) = program::first_line(Command::new(path).args(["-m", "pip", "--version"])) else {
            bail!(
                "pip: {shown} ({version}) has none; install it (Debian: apt install python3-pip; elsewhere: \
                 {shown} -m ensurepip), or name another Python with PYTHON"
            );
        };
        let pip = pip.split_whitespace().nth(1).unwrap_or("").to_owned();
        if numbers(&pip) < Some(OLDEST_PIP) {
            bail!("pip: {shown} has {pip}; 20.3 or later is needed: {shown} -m pip install --upgrade pip");
        }
        Ok(Self { path: path.to_owned(), version, pip })
    }
}

/// Where `import torch` would find torch, without importing it, which takes seconds.
pub fn importable_torch() -> Option<PathBuf> {
    // The current folder is no place to look for packages.
    let script = "import sys; sys.path[:] = [p for p in sys.path if p]\n\
                  import importlib.util as u; s = u.find_spec('torch')\n\
                  print(s.submodule_search_locations[0] if s and s.origin else '')";
    let python = names().into_iter().find_map(program::find)?;
    let folder = program::first_line(Command::new(python).args(["-c", script]))?;
    (!folder.is_empty()).then(|| PathBuf::from(folder))
}

fn names() -> Vec<String> {
    let given = std::env::var("PYTHON").ok().filter(|name| !name.is_empty());
    given.into_iter().chain(["python3", "python"].map(str::to_owned)).collect()
}

/// The first two numbers of a version.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert!(numbers("3.10.1") > Some(OLDEST));
        assert!(numbers("3.8.20") < Some(OLDEST));
        assert!(numbers("24.0") > Some(OLDEST_PIP));
        assert!(numbers("unknown") < Some(OLDEST));
    }
}
