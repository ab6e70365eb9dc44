//! Arguments of `--set key.path=value`: the value is TOML, else a string.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::elements;
use crate::error::ConfigError;

/// The argument as a TOML document of one key.
pub(crate) fn as_toml(argument: &str) -> Result<String, ConfigError> {
    let refuse = |message: &str| {
        Err(ConfigError::Argument { argument: argument.to_owned(), message: message.to_owned() })
    };
    let Some((key, value)) = argument.split_once('=') else {
        return refuse("expected key.path=value, such as train.epochs=5");
    };
    let (key, value) = (key.trim(), value.trim());
    let Some(names) = elements::names(key) else {
        return refuse("expected names joined by dots before the `=`, such as train.epochs=5");
    };
    if value.is_empty() {
        return refuse("expected a value after the `=`; an empty string is written ''");
    }
    let key = elements::quoted(&names);
    let document = format!("{key} = {value}");
    if DeTable::parse(&document).is_ok_and(|table| is_one_key(table.get_ref(), &names)) {
        return Ok(document);
    }
    Ok(format!("{key} = {}", toml::Value::from(value)))
}

/// Whether the document holds the key of these names and nothing beside it.
fn is_one_key(table: &DeTable<'_>, names: &[String]) -> bool {
    let Some((first, rest)) = names.split_first() else { return false };
    match table.get(first.as_str()).map(Spanned::get_ref) {
        Some(_) if table.len() != 1 => false,
        Some(DeValue::Table(inner)) if !rest.is_empty() => is_one_key(inner, rest),
        found => found.is_some() && rest.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_toml_where_it_can_be() {
        assert_eq!(as_toml("train.batch=64").unwrap(), "train.batch = 64");
        assert_eq!(as_toml("a.b = [1, 2]").unwrap(), "a.b = [1, 2]");
    }

    #[test]
    fn a_value_that_is_no_toml_is_a_string() {
        assert_eq!(as_toml("name=quick").unwrap(), "name = \"quick\"");
        assert_eq!(as_toml("run.device=cuda:1").unwrap(), "run.device = \"cuda:1\"");
        assert_eq!(as_toml("data.root=/a=b").unwrap(), "data.root = \"/a=b\"");
    }

    #[test]
    fn an_element_of_a_list_is_a_key_in_quotes() {
        assert_eq!(as_toml("a.b[1].c=2").unwrap(), "a.\"b[1]\".c = 2");
        assert_eq!(as_toml("a.b.1.c=d").unwrap(), "a.\"b[1]\".c = \"d\"");
    }

    #[test]
    fn a_value_cannot_bring_further_keys() {
        assert_eq!(as_toml("seed=1\nname=2").unwrap(), "seed = \"\"\"\n1\nname=2\"\"\"");
    }
}
