//! Writes the JSON Schemas in `configs/schema` and the tables of keys in `docs/config.md`, from the types of a file. With
//! `--check` it writes nothing, says what is out of date, and holds every committed file against its schema.

mod committed;
mod tables;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kontrast_config::{Experiment, schema};
use serde_json::Value;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let check = match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => false,
        ["--check"] => true,
        other => {
            eprintln!("{}: expected nothing or --check", other.join(" "));
            return ExitCode::from(2);
        }
    };
    let mut problems = match files(&root) {
        Ok(files) if check => out_of_date(files),
        Ok(files) => write(files),
        Err(problem) => vec![problem],
    };
    if check {
        problems.extend(committed::problems(&root));
    }
    for problem in &problems {
        eprintln!("{problem}");
    }
    ExitCode::from(u8::from(!problems.is_empty()))
}

/// What is written, and where.
fn files(root: &Path) -> Result<Vec<(PathBuf, String)>, String> {
    let page = root.join("docs/config.md");
    let text = std::fs::read_to_string(&page).map_err(|error| format!("{}: {error}", page.display()))?;
    let compared = compared_views(&root.join("configs/smoke"))?;
    let renewed = tables::renewed(&text, compared).map_err(|error| format!("{}: {error}", page.display()))?;
    let folder = root.join("configs/schema");
    Ok(vec![
        (page, renewed),
        (folder.join("experiment.json"), pretty(&schema::experiment())),
        (folder.join("ablation.json"), pretty(&schema::ablation())),
    ])
}

/// The views that each method compares, by the experiments of a folder.
fn compared_views(folder: &Path) -> Result<BTreeMap<String, &'static str>, String> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut found = BTreeMap::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        let method = Experiment::load(&path, &[]).map_err(|error| error.to_string())?.experiment.method;
        found.insert(method.name().to_owned(), method.compared_views().in_words());
    }
    Ok(found)
}

fn pretty(schema: &Value) -> String {
    format!("{schema:#}\n")
}

fn write(files: Vec<(PathBuf, String)>) -> Vec<String> {
    let failed = |path: &Path, error| format!("{}: {error}", path.display());
    let mut problems = Vec::new();
    for (path, text) in files {
        let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        problems
            .extend(made.and_then(|()| std::fs::write(&path, text)).err().map(|error| failed(&path, error)));
    }
    problems
}

fn out_of_date(files: Vec<(PathBuf, String)>) -> Vec<String> {
    let differs = |(path, text): (PathBuf, String)| {
        let same = std::fs::read_to_string(&path).is_ok_and(|found| found == text);
        (!same).then(|| format!("{}: out of date; run: cargo xtask schema", path.display()))
    };
    files.into_iter().filter_map(differs).collect()
}
