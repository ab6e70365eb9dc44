//! A libtorch on disk: its version, its libraries, and whether it is whole.

use std::fs;
use std::path::{Path, PathBuf};

use super::profile::TORCH;

/// The shared library of this name, as the system calls it.
pub fn library(name: &str) -> String {
    format!("{}{name}{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX)
}

/// What a folder that should be a libtorch turns out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// One that fits.
    Fits,
    /// One of another version.
    Version(String),
    /// None, for want of this file.
    Lacks(PathBuf),
}

/// Looks at a folder with `include` and `lib`: a wheel's `torch`, the unpacked archive, or a view.
pub fn look_at(folder: &Path) -> Found {
    let header = folder.join("include/torch/headeronly/version.h");
    let Some(version) = fs::read_to_string(&header).ok().and_then(|text| version(&text)) else {
        return older_version(folder).map_or(Found::Lacks(header), Found::Version);
    };
    if version != TORCH {
        return Found::Version(version);
    }
    let libraries = ["torch_cpu", "c10"].map(|name| folder.join("lib").join(library(name)));
    match libraries.into_iter().find(|library| !library.is_file()) {
        Some(library) => Found::Lacks(library),
        None => Found::Fits,
    }
}

/// Whether the CUDA half lies beside the other.
pub fn has_cuda(folder: &Path) -> bool {
    folder.join("lib").join(library("torch_cuda")).exists()
}

/// Before 2.9 the number stood in Python's `version.py`, and in the archive's `build-version`.
fn older_version(folder: &Path) -> Option<String> {
    let built = fs::read_to_string(folder.join("build-version")).ok();
    let python = || {
        let text = fs::read_to_string(folder.join("version.py")).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("__version__ = "))?;
        Some(line.trim_matches(['\'', '"']).to_owned())
    };
    built.or_else(python).map(|version| version.trim().to_owned())
}

/// `2.11.0` out of `version.h`.
fn version(header: &str) -> Option<String> {
    let part = |name: &str| {
        let rest = header
            .lines()
            .find_map(|line| line.trim().strip_prefix("#define TORCH_VERSION_")?.strip_prefix(name));
        rest?.trim().parse::<u32>().ok()
    };
    Some(format!("{}.{}.{}", part("MAJOR ")?, part("MINOR ")?, part("PATCH ")?))
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A folder that looks like libtorch of that version.
    pub fn fake(folder: &Path, version: &str) {
        let header = folder.join("include/torch/headeronly/version.h");
        fs::create_dir_all(header.parent().unwrap()).unwrap();
        fs::create_dir_all(folder.join("lib")).unwrap();
        let parts: Vec<_> = version.split('.').collect();
        let defines = ["MAJOR", "MINOR", "PATCH"].iter().zip(parts);
        let lines = defines.map(|(name, part)| format!("#define TORCH_VERSION_{name} {part}\n"));
        fs::write(header, lines.collect::<String>()).unwrap();
        for name in ["torch_cpu", "c10", "torch"] {
            fs::write(folder.join("lib").join(library(name)), name).unwrap();
        }
    }

    #[test]
    fn the_right_version_fits() {
        let folder = tempfile::tempdir().unwrap();
        fake(folder.path(), TORCH);
        assert_eq!(look_at(folder.path()), Found::Fits);
    }

    #[test]
    fn another_version_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fake(folder.path(), "2.12.1");
        assert_eq!(look_at(folder.path()), Found::Version("2.12.1".to_owned()));
    }

    #[test]
    fn versions_from_before_the_header_are_named_too() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("version.py"), "x = 1\n__version__ = '2.5.1+cu121'\n").unwrap();
        assert_eq!(look_at(folder.path()), Found::Version("2.5.1+cu121".to_owned()));
    }

    #[test]
    fn a_missing_library_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fake(folder.path(), TORCH);
        let library = folder.path().join("lib").join(library("c10"));
        fs::remove_file(&library).unwrap();
        assert_eq!(look_at(folder.path()), Found::Lacks(library));
    }
}
