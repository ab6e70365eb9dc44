//! Elements of lists that were named and are not there.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::elements::element_of;
use crate::error::Fault;
use crate::source::Sources;

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
