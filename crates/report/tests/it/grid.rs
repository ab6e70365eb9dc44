//! An ablation of made-up runs in a temporary folder.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use kontrast_config::{Ablation, Experiment};
use kontrast_report::{AblationResult, ablation_page};
use kontrast_runlog::{RunDir, Status};
use tempfile::TempDir;

use crate::sample;

/// What came of a made-up run.
pub enum Made {
    /// It finished, with this k-NN score.
    Finished(f64),
    /// It collapsed, and was scored.
    Collapsed(f64),
    /// It has no score.
    Diverged,
    /// There is no run.
    Nothing,
}

/// The file of an ablation with these labels of each axis: temperature, projector and batch, as many as there
/// are; `top` stands before them, and `rest` behind.
pub fn file(axes: &[&[&str]], top: &str, rest: &str) -> String {
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/quickstart.toml");
    let mut text = format!(
        "name = \"grid\"\npaper = \"A paper, table 1\"\nbase = {:?}\nseeds = [0, 1, 2]\nscore = \"knn\"\n",
        base.display().to_string()
    );
    text.push_str(top);
    let names = ["temperature", "projector, width", "batch"];
    for (axis, (name, labels)) in names.into_iter().zip(axes).enumerate() {
        let _ = writeln!(text, "[[axis]]\nname = {name:?}");
        for (place, label) in labels.iter().enumerate() {
            let number = place + 1;
            let set = match axis {
                0 => format!("\"method.simclr.temperature\" = 0.{number}"),
                1 => format!("\"method.simclr.projector\" = {{ widths = [{}, 64] }}", 64 * number),
                _ => format!("\"train.batch\" = {}", 256 * number),
            };
            let _ = writeln!(text, "[[axis.value]]\nlabel = {label:?}\nset = {{ {set} }}");
        }
    }
    text + rest
}

/// Runs of that file, made by the place of the cell and the seed.
pub fn runs(text: &str, made: impl Fn(usize, u64) -> Made) -> (AblationResult, TempDir) {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("grid.toml");
    fs::write(&path, text).unwrap();
    let ablation = Ablation::load(&path, None).unwrap();
    let out = place.path().join("runs");
    for (index, cell) in ablation.cells().iter().enumerate() {
        let loaded = Experiment::load(&ablation.base, &cell.arguments(0)).unwrap();
        for &seed in &ablation.seeds {
            let (status, top1) = match made(index, seed) {
                Made::Finished(top1) => (Status::Finished, Some(top1)),
                Made::Collapsed(top1) => (Status::Collapsed, Some(top1)),
                Made::Diverged => (Status::Diverged, None),
                Made::Nothing => continue,
            };
            let mut summary = sample::summary();
            summary.status = status;
            match top1 {
                Some(top1) => summary.eval.trained.get_mut("knn").unwrap().top1 = top1,
                None => summary.eval.trained.clear(),
            }
            let run = RunDir::path_for(&out, &loaded.experiment.name, &loaded.digest, seed);
            sample::write(&run, &summary, &sample::events_of(index as f64));
        }
    }
    (AblationResult::collect(&ablation, &out, "cargo xtask ablation grid.toml"), place)
}

/// The page of an ablation.
pub fn page(result: &AblationResult, place: &TempDir) -> String {
    let path = place.path().join("report.html");
    ablation_page(result, &path).unwrap();
    fs::read_to_string(path).unwrap()
}

/// `[[paper_value]]`s of these cells.
pub fn paper(values: &[(&[&str], f64)]) -> String {
    let each =
        |(cell, value): &(&[&str], f64)| format!("[[paper_value]]\ncell = {cell:?}\nvalue = {value:?}\n");
    values.iter().map(each).collect()
}
