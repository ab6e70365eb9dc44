//! Serde's messages in the words of a user, with key and place.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::Fault;
use crate::load::CHOICES;
use crate::source::Sources;

/// The fault behind an error, and the path of the key where it is merely unknown.
pub(crate) fn explain(
    error: &toml::de::Error,
    table: &DeTable<'_>,
    sources: &Sources,
) -> (Fault, Option<Vec<String>>) {
    let span = error.span().unwrap_or_default();
    let mut path = path_of(table, &span).unwrap_or_default();
    let place = sources.place(span.start);
    let message = with_hint(error.message(), &path, table, sources);
    if let Some(missing) = quoted(error.message(), "missing field").first() {
        path.push((*missing).to_owned());
    }
    let unknown = error.message().starts_with("unknown field").then(|| path.clone());
    (Fault { place, key: path.join("."), message }, unknown)
}

/// The message, and where else the key stands that is not known here.
fn with_hint(message: &str, path: &[String], table: &DeTable<'_>, sources: &Sources) -> String {
    let unknown = message.starts_with("unknown field");
    let [.., last] = path else { return in_words(message) };
    if unknown {
        let elsewhere = places(table, last, &path.join("."));
        return match &elsewhere[..] {
            [] => in_words(message),
            keys => format!("unknown key here; did you mean {}?", listed(keys)),
        };
    }
    let choices = quoted(message, "unknown variant");
    let ([found, choices @ ..], [choice, _]) = (&choices[..], path) else { return in_words(message) };
    if !CHOICES.contains(&choice.as_str()) {
        return in_words(message);
    }
    // The sources that chose a variant before this one replaced it.
    let chosen = sources.tables().flatten().filter_map(|source| {
        let DeValue::Table(variants) = source.get(choice.as_str())?.get_ref() else { return None };
        let holds = |variant: &&str| match variants.get(*variant).map(Spanned::get_ref) {
            Some(DeValue::Table(keys)) => keys.contains_key(*found),
            _ => false,
        };
        choices.iter().copied().find(holds).map(|variant| format!("{choice}.{variant}.{found}"))
    });
    match chosen.last() {
        Some(key) => {
            format!("`{found}` is a key of the chosen {choice}, not one of its kinds; did you mean `{key}`?")
        }
        None => in_words(message),
    }
}

/// Where a key of this name stands below the root, those nearest to it, but for the unknown one itself.
fn places(table: &DeTable<'_>, name: &str, unknown: &str) -> Vec<String> {
    let mut level = tables_in("", table);
    while !level.is_empty() {
        let holding = level.iter().filter(|(_, table)| table.contains_key(name));
        let mut here: Vec<_> = holding.map(|(path, _)| format!("{path}{name}")).collect();
        here.retain(|key| key != unknown);
        if !here.is_empty() {
            return here;
        }
        level = level.iter().flat_map(|(path, table)| tables_in(path, table)).collect();
    }
    Vec::new()
}

/// The tables inside one, each behind the beginning of its keys.
fn tables_in<'t, 's>(beginning: &str, table: &'t DeTable<'s>) -> Vec<(String, &'t DeTable<'s>)> {
    let inner = table.iter().filter_map(|(key, value)| match value.get_ref() {
        DeValue::Table(inner) => Some((format!("{beginning}{}.", key.get_ref()), inner)),
        _ => None,
    });
    inner.collect()
}

/// The key that has this span or, failing that, the innermost whose value holds it.
fn path_of(table: &DeTable<'_>, span: &Range<usize>) -> Option<Vec<String>> {
    let exact = find(table, &|key, value| key == span || value == span);
    exact.or_else(|| find(table, &|_, value| value.contains(&span.start) && span.end <= value.end))
}

type Fits<'f> = &'f dyn Fn(&Range<usize>, &Range<usize>) -> bool;

fn find(table: &DeTable<'_>, fits: Fits<'_>) -> Option<Vec<String>> {
    table.iter().find_map(|(key, value)| {
        let name = || vec![key.get_ref().to_string()];
        let inside = find_inside(value.get_ref(), fits).map(|path| [name(), path].concat());
        inside.or_else(|| fits(&key.span(), &value.span()).then(name))
    })
}

fn find_inside(value: &DeValue<'_>, fits: Fits<'_>) -> Option<Vec<String>> {
    match value {
        DeValue::Table(table) => find(table, fits),
        DeValue::Array(values) => values.iter().find_map(|value| find_inside(value.get_ref(), fits)),
        _ => None,
    }
}

fn in_words(message: &str) -> String {
    let unknown_key = quoted(message, "unknown field");
    if let [found, valid @ ..] = unknown_key.as_slice() {
        return format!("unknown key{} Valid keys here: {}", meant(found, valid), listed(valid));
    }
    let unknown_choice = quoted(message, "unknown variant");
    if let [found, valid @ ..] = unknown_choice.as_slice() {
        return format!("`{found}` is no choice{} Choices: {}", meant(found, valid), listed(valid));
    }
    if !quoted(message, "missing field").is_empty() {
        return "this key is missing and has no default; write it, or extend a file that does".to_owned();
    }
    if message.starts_with("wanted exactly 1 element") {
        return "expected one table inside that names the variant, found none".to_owned();
    }
    for kind in ["invalid type: ", "invalid value: ", "invalid length "] {
        if let Some((found, expected)) = message.strip_prefix(kind).and_then(|m| m.split_once(", expected "))
        {
            let found =
                if kind == "invalid length " { format!("a length of {found}") } else { found.to_owned() };
            return format!("expected {}, found {}", kind_in_words(expected), variant_in_words(&found));
        }
    }
    message.trim().to_owned()
}

/// The words between backticks of a message that begins in this way.
fn quoted<'m>(message: &'m str, beginning: &str) -> Vec<&'m str> {
    if message.starts_with(beginning) { message.split('`').skip(1).step_by(2).collect() } else { Vec::new() }
}

fn listed(names: &[impl std::fmt::Display]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn meant(found: &str, valid: &[&str]) -> String {
    let nearest = valid.iter().map(|name| (distance(found, name), *name)).min();
    match nearest {
        Some((steps, name)) if steps <= found.len().div_ceil(2).min(3) => format!("; did you mean `{name}`?"),
        _ => ".".to_owned(),
    }
}

fn kind_in_words(expected: &str) -> &str {
    match expected {
        "u32" | "u64" | "usize" => "a whole number, 0 or above",
        "f64" => "a number",
        "a boolean" => "true or false",
        "path string" => "a path as a string",
        "newtype variant" => "a table of settings",
        _ if expected.starts_with("struct ") => "a table",
        _ => expected,
    }
}

fn variant_in_words(found: &str) -> &str {
    match found {
        "unit variant" => "only the variant's name",
        "map" => "a table",
        "sequence" => "an array",
        _ => found,
    }
}

/// Levenshtein's distance: how many letters are added, dropped or changed.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_letters() {
        assert_eq!(distance("temprature", "temperature"), 1);
        assert_eq!(distance("bach", "batch"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("same", "same"), 0);
    }

    #[test]
    fn a_far_name_is_not_suggested() {
        assert_eq!(meant("colour", &["batch", "epochs"]), ".");
        assert_eq!(meant("epoch", &["batch", "epochs"]), "; did you mean `epochs`?");
    }
}
