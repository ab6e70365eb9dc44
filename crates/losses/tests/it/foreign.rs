//! A crate outside this workspace that depends on this one by path: it builds and starts with no variable set.

use std::fs;
use std::path::Path;
use std::process::Command;

/// The workspace's own profiles follow: with others, tch would be compiled once more.
const MANIFEST: &str = r#"
[package]
name = "foreign"
version = "0.1.0"
edition = "2024"

[dependencies]
kontrast-losses = { path = "LOSSES" }
tch = { version = "=0.24.0", default-features = false }

[workspace]
resolver = "3"

"#;

/// Two pairs whose halves are equal and at right angles to the other pair.
const MAIN: &str = r#"
fn main() {
    let z = tch::Tensor::from_slice(&[1.0_f32, 0.0, 0.0, 1.0]).view([2, 2]);
    println!("{:.6}", kontrast_losses::nt_xent(&z, &z, 1.0).double_value(&[]));
}
"#;

#[test]
fn a_foreign_crate_builds_and_starts_without_any_variable() {
    let losses = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = losses.ancestors().nth(2).unwrap();
    let libtorch = root.join(".cargo/libtorch.toml");
    assert!(libtorch.exists(), "{} is not there; run: cargo xtask setup", libtorch.display());

    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    fs::create_dir(folder.path().join(".cargo")).unwrap();
    fs::create_dir(folder.path().join("src")).unwrap();
    let workspace = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let (_, profiles) = workspace.split_once("[profile.dev]").expect("the workspace's profiles");
    let manifest = MANIFEST.replace("LOSSES", &losses.display().to_string()) + "[profile.dev]" + profiles;
    write("Cargo.toml", &manifest);
    write("src/main.rs", MAIN);
    write(".cargo/config.toml", &format!("include = [{:?}]\n", libtorch.display().to_string()));
    fs::copy(root.join("Cargo.lock"), folder.path().join("Cargo.lock")).unwrap();

    let cargo = |arguments: &[&str]| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(arguments).arg("--offline").current_dir(folder.path());
        cargo.env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap());
        for name in ["LIBTORCH", "LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"] {
            cargo.env_remove(name);
        }
        cargo.output().unwrap()
    };
    let output = cargo(&["run"]);
    // The next one lies in another folder, so cargo would keep this one for ever.
    cargo(&["clean", "--package", "foreign"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    // ln(1 + 2 / e): of three candidates one is the same vector, two are at right angles.
    let expected = format!("{:.6}\n", (1.0 + 2.0 * (-1.0_f64).exp()).ln());
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{said}");
}
