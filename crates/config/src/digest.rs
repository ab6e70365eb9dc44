//! The digest: which experiments are the same but for the seed and the machine.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::Experiment;

/// Keys that no weight follows from: where a run takes place and its images lie, how often it is saved, how it is judged.
/// The seed stands in the run's name beside the digest.
const WITHOUT: [(Option<&str>, &str); 7] = [
    (None, "seed"),
    (None, "run"),
    (None, "eval"),
    (Some("data"), "root"),
    (Some("train"), "feed"),
    (Some("train"), "keep"),
    (Some("train"), "checkpoint_every"),
];

/// The digest of the experiment under no name.
pub(crate) fn digest_but_name(experiment: &Experiment) -> String {
    digest(&Experiment { name: String::new(), ..experiment.clone() })
}

/// SHA-256 in hex of the experiment as canonical JSON (keys sorted, no spaces), without what no weight follows from.
pub(crate) fn digest(experiment: &Experiment) -> String {
    let mut text = String::new();
    // Infallible: the experiment has string keys and, once checked, finite numbers only.
    let mut value = serde_json::to_value(experiment).unwrap_or_default();
    for (table, key) in WITHOUT {
        let table = match table {
            Some(name) => value.get_mut(name),
            None => Some(&mut value),
        };
        if let Some(table) = table.and_then(Value::as_object_mut) {
            table.remove(key);
        }
    }
    // Files to begin from are known by their SHA-256, wherever they lie.
    for network in ["encoder", "text_encoder"] {
        let networks = value.get_mut(network).and_then(Value::as_object_mut).into_iter().flatten();
        for (_, network) in networks {
            without_file(network.get_mut("weights"));
        }
    }
    without_file(value.get_mut("texts").and_then(|texts| texts.get_mut("tokenizer")));
    write_canonical(&value, &mut text);
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// A file without its place.
fn without_file(known: Option<&mut Value>) {
    if let Some(known) = known.and_then(Value::as_object_mut) {
        known.remove("file");
    }
}

/// Sorts keys itself, since serde_json keeps the order of insertion when another crate asks it to.
fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(table) => {
            let mut entries: Vec<_> = table.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_str());
            text.push('{');
            for (index, (key, value)) in entries.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push(':');
                write_canonical(value, text);
            }
            text.push('}');
        }
        Value::Array(values) => {
            text.push('[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_canonical(value, text);
            }
            text.push(']');
        }
        plain => text.push_str(&plain.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_json_sorts_keys_at_every_depth() {
        let mut text = String::new();
        write_canonical(&serde_json::json!({"b": [1, {"d": 0.5, "c": "x"}], "a": null}), &mut text);
        assert_eq!(text, r#"{"a":null,"b":[1,{"c":"x","d":0.5}]}"#);
    }
}
