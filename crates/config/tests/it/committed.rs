//! Every configuration of this repository loads.

use std::path::{Path, PathBuf};

use kontrast_config::{Ablation, Experiment};

#[test]
fn every_committed_experiment_loads() {
    let mut count = 0;
    for path in files(&configs(), &["base", "ablations"]) {
        let loaded = Experiment::load(&path, &[]).unwrap_or_else(|error| panic!("{error}"));
        assert!(!loaded.resolved.contains("extends"), "{}", path.display());
        count += 1;
    }
    assert!(count >= 3, "found only {count} experiments");
}

#[test]
fn every_committed_ablation_loads_with_all_its_cells() {
    let mut count = 0;
    for path in files(&configs().join("ablations"), &[]) {
        let ablation = Ablation::load(&path).unwrap_or_else(|error| panic!("{error}"));
        assert!(ablation.cells().iter().any(|cell| cell.paper.is_some()), "{}", path.display());
        count += 1;
    }
    assert!(count >= 1, "found no ablation");
}

fn configs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs")
}

fn files(folder: &Path, skipped: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("its entries can be read").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !skipped.contains(&name.as_str()) {
            found.extend(files(&path, skipped));
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            found.push(path);
        }
    }
    found.sort();
    found
}
