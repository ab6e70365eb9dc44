//! Wrong files and arguments: exit code 2 before anything is set up or built.

use std::fs;
use std::path::Path;

use crate::machine::{Ended, Machine, ended, xtask};

/// On a machine where nothing could be built.
fn refused(arguments: &[&str]) -> Ended {
    let ended = ended(xtask(arguments).env("PATH", "/nowhere"));
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    ended
}

#[test]
fn a_missing_file_is_named() {
    let said = refused(&["experiment", "missing.toml"]).stderr;
    assert!(said.starts_with("error: missing.toml: cannot be read"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn a_typo_in_an_override_is_named() {
    let smoke = concat!(env!("CARGO_MANIFEST_DIR"), "/../configs/smoke/simclr.toml");
    let said = refused(&["experiment", smoke, "--set", "train.batchh=64"]).stderr;
    assert!(said.starts_with("error: --set train.batchh=64: train.batchh: unknown key"), "{said}");
    let said = refused(&["experiment", smoke, "--set", "train.batch=1", "--set", "train.epochs=0"]).stderr;
    assert!(said.contains("train.batch") && said.contains("train.epochs"), "{said}");
}

#[test]
fn a_command_of_the_program_without_run_says_where_it_stands() {
    for arguments in [&["inspect", "file"][..], &["run", "inspect", "file"]] {
        let said = refused(arguments).stderr;
        assert!(said.contains("stand behind `run --`, as in: cargo xtask run -- inspect FILE"), "{said}");
    }
}

#[test]
fn an_ablation_at_a_scale_that_its_file_has_not_is_refused() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../configs/ablations/simclr-projection-head.toml");
    let said = refused(&["ablation", file, "--scale", "huge", "--dry-run"]).stderr;
    assert!(said.contains("simclr-projection-head.toml has no scales; leave --scale out"), "{said}");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../configs/ablations/simclr-temperature.toml");
    let said = refused(&["ablation", file, "--scale", "huge", "--dry-run"]).stderr;
    assert!(said.contains("scale = \"huge\": expected a scale of the file: `small`, `tiny`"), "{said}");
    let said = refused(&["ablation", file, "--seeds", "2", "--dry-run"]).stderr;
    assert!(
        said.contains("--seeds 2: expected as many as the file has, or more, found fewer than its 3"),
        "{said}"
    );
}

#[test]
fn an_unknown_device_names_the_choices() {
    let said = refused(&["experiment", "a.toml", "--device", "gpu"]).stderr;
    assert!(said.contains("expected auto, cpu, cuda or cuda:N, found \"gpu\""), "{said}");
}

#[test]
fn a_gpu_that_is_not_there_is_refused_before_anything_is_fetched() {
    if Path::new("/dev/nvidiactl").exists() {
        return;
    }
    let smoke = concat!(env!("CARGO_MANIFEST_DIR"), "/../configs/smoke/simclr.toml");
    for asked in [["--device", "cuda"], ["--set", "run.device=cuda:0"]] {
        let said = refused(&["experiment", smoke, asked[0], asked[1]]).stderr;
        assert!(
            said.starts_with("error: run.device = cuda:0: no GPU is seen here; leave --device out"),
            "{said}"
        );
        assert!(said.contains("--device cpu") && said.contains("cargo xtask setup --cuda"), "{said}");
    }
}

#[test]
fn an_unknown_cell_names_the_cells() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../configs/ablations/simclr-projection-head.toml");
    let said = refused(&["ablation", file, "--only", "mlp"]).stderr;
    assert!(
        said.starts_with("error: --only mlp: no such cell; there are none, linear, non-linear"),
        "{said}"
    );
}

#[test]
fn an_ablation_whose_base_is_missing_says_where_it_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.toml");
    let text = "name = \"a\"\npaper = \"p\"\nbase = \"nowhere.toml\"\nseeds = [0]\nscore = \"knn\"\n[[axis]]\n\
                name = \"x\"\n[[axis.value]]\nlabel = \"one\"\nset = { \"train.epochs\" = 1 }\n";
    fs::write(&file, text).unwrap();
    let said = refused(&["ablation", &file.display().to_string()]).stderr;
    assert!(
        said.contains(
            "a.toml:3:1: base = \"nowhere.toml\": expected an experiment file, relative to this one"
        ),
        "{said}"
    );
}

#[test]
fn an_unknown_data_set_names_the_known_ones() {
    let said = refused(&["data", "imagenet"]).stderr;
    assert!(
        ["cifar10", "cifar100", "stl10", "fashion-mnist"].iter().all(|name| said.contains(name)),
        "{said}"
    );
}

#[test]
fn a_folder_without_runs_is_no_report() {
    let folder = tempfile::tempdir().unwrap();
    let said = refused(&["report", &folder.path().display().to_string()]).stderr;
    assert!(said.contains("expected a run directory"), "{said}");
}

#[test]
fn a_measurement_that_cannot_end_well_is_refused_before_it_begins() {
    let said = refused(&["bench", "loss", "--json", "no/such/folder/rows.json"]).stderr;
    assert!(said.starts_with("error: --json no/such/folder/rows.json: cannot be written"), "{said}");
    let said = refused(&["bench", "loss", "--peers", "no/such/python"]).stderr;
    assert!(said.contains("no/such/python: there is no such Python"), "{said}");
}

#[test]
fn a_python_that_lacks_a_library_is_refused_with_the_line_that_installs_it() {
    let machine = Machine::new();
    machine.program("bare", "echo 'missing lightly: No module named lightly'; echo asked");
    let python = machine.path("bin/bare").display().to_string();
    let said = refused(&["bench", "loss", "--peers", &python]).stderr;
    let expected = format!(
        "error: {python}: cannot import lightly: No module named lightly; install it with: {python} -m pip install \
         torch==2.11.0 lightly==1.6.0\n"
    );
    assert_eq!(said, expected);
}

#[test]
fn a_mistake_in_the_views_of_a_preview_is_named() {
    let said = refused(&["run", "--", "preview", "--config", "missing.toml"]).stderr;
    assert!(said.starts_with("error: missing.toml: cannot be read"), "{said}");
    let said = refused(&["run", "--", "preview", "--plan=byol", "--set", "views.byol.flip=2.0"]).stderr;
    assert!(said.contains("views.byol.flip = 2.0: expected a probability, 0 to 1"), "{said}");
}
