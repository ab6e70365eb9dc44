//! Elements of lists, as `--set` names them: `method.joint.tasks[0].weight`, or `method.joint.tasks.0.weight`.
//!
//! TOML has no such keys. One is written as a key in quotes, `"tasks[0]"`, and merging puts what it holds in the element.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

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

/// Name and index of a part of a key, such as `view[1]`.
pub(crate) fn named(part: &str) -> (&str, Option<usize>) {
    let (name, index) = part.trim_end_matches(']').split_once('[').unwrap_or((part, ""));
    (name, index.parse().ok())
}

/// List and index of a name such as `tasks[0]`.
pub(crate) fn element_of(name: &str) -> Option<(&str, usize)> {
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
