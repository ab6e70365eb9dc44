//! The committed files: each names its schema and fits it, and a mistake in one does not.

use std::path::{Path, PathBuf};

use jsonschema::Validator;
use kontrast_config::schema;
use serde_json::Value;

/// What is wrong with the files, or with a schema that lets a mistake pass.
pub fn problems(root: &Path) -> Vec<String> {
    let configs = root.join("configs");
    let mut problems = Vec::new();
    for (name, schema) in [("experiment", schema::experiment()), ("ablation", schema::ablation())] {
        let validator = match jsonschema::validator_for(&schema) {
            Ok(validator) => validator,
            Err(error) => return vec![format!("{name}: no valid schema: {error}")],
        };
        let files = files(&configs, name);
        if files.is_empty() {
            problems.push(format!("{}: no file of kind {name}", configs.display()));
        }
        for file in files {
            problems.extend(of_file(&configs, &file, name, &validator));
        }
    }
    problems
}

fn of_file(configs: &Path, file: &Path, name: &str, validator: &Validator) -> Vec<String> {
    let shown = file.display();
    let Some((text, value)) = read(file) else { return vec![format!("{shown}: no TOML")] };
    let depth = file.strip_prefix(configs).map_or(0, |inner| inner.components().count() - 1);
    let first = format!("#:schema {}schema/{name}.json", "../".repeat(depth));
    let mut problems = Vec::new();
    if text.lines().next() != Some(&first) {
        problems.push(format!("{shown}: expected the first line {first:?}, for editors"));
    }
    problems.extend(
        validator.iter_errors(&value).map(|error| format!("{shown}: {}: {error}", error.instance_path())),
    );
    problems.extend(
        misspelt(&value, false)
            .into_iter()
            .filter(|(_, wrong)| validator.is_valid(wrong))
            .map(|(key, _)| format!("{shown}: the schema accepts {key:?} in place of a key")),
    );
    problems
}

fn read(file: &Path) -> Option<(String, Value)> {
    let text = std::fs::read_to_string(file).ok()?;
    let value = serde_json::to_value(toml::from_str::<toml::Table>(&text).ok()?).ok()?;
    Some((text, value))
}

/// The value with one of its keys misspelt, for each of them; but for those of `set` and `tune`, which are paths, and of `scale`, which
/// are `names` that a file may choose.
fn misspelt(value: &Value, names: bool) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                if !names {
                    let wrong = format!("{key}_");
                    let mut other = map.clone();
                    other.remove(key);
                    other.insert(wrong.clone(), inner.clone());
                    all.push((wrong, Value::Object(other)));
                }
                let inside = if ["set", "tune"].contains(&key.as_str()) {
                    Vec::new()
                } else {
                    misspelt(inner, key == "scale")
                };
                all.extend(inside.into_iter().map(|(wrong, inner)| {
                    let mut other = map.clone();
                    other.insert(key.clone(), inner);
                    (wrong, Value::Object(other))
                }));
            }
        }
        Value::Array(list) => {
            for (place, inner) in list.iter().enumerate() {
                all.extend(misspelt(inner, false).into_iter().map(|(wrong, inner)| {
                    let mut other = list.clone();
                    other[place] = inner;
                    (wrong, Value::Array(other))
                }));
            }
        }
        _ => {}
    }
    all
}

/// The files of one kind, in every folder of `configs`; ablations have a folder of their own.
fn files(configs: &Path, kind: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![configs.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "toml")
                && path.starts_with(configs.join("ablations")) == (kind == "ablation")
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
