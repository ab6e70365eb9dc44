//! `doctor`: everything a run needs, one line each; the exit code tells whether all is there.

use std::path::Path;
use std::process::{Command, Stdio};

use kontrast_config::DataName;
use kontrast_runlog::{cache_home, human};

use crate::build::Kontrast;
use crate::finding::{Finding, Status};
use crate::setup::{Profile, python::Python};
use crate::setup::{compiler, disk, gpu, status};
use crate::{program, say};

/// Looks at everything, and changes nothing.
pub fn run() -> u8 {
    let mut all_there = true;
    let mut show = |finding: Finding| {
        all_there &= finding.status != Status::Missing;
        say::out(format_args!("{finding}"));
    };
    show(rust());
    show(cxx());
    show(linker());
    show(python());
    show(status::libtorch());
    show(graphics());
    show(room());
    let (lines, whole) = data_sets();
    for line in lines {
        say::out(line);
    }
    u8::from(!(all_there && whole))
}

fn rust() -> Finding {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    match program::first_line(Command::new(rustc).arg("--version")) {
        Some(version) => Finding::new(Status::Ok, "rust", version),
        None => Finding::new(Status::Missing, "rust", "rustc does not start; install Rust 1.95 or later"),
    }
}

fn cxx() -> Finding {
    let what = "C++ compiler";
    match compiler::cxx() {
        Ok(path) if compiler::compiles(&path) => {
            Finding::new(Status::Ok, what, format!("{}, {}", path.display(), compiler::version(&path)))
        }
        Ok(path) => {
            let words = format!(
                "{} cannot compile C++17; install its standard library (Debian: apt install g++)",
                path.display()
            );
            Finding::new(Status::Missing, what, words)
        }
        Err(error) => Finding::missing(what, &error),
    }
}

fn linker() -> Finding {
    let what = "linker";
    match compiler::linker() {
        Ok(path) => {
            Finding::new(Status::Ok, what, format!("{}, {}", path.display(), compiler::version(&path)))
        }
        Err(error) => Finding::missing(what, &error),
    }
}

fn python() -> Finding {
    match Python::find() {
        Ok(python) => {
            let words = format!("{} with pip {}, {}", python.version, python.pip, python.path.display());
            Finding::new(Status::Ok, "python, pip", words)
        }
        Err(error) => Finding::missing("python, pip", &error),
    }
}

fn graphics() -> Finding {
    match gpu::describe() {
        Some(gpu) => Finding::new(Status::Ok, "gpu", gpu),
        None if gpu::is_seen() => {
            Finding::new(Status::Note, "gpu", "there is one, but nvidia-smi says nothing about it")
        }
        None => Finding::new(Status::Note, "gpu", "none seen; everything runs on the CPU"),
    }
}

fn room() -> Finding {
    let cache = cache_home();
    let free = match disk::free(&cache) {
        Ok(free) => free,
        Err(error) => return Finding::new(Status::Note, "disk", error.to_string()),
    };
    let profile = if gpu::is_seen() { Profile::Cuda } else { Profile::Cpu };
    let words = format!("{} free in {}", human::bytes(free), cache.display());
    if free >= profile.bytes() || status::is_ready() {
        return Finding::new(Status::Ok, "disk", words);
    }
    let words = format!("{words}; libtorch needs {} while it is installed", human::bytes(profile.bytes()));
    Finding::new(Status::Missing, "disk", words)
}

/// What the program says of the data sets, where it runs: it knows their checksums. With it, whether none is damaged.
fn data_sets() -> (Vec<String>, bool) {
    let said = Kontrast::built().and_then(|kontrast| {
        let output = kontrast.command(&["data".to_owned()]).stdin(Stdio::null()).output().ok()?;
        let lines: Vec<_> = String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
        (lines.len() == DataName::FETCHED.len()).then_some((lines, output.status.success()))
    });
    said.unwrap_or_else(|| {
        let cache = cache_home().join("data");
        let line = |name: DataName| unverified(name.as_str(), &cache.join(name.as_str())).to_string();
        (DataName::FETCHED.map(line).into(), true)
    })
}

/// What can be said without the program.
fn unverified(name: &'static str, folder: &Path) -> Finding {
    let words = if folder.exists() {
        format!("{}; not verified, since the program kontrast is not built or does not run", folder.display())
    } else {
        "not there; fetched when first needed".to_owned()
    };
    Finding::new(Status::Note, name, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_begins_with_its_status() {
        let ok = Finding::new(Status::Ok, "rust", "rustc 1.95.0");
        assert_eq!(ok.to_string(), "ok       rust           rustc 1.95.0");
        let missing = Finding::missing("python, pip", &anyhow::anyhow!("pip: none; install it: so"));
        assert_eq!(missing.to_string(), "MISSING  python, pip    none; install it: so");
    }

    #[test]
    fn a_data_set_that_nobody_verified_is_not_called_complete() {
        let there = unverified("cifar10", Path::new("/"));
        assert_eq!(there.status, Status::Note);
        assert!(there.to_string().contains("not verified"), "{there}");
        assert!(unverified("cifar10", Path::new("/no/such")).to_string().contains("not there"));
    }
}
