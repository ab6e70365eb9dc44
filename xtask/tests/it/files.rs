//! This checkout itself, which `ci` looks at too.

use crate::machine::{ended, xtask};

#[test]
fn a_dry_run_shows_every_cell_and_runs_nothing() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../configs/ablations/simclr-projection-head.toml");
    let out = tempfile::tempdir().unwrap();
    let shown = out.path().display().to_string();
    let ended = ended(xtask(&["ablation", file, "--dry-run", "--out", &shown]).env("PATH", "/nowhere"));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for cell in ["none", "linear", "non-linear"] {
        assert!(ended.stdout.contains(&format!("simclr-projection-head-{cell}\n")), "{}", ended.stdout);
    }
    assert!(ended.stdout.contains("    --set 'method.simclr.projector.widths=[]'\n"), "{}", ended.stdout);
    assert!(ended.stdout.contains("    paper: 61.1 %\n"), "{}", ended.stdout);
    assert!(ended.stdout.contains("9 of 9 runs to do, 12 epochs each"), "{}", ended.stdout);
    assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 0);
}

#[test]
fn help_lists_the_commands() {
    let ended = ended(&mut xtask(&["--help"]));
    let commands = [
        "setup",
        "doctor",
        "data",
        "experiment",
        "ablation",
        "report",
        "test",
        "ci",
        "bench",
        "bundle",
        "run",
    ];
    for command in commands {
        assert!(ended.stdout.contains(&format!("\n  {command} ")), "{command}: {}", ended.stdout);
    }
}
