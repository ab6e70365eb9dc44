//! A value of another shape than its key's: how it was written, and how it is meant.

use toml::de::DeValue;

use crate::location::Location;
use crate::phrases::{listed, unknown};
use crate::views::Transform;

/// In words, for the value at a path; none where the message is about something else.
pub(crate) fn meant_shape(message: &str, path: &[String], value: &DeValue<'_>) -> Option<String> {
    let last = path.last()?;
    if message.starts_with("wanted exactly 1 element") {
        return Some(one_of_many(value));
    }
    if message.starts_with("expected empty table") || message.starts_with("expected table, found") {
        return Some(format!(
            "this step has no settings; write \"{last}\" alone, and for a part of the views only \
             {{ random_apply = {{ probability = 0.5, steps = [\"{last}\"] }} }}"
        ));
    }
    if message.starts_with("invalid type: unit variant") {
        let name = value.as_str()?;
        return Some(format!("expected {}, found only the name \"{name}\"", table_of(name)));
    }
    if message.starts_with("wanted string or table") {
        let found = value.type_str();
        return Some(match last.as_str() {
            "filling" => format!("expected \"noise\" or {{ value = 0.5 }}, found {}", shown(value)),
            _ => format!("expected a name or a table of one name, found {found} {}", shown(value)),
        });
    }
    if message.starts_with("invalid type: ") && !matches!(value, DeValue::Table(_) | DeValue::Array(_)) {
        let example = match last.as_str() {
            "widths" => "an array with a width for each layer, such as [512, 128]",
            "momentum" if path[0] == "method" => {
                "a table such as { base = 0.99, final = 1.0 }, alike where it is constant"
            }
            "projector" | "predictor" => "a table such as { widths = [512, 128], batch_norm = false }",
            "lr" if path[0] == "eval" => "a table such as { linear = 0.001, mlp = 0.1, conv = 0.1 }",
            "lr" => "a table such as { base = 0.06, per = 256 }",
            _ => return None,
        };
        return Some(format!("expected {example}, found {}", shown(value)));
    }
    message.starts_with("invalid type: map, expected a sequence").then(|| {
        // A struct is read from an array too, field by field: this one was written with a bracket too many.
        let list = match path.join(".") {
            key if key == "views.custom[0]" => "views.custom.view".to_owned(),
            key => key,
        };
        format!(
            "expected an array, found a table; two brackets on each side, [[{list}]], begin one of several"
        )
    })
}

/// How a plain value is written where a string is wanted, as an argument for the shell if it was one.
pub(crate) fn in_quotes(
    message: &str,
    path: &[String],
    value: &DeValue<'_>,
    place: Option<&Location>,
) -> Option<String> {
    let wanted = message.rsplit_once(", expected ")?.1.trim();
    let plain = !matches!(value, DeValue::String(_) | DeValue::Table(_) | DeValue::Array(_));
    if !plain || !["a string", "path string", "string"].contains(&wanted) {
        return None;
    }
    let text = shown(value);
    match place {
        Some(Location::Argument(argument)) => {
            let (key, found) = argument.split_once('=')?;
            let whole = found.trim() == text;
            let key = if whole { key.trim().to_owned() } else { path.join(".") };
            Some(format!("; put it in quotes: --set '{key}=\"{text}\"'"))
        }
        _ => Some(format!("; put it in quotes: \"{text}\"")),
    }
}

/// A table that names several variants, or none.
fn one_of_many(value: &DeValue<'_>) -> String {
    let DeValue::Table(table) = value else { return "expected a table of one key".to_owned() };
    let mut keys: Vec<_> = table.keys().collect();
    keys.sort_by_key(|key| key.span().start);
    let names: Vec<_> = keys.iter().map(|key| key.get_ref()).collect();
    if names.is_empty() {
        return "expected one key inside that names the variant, found none".to_owned();
    }
    let apart: Vec<_> = names.iter().map(|name| format!("{{ {name} = ... }}")).collect();
    format!(
        "expected one key in a table, found {}; give each a table of its own: {}",
        listed(&names),
        apart.join(", ")
    )
}

/// How a step with settings is written.
fn table_of(name: &str) -> String {
    match name {
        "sequence" => "{ sequence = [...] }".to_owned(),
        "one_of" => "{ one_of = [{ weight, step }, ...] }".to_owned(),
        _ => match settings(name) {
            keys if keys.is_empty() => format!("{{ {name} = ... }}"),
            keys => format!("{{ {name} = {{ {} }} }}", keys.join(", ")),
        },
    }
}

/// The keys of a step, which serde names where it meets one that is not among them.
fn settings(name: &str) -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct One {
        #[allow(dead_code, reason = "only the refusal is read")]
        step: Transform,
    }
    let refused = toml::from_str::<One>(&format!("step = {{ {name} = {{ \"?\" = 0 }} }}"));
    let Err(error) = refused.map(|One { .. }| ()) else { return Vec::new() };
    unknown(error.message()).into_iter().skip(1).map(str::to_owned).collect()
}

/// A plain value as a file writes it.
fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("{text:?}"),
        DeValue::Integer(number) => number.as_str().to_owned(),
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(truth) => truth.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Array(_) | DeValue::Table(_) => String::new(),
    }
}
