//! The tables of keys in `docs/config.md`, from the doc comments of the types.
//!
//! A table stands below a line such as `<!-- keys: optimizer.sgd optimizer.adamw + lr -->`: the tables whose keys it
//! lists, `method.*` for each variant, and behind `+` the keys whose own keys are listed too. `shared keys:` are those
//! that several have alike, `own keys:` the others; `steps:` lists the choices of a list and `plans:` those of a table. A
//! doc comment says what a key means, and in a last paragraph its `Range:`, or that of a step's fields, or the `Steps:`
//! of a plan. `compared views` says of each method which views it compares, as the files of `configs/smoke` know it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use kontrast_config::{Ablation, Experiment, schema};
use serde_json::Value;

/// The page with every table made anew. `compared` says of each method which views it compares.
pub fn renewed(page: &str, compared: BTreeMap<String, &'static str>) -> Result<String, String> {
    let (experiment, ablation) = (schema::typed::<Experiment>(), schema::typed::<Ablation>());
    let roots = Roots { experiment, ablation, compared };
    let mut text = String::new();
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        let _ = writeln!(text, "{line}");
        if let Some(directive) = line.strip_prefix("<!-- ").and_then(|line| line.strip_suffix(" -->")) {
            text.push_str(&table(&roots, directive).map_err(|problem| format!("{line}: {problem}"))?);
            while lines.next_if(|line| line.starts_with('|')).is_some() {}
        }
    }
    Ok(text)
}

/// What begins the last paragraph of a doc comment: of a key or a step, and of a plan.
const RANGE: &str = "\u{0}Range: ";
const STEPS: &str = "\u{0}Steps: ";

/// The schemas of both kinds of files, and the views that each method compares.
struct Roots {
    experiment: Value,
    ablation: Value,
    compared: BTreeMap<String, &'static str>,
}

/// A key as one or several tables have it.
struct Row {
    key: String,
    tables: Vec<String>,
    meaning: String,
    range: Option<String>,
}

fn table(roots: &Roots, directive: &str) -> Result<String, String> {
    let expected = || {
        "expected `compared views`, or `keys: `, `shared keys: `, `own keys: `, `steps: ` or `plans: `, and tables".to_owned()
    };
    if directive == "compared views" {
        return compared_views(roots);
    }
    if let Some(path) = directive.strip_prefix("steps: ") {
        return steps(roots, path);
    }
    if let Some(path) = directive.strip_prefix("plans: ") {
        return plans(roots, path);
    }
    let (kind, rest) = directive.split_once("keys: ").ok_or_else(expected)?;
    let (paths, flattened) = rest.split_once(" + ").unwrap_or((rest, ""));
    let mut flattened: BTreeSet<&str> = flattened.split_terminator(' ').collect();
    let mut tables = Vec::new();
    for path in paths.split(' ') {
        let found = resolved(roots, path);
        if found.is_empty() {
            return Err(format!("{path}: no such table"));
        }
        tables.extend(found);
    }
    let mut rows: Vec<Row> = Vec::new();
    let mut used = BTreeSet::new();
    for (name, root, table) in &tables {
        for mut row in rows_of(root, table, "", &flattened, &mut used)? {
            let same = |other: &&mut Row| {
                (&other.key, &other.meaning, &other.range) == (&row.key, &row.meaning, &row.range)
            };
            if let Some(other) = rows.iter_mut().find(same) {
                other.tables.push(name.clone());
            } else {
                row.tables.push(name.clone());
                rows.push(row);
            }
        }
    }
    flattened.retain(|key| !used.contains(*key));
    if let Some(key) = flattened.first() {
        return Err(format!("{key}: no such key"));
    }
    let names: Vec<&str> = tables.iter().map(|(name, ..)| name.as_str()).collect();
    match kind {
        "" => Ok(markdown(&joined(rows), &names, names.len() > 1)),
        "shared " => {
            rows.retain(|row| row.tables.len() > 1);
            Ok(markdown(&joined(rows), &names, true))
        }
        "own " => {
            rows.retain(|row| row.tables.len() == 1);
            for row in &mut rows {
                row.key = format!("{}.{}", row.tables[0], row.key);
            }
            Ok(markdown(&joined(rows), &names, false))
        }
        _ => Err(expected()),
    }
}

/// The choices of a list's steps: each as a file writes it, what it does, and its fields.
fn steps(roots: &Roots, path: &str) -> Result<String, String> {
    let found = resolved(roots, path);
    let (_, root, list) = found.first().ok_or_else(|| format!("{path}: no such table"))?;
    let choices = followed(root, &list["items"])["oneOf"]
        .as_array()
        .ok_or_else(|| format!("{path}: no list of choices"))?;
    let mut text = "| step | what it does | fields |\n| --- | --- | --- |\n".to_owned();
    for choice in choices {
        let step =
            written(root, choice).ok_or_else(|| format!("{path}: a choice without a name: {choice}"))?;
        let meaning = described(choice).ok_or_else(|| format!("{path}: {step}: no doc comment"))?;
        let (meaning, fields) = meaning.split_once(RANGE).unwrap_or((&meaning, ""));
        let fields = if fields.is_empty() { String::new() } else { format!(" {fields}") };
        let _ = writeln!(text, "| `{step}` | {} |{fields} |", as_cell(meaning));
    }
    Ok(text)
}

/// The choices of a table: each with what it yields and its steps. Neighbours that say the same share a row.
fn plans(roots: &Roots, path: &str) -> Result<String, String> {
    let found = resolved(roots, path);
    let (.., table) = found.first().ok_or_else(|| format!("{path}: no such table"))?;
    let choices = table["oneOf"].as_array().ok_or_else(|| format!("{path}: no choices"))?;
    let mut rows: Vec<(String, String)> = Vec::new();
    for choice in choices {
        let name = choice["properties"].as_object().and_then(|keys| keys.keys().next());
        let name = name.ok_or_else(|| format!("{path}: a choice without a name: {choice}"))?;
        let text = described(choice).ok_or_else(|| format!("{path}.{name}: no doc comment"))?;
        let (views, steps) =
            text.split_once(STEPS).ok_or_else(|| format!("{path}.{name}: no paragraph `Steps: `"))?;
        let row = format!("{} | {}", as_cell(views), as_cell(steps));
        match rows.last_mut() {
            Some((names, last)) if *last == row => {
                let _ = write!(names, "`, `{name}");
            }
            _ => rows.push((name.clone(), row)),
        }
    }
    let mut text = "| table | views | order of the steps |\n| --- | --- | --- |\n".to_owned();
    for (names, row) in rows {
        let _ = writeln!(text, "| `{names}` | {row} |");
    }
    Ok(text)
}

/// What methods compare, and which do, both in the order of the methods.
fn compared_views(roots: &Roots) -> Result<String, String> {
    let mut rows: Vec<(&str, Vec<String>)> = Vec::new();
    for (method, ..) in resolved(roots, "method.*") {
        let views = roots
            .compared
            .get(&method)
            .ok_or_else(|| format!("{method}: no file of configs/smoke trains with it"))?;
        match rows.iter_mut().find(|(other, _)| other == views) {
            Some((_, methods)) => methods.push(method),
            None => rows.push((views, vec![method])),
        }
    }
    let mut text = "| views of an image | methods |\n| --- | --- |\n".to_owned();
    for (views, methods) in rows {
        let _ = writeln!(text, "| {views} | `{}` |", methods.join("`, `"));
    }
    Ok(text)
}

/// A choice as a file writes it: `fit`, `{ random_crop = { padding } }`, `{ sequence = [...] }`.
fn written(root: &Value, choice: &Value) -> Option<String> {
    if let Some(name) = choice["const"].as_str() {
        return Some(name.to_owned());
    }
    let (name, inner) = choice["properties"].as_object()?.iter().next()?;
    let inner = followed(root, inner);
    if inner["type"] == "array" {
        return Some(format!("{{ {name} = [...] }}"));
    }
    let fields: Vec<&str> = inner["properties"].as_object()?.keys().map(String::as_str).collect();
    Some(format!("{{ {name} = {{ {} }} }}", fields.join(", ")))
}

/// Neighbours that mean the same in one row.
fn joined(rows: Vec<Row>) -> Vec<Row> {
    let mut all: Vec<Row> = Vec::new();
    for row in rows {
        match all.last_mut() {
            Some(last)
                if (&last.meaning, &last.range) == (&row.meaning, &row.range)
                    && last.tables == row.tables =>
            {
                let _ = write!(last.key, "`, `{}", row.key);
            }
            _ => all.push(row),
        }
    }
    all
}

fn markdown(rows: &[Row], names: &[&str], several: bool) -> String {
    let ranges = rows.iter().any(|row| row.range.is_some());
    let headings = [Some("key"), several.then_some("in"), Some("meaning"), ranges.then_some("range")];
    let headings: Vec<_> = headings.into_iter().flatten().collect();
    let mut text = format!("| {} |\n| {} |\n", headings.join(" | "), vec!["---"; headings.len()].join(" | "));
    // Keys without a range, where others have one, are tables of their own.
    for row in rows.iter().filter(|row| row.range.is_some() || !ranges) {
        let _ = write!(text, "| `{}` |", row.key);
        if several {
            let _ = write!(text, " {} |", tables_in_words(&row.tables, names));
        }
        let _ = write!(text, " {} |", row.meaning);
        if let Some(range) = &row.range {
            let _ = write!(text, " {range} |");
        }
        text.push('\n');
    }
    text
}

fn tables_in_words(tables: &[String], names: &[&str]) -> String {
    let quoted = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let others: Vec<&str> =
        names.iter().copied().filter(|name| !tables.iter().any(|table| table == name)).collect();
    if others.is_empty() {
        "all".to_owned()
    } else if others.len() * 2 < tables.len() {
        format!("all but {}", quoted(&others))
    } else {
        quoted(&tables.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

/// The tables that a path names, each with its own name and the schema that its references are of.
fn resolved<'r>(roots: &'r Roots, path: &str) -> Vec<(String, &'r Value, &'r Value)> {
    let (root, path) = match path {
        "ablation" => (&roots.ablation, ""),
        "experiment" => (&roots.experiment, ""),
        path => (&roots.experiment, path),
    };
    let mut found = vec![(String::new(), root)];
    for segment in path.split('.').filter(|segment| !segment.is_empty()) {
        found = found.into_iter().flat_map(|(_, table)| members(root, table, segment)).collect();
    }
    found.into_iter().map(|(name, table)| (name, root, followed(root, table))).collect()
}

/// The member of this name, or each variant; of a list, those of what it lists.
fn members<'r>(root: &'r Value, table: &'r Value, name: &str) -> Vec<(String, &'r Value)> {
    let mut table = followed(root, table);
    if table["type"] == "array" {
        table = followed(root, &table["items"]);
    }
    let variants = table["oneOf"].as_array().into_iter().flatten();
    let all = variants.chain([table]).filter_map(|one| one["properties"].as_object()).flatten();
    all.filter(|(key, _)| name == "*" || *key == name).map(|(key, value)| (key.clone(), value)).collect()
}

/// Behind references, and of several possibilities the table.
fn followed<'r>(root: &'r Value, mut schema: &'r Value) -> &'r Value {
    loop {
        let several = schema["anyOf"].as_array().or(schema["allOf"].as_array());
        if let Some(pointer) = schema["$ref"].as_str() {
            schema = root.pointer(pointer.trim_start_matches('#')).unwrap_or(&Value::Null);
        } else if let Some(one) = several.and_then(|all| all.iter().find(|one| !one["$ref"].is_null())) {
            schema = one;
        } else {
            return schema;
        }
    }
}

/// The keys of a table. One without a range has to be a table or a list of tables, which have their own place.
fn rows_of(
    root: &Value,
    table: &Value,
    prefix: &str,
    flattened: &BTreeSet<&str>,
    used: &mut BTreeSet<String>,
) -> Result<Vec<Row>, String> {
    let required: Vec<&str> =
        table["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = table["properties"].as_object().ok_or("no table of keys")?;
    let ranges = properties.values().any(|schema| described(schema).is_some_and(|text| text.contains(RANGE)));
    let mut rows = Vec::new();
    for (key, schema) in properties {
        let text = described(schema).ok_or_else(|| format!("{prefix}{key}: no doc comment"))?;
        let (meaning, range) = match text.split_once(RANGE) {
            Some((meaning, range)) => (meaning, Some(range.to_owned())),
            None => (&text[..], None),
        };
        if range.is_none() && ranges && followed(root, schema)["type"] != "object" && !is_choice(root, schema)
        {
            return Err(format!("{prefix}{key}: its doc comment has no paragraph `Range: `"));
        }
        // A default that is named says so already, and so does who needs a key that others must not have.
        let words = ["default", "Default", "Needed by"];
        let is_optional =
            !required.contains(&key.as_str()) && !words.iter().any(|word| meaning.contains(word));
        let optional = if is_optional { "*optional*: " } else { "" };
        rows.push(Row {
            key: format!("{prefix}{key}"),
            tables: Vec::new(),
            meaning: format!("{optional}{}", as_cell(meaning)),
            range,
        });
        if flattened.contains(key.as_str()) {
            used.insert(key.clone());
            rows.extend(rows_of(root, followed(root, schema), &format!("{prefix}{key}."), flattened, used)?);
        }
    }
    Ok(rows)
}

/// The doc comment of a key, its paragraphs apart by NUL.
fn described(schema: &Value) -> Option<String> {
    Some(schema["description"].as_str()?.replace("\n\n", "\u{0}").replace('\n', " "))
}

fn is_choice(root: &Value, schema: &Value) -> bool {
    !followed(root, schema)["oneOf"].is_null()
}

/// Sentences whose first letter is small, and without the last full stop.
fn as_cell(text: &str) -> String {
    let text = text.replace('\u{0}', " ");
    let text = text.strip_suffix('.').unwrap_or(&text);
    let mut letters = text.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() && !second.is_ascii_digit() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}
