//! Elements of lists, as `--set` names them: `method.joint.tasks[0].weight`, or `method.joint.tasks.0.weight`.
//!
//! TOML has no such keys. One is written as a key in quotes, `"tasks[0]"`, and merging puts what it holds in the element.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::Fault;
use crate::explain::named;
use crate::source::Sources;

/// The names of a key, an element's number with the list's name; none where it is not made of names.
pub(crate) fn names(key: &str) -> Option<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for part in key.split('.') {
        let is_number = !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
        match names.last_mut().filter(|_| is_number) {
            Some(list) if named(list).1.is_none() => *list = format!("{list}[{part}]"),
            _ if is_bare(part) || element_of(part).is_some() => names.push(part.to_owned()),
            _ => return None,
        }
    }
    Some(names)
}

/// A key of these names in TOML.
pub(crate) fn quoted(names: &[String]) -> String {
    let quoted = |name: &String| if is_bare(name) { name.clone() } else { format!("\"{name}\"") };
    names.iter().map(quoted).collect::<Vec<_>>().join(".")
}

/// The element of this name, in the list that the table has.
pub(crate) fn find<'t, 's>(table: &'t mut DeTable<'s>, name: &str) -> Option<&'t mut Spanned<DeValue<'s>>> {
    let (list, index) = element_of(name)?;
    match table.get_mut(list)?.get_mut() {
        DeValue::Array(values) => values.get_mut(index),
        _ => None,
    }
}

/// One for each element that was named and is not there.
pub(crate) fn missing(beginning: &str, table: &DeTable<'_>, sources: &Sources) -> Vec<Fault> {
    let faults = table.iter().flat_map(|(key, value)| {
        let name = key.get_ref().as_ref();
        let path = format!("{beginning}{name}");
        let Some((list, index)) = element_of(name) else {
            return missing_in(&path, value.get_ref(), sources);
        };
        let message = match table.get(list).map(Spanned::get_ref) {
            Some(DeValue::Array(values)) if values.is_empty() => {
                format!("expected a list {beginning}{list} with elements, found an empty one; give it whole, as TOML")
            }
            Some(DeValue::Array(values)) if index < values.len() => {
                "stands before the argument that brings the list; put it behind that one".to_owned()
            }
            Some(DeValue::Array(values)) => {
                format!("expected an element from 0 to {}, which the list has, found {index}", values.len() - 1)
            }
            _ => format!("expected a list {beginning}{list} to change an element of, found none; give it whole, as TOML"),
        };
        vec![Fault { place: sources.place(key.span().start), key: path, message }]
    });
    faults.collect()
}

fn missing_in(path: &str, value: &DeValue<'_>, sources: &Sources) -> Vec<Fault> {
    match value {
        DeValue::Table(inner) => missing(&format!("{path}."), inner, sources),
        DeValue::Array(values) => {
            let inside = |(index, value): (usize, &Spanned<DeValue<'_>>)| {
                missing_in(&format!("{path}[{index}]"), value.get_ref(), sources)
            };
            values.iter().enumerate().flat_map(inside).collect()
        }
        _ => Vec::new(),
    }
}

/// List and index of a name such as `tasks[0]`.
fn element_of(name: &str) -> Option<(&str, usize)> {
    let (list, index) = name.strip_suffix(']')?.split_once('[')?;
    is_bare(list).then_some((list, index.parse().ok()?))
}

fn is_bare(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_is_named_in_brackets_or_behind_a_dot() {
        let expected = ["tasks[0]", "method", "widths[12]"].map(str::to_owned);
        assert_eq!(names("tasks[0].method.widths[12]").unwrap(), expected);
        assert_eq!(names("tasks.0.method.widths.12").unwrap(), expected);
        assert_eq!(quoted(&expected), "\"tasks[0]\".method.\"widths[12]\"");
        for wrong in ["", "a..b", "a b", "a[", "a[x]", "a[-1]", "[0]", "a[0][1]", "a[0]b"] {
            assert_eq!(names(wrong), None, "{wrong}");
        }
    }
}
