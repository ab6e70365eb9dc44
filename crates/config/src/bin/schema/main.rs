//! Writes what follows from the types of a file: its JSON Schema in `configs/schema`, and the tables of keys in
//! `docs/config.md`. With `--check` it writes nothing, says what is out of date, and holds every committed file against
//! the schema.

mod committed;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kontrast_config::schema;
use serde_json::Value;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let check = std::env::args().nth(1).is_some_and(|argument| argument == "--check");
    let problems = if check {
        let mut problems = out_of_date(&root);
        problems.extend(committed::problems(&root));
        problems
    } else {
        write(&root)
    };
    for problem in &problems {
        eprintln!("{problem}");
    }
    ExitCode::from(u8::from(!problems.is_empty()))
}

/// What is written, and where.
fn files(root: &Path) -> Vec<(PathBuf, String)> {
    let folder = root.join("configs/schema");
    vec![
        (folder.join("experiment.json"), pretty(&schema::experiment())),
        (folder.join("ablation.json"), pretty(&schema::ablation())),
    ]
}

fn pretty(schema: &Value) -> String {
    format!("{schema:#}\n")
}

fn write(root: &Path) -> Vec<String> {
    let failed = |path: &Path, error| format!("{}: {error}", path.display());
    let mut problems = Vec::new();
    for (path, text) in files(root) {
        let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        problems
            .extend(made.and_then(|()| std::fs::write(&path, text)).err().map(|error| failed(&path, error)));
    }
    problems
}

fn out_of_date(root: &Path) -> Vec<String> {
    let differs = |(path, text): (PathBuf, String)| {
        let same = std::fs::read_to_string(&path).is_ok_and(|found| found == text);
        (!same).then(|| format!("{}: out of date; run: cargo xtask schema", path.display()))
    };
    files(root).into_iter().filter_map(differs).collect()
}
