//! What `test` hands to cargo.

use crate::machine::{Machine, ended, make_libtorch};

/// The arguments that cargo gets, without those that every call has.
fn handed(arguments: &[&str]) -> String {
    let machine = Machine::new();
    machine.program("cargo", "echo \"$LIBTORCH: $*\"");
    let torch = make_libtorch(&machine.path("there"), [2, 11, 0]);
    let words = [&["test", "--"], arguments].concat();
    let mut command = machine.xtask(&words);
    let ended = ended(command.env("CARGO", machine.path("bin/cargo")).env("LIBTORCH", torch));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let (libtorch, words) = ended.stdout.trim_end().split_once(": ").unwrap();
    assert!(libtorch.starts_with(&machine.home().join("views").display().to_string()), "{libtorch}");
    let always = format!("test --manifest-path {} ", machine.path("checkout/Cargo.toml").display());
    words.strip_prefix(&always).unwrap_or_else(|| panic!("{words}")).to_owned()
}

#[test]
fn every_crate_is_tested_unless_some_are_named() {
    assert_eq!(handed(&["nt_xent"]), "--workspace nt_xent");
    assert_eq!(handed(&["-p", "xtask", "layers"]), "-p xtask layers");
    assert_eq!(handed(&["--package=xtask", "--", "--nocapture"]), "--package=xtask -- --nocapture");
    assert_eq!(handed(&["layers", "--", "-p"]), "--workspace layers -- -p");
}
