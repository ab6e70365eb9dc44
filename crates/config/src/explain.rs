//! Serde's messages in the words of a user, with key and place.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::choices::CHOICES;
use crate::elements::named;
use crate::error::Fault;
use crate::phrases::{in_words, listed, meant, quoted, slip, unknown};
use crate::renamed::renamed;
use crate::shape::{in_quotes, meant_shape};
use crate::source::Sources;

/// A key that its table does not have.
pub(crate) struct UnknownKey {
    /// The names that lead to it.
    pub(crate) path: Vec<String>,
    /// The keys that its table has.
    pub(crate) valid: Vec<String>,
}

/// The fault behind an error, and the key where it is merely unknown.
pub(crate) fn explain(
    error: &toml::de::Error,
    table: &DeTable<'_>,
    sources: &Sources,
) -> (Fault, Option<UnknownKey>) {
    let span = error.span().unwrap_or_default();
    let mut path = path_of(table, &span).unwrap_or_default();
    let place = sources.place(span.start);
    let mut message = with_hint(error.message(), &path, table, sources);
    if let Some(value) = value_at(table, &path) {
        message.extend(in_quotes(error.message(), &path, value, place.as_ref()));
    }
    if let Some(missing) = quoted(error.message(), "missing field").first() {
        path.push((*missing).to_owned());
    }
    let unknown = match &unknown(error.message())[..] {
        [_, valid @ ..] => {
            Some(UnknownKey { path: path.clone(), valid: valid.iter().map(ToString::to_string).collect() })
        }
        [] => None,
    };
    (Fault { place, key: path.join("."), message }, unknown)
}

/// The message, and where else the key stands that is not known here.
fn with_hint(message: &str, path: &[String], table: &DeTable<'_>, sources: &Sources) -> String {
    if let Some(words) = value_at(table, path).and_then(|value| meant_shape(message, path, value)) {
        return words;
    }
    if let [found, valid @ ..] = &unknown(message)[..] {
        return unknown_key(found, valid, path, table);
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

/// In words, for a key that is not among those of its table.
pub(crate) fn unknown_key(found: &str, valid: &[&str], path: &[String], table: &DeTable<'_>) -> String {
    if let Some(new) = renamed(path) {
        return format!("this key is called `{new}` now");
    }
    let last = path.last().map_or(found, String::as_str);
    // A slip of one letter is of a key here, whatever stands elsewhere.
    let elsewhere = if slip(found, valid) { Vec::new() } else { places(table, last, &path.join(".")) };
    match &elsewhere[..] {
        [] => format!("unknown key{} Valid keys here: {}", meant(found, valid), listed(valid)),
        keys => format!("unknown key here; did you mean {}?", listed(keys)),
    }
}

/// Where a key of this name stands below the root, those nearest to it, but for the unknown one itself and the tables
/// that it stands in.
fn places(table: &DeTable<'_>, name: &str, unknown: &str) -> Vec<String> {
    let mut level = tables_in("", table);
    while !level.is_empty() {
        let holding = level.iter().filter(|(_, table)| table.contains_key(name));
        let mut here: Vec<_> = holding.map(|(path, _)| format!("{path}{name}")).collect();
        here.retain(|key| !format!("{unknown}.").starts_with(&format!("{key}.")));
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

/// A table inside an array is a part of the key that names the array: `view[1]`.
fn find(table: &DeTable<'_>, fits: Fits<'_>) -> Option<Vec<String>> {
    table.iter().find_map(|(key, value)| {
        let inside = find_inside(key.get_ref(), value.get_ref(), fits);
        inside.or_else(|| fits(&key.span(), &value.span()).then(|| vec![key.get_ref().to_string()]))
    })
}

fn find_inside(name: &str, value: &DeValue<'_>, fits: Fits<'_>) -> Option<Vec<String>> {
    match value {
        DeValue::Table(table) => find(table, fits).map(|path| [vec![name.to_owned()], path].concat()),
        DeValue::Array(values) => values.iter().enumerate().find_map(|(index, value)| {
            let name = format!("{name}[{index}]");
            let inside = find_inside(&name, value.get_ref(), fits);
            inside.or_else(|| fits(&value.span(), &value.span()).then(|| vec![name]))
        }),
        _ => None,
    }
}

/// What a path leads to.
fn value_at<'t, 's>(table: &'t DeTable<'s>, path: &[String]) -> Option<&'t DeValue<'s>> {
    let (first, rest) = path.split_first()?;
    let (name, index) = named(first);
    let value = table.get(name)?.get_ref();
    let value = if let Some(index) = index { value.get(index)?.get_ref() } else { value };
    match (rest, value) {
        ([], _) => Some(value),
        (_, DeValue::Table(inner)) => value_at(inner, rest),
        _ => None,
    }
}
