//! Every configuration of this repository loads.

use std::path::{Path, PathBuf};

use kontrast_config::{Ablation, Experiment, ViewSize, Views};

#[test]
fn every_committed_experiment_loads() {
    let mut count = 0;
    for path in files(&configs(), &["base", "ablations", "views"]) {
        let loaded = Experiment::load(&path, &[]).unwrap_or_else(|error| panic!("{error}"));
        assert!(!loaded.resolved.contains("extends"), "{}", path.display());
        count += 1;
    }
    assert!(count >= 3, "found only {count} experiments");
}

#[test]
fn every_committed_ablation_loads_with_all_its_cells() {
    let mut count = 0;
    for path in files(&configs().join("ablations"), &["base"]) {
        let ablation = Ablation::load(&path, None).unwrap_or_else(|error| panic!("{error}"));
        assert!(!ablation.claims.is_empty(), "{}: nothing to judge", path.display());
        for scale in ablation.scales.keys() {
            Ablation::load(&path, Some(scale)).unwrap_or_else(|error| panic!("{scale}: {error}"));
        }
        count += 1;
    }
    assert!(count >= 1, "found no ablation");
}

#[test]
fn every_papers_plan_loads_by_its_name() {
    let names: Vec<_> = Views::papers().collect();
    for path in files(&configs().join("views"), &[]) {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        assert!(names.contains(&&*name), "{} is not among the papers' plans", path.display());
    }
    for name in names {
        let views =
            Views::of_paper(name, &[]).expect("a known name").unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(views.name(), name);
    }
    assert!(Views::of_paper("simlr", &[]).is_none());
}

#[test]
fn a_papers_plan_can_be_changed_and_mistakes_are_named() {
    let of = |argument: &str| Views::of_paper("swav", &[argument.to_owned()]).expect("a known name");
    assert_eq!(of("views.swav.local.count=2").unwrap().sizes(), [224, 224, 96, 96].map(ViewSize::from));
    assert_eq!(of("views.swav.local.count=0").unwrap().sizes(), [224, 224].map(ViewSize::from));
    let said = of("views.swav.global.count=0").unwrap_err().to_string();
    assert!(said.contains("views.swav.global.count = 0: expected 1 to 64 views"), "{said}");
    let said = of("views.swav.local.size=4").unwrap_err().to_string();
    assert!(said.contains("views.swav.local.size = 4: expected at least 8 pixels"), "{said}");
    let said = of("views.swav.locl.size=4").unwrap_err().to_string();
    assert!(said.contains("locl"), "{said}");
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
