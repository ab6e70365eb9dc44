//! The JSON Schema (draft 7) of what a file may say, from the types that read it. An editor that knows it completes keys
//! and marks mistakes.
//!
//! A file may leave anything to its base, so no key is required; but a choice such as `[encoder.resnet18]` names one.
//! What a value may be beyond its type, and how keys fit together, loading checks.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use crate::optimizer::LrTable;
use crate::{Ablation, Background, Device, Experiment, HeadNorm, Lr, ViewSize};

/// The schema of an experiment file.
pub fn experiment() -> Value {
    of_file::<Experiment>()
}

/// The schema of an ablation file.
pub fn ablation() -> Value {
    of_file::<Ablation>()
}

/// The schema of a file that may change another.
fn of_file<T: JsonSchema>() -> Value {
    let mut schema = typed::<T>();
    loosen(&mut schema, false);
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        let words = "The file that this one changes, relative to this one.";
        properties.insert("extends".to_owned(), json!({ "type": "string", "description": words }));
    }
    schema
}

/// The schema of a type, before required keys are taken out.
pub fn typed<T: JsonSchema>() -> Value {
    SchemaSettings::draft07().into_generator().into_root_schema_for::<T>().to_value()
}

/// Takes out what TOML has not (null, formats of numbers) and what a base may bring (required keys).
fn loosen(value: &mut Value, is_choice: bool) {
    match value {
        Value::Object(map) => loosen_object(map, is_choice),
        Value::Array(list) => list.iter_mut().for_each(|value| loosen(value, false)),
        _ => {}
    }
}

fn loosen_object(map: &mut Map<String, Value>, is_choice: bool) {
    if !is_choice {
        map.remove("required");
    }
    map.remove("format");
    // Only `[run]` and a few switches have defaults, and their descriptions name them.
    map.remove("default");
    if let Some(Value::Array(types)) = map.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [one] = &types[..] {
            let one = one.clone();
            map.insert("type".to_owned(), one);
        }
    }
    if let Some(Value::Array(any)) = map.get_mut("anyOf") {
        any.retain(|schema| schema["type"] != "null");
    }
    if let Some(Value::String(text)) = map.get_mut("description") {
        *text = paragraphs(text);
    }
    for (key, value) in map.iter_mut() {
        match value {
            Value::Array(list) if key == "oneOf" => list.iter_mut().for_each(|one| loosen(one, true)),
            // Their names are keys of files, not of the schema.
            Value::Object(named) if key == "properties" || key == "definitions" => {
                named.values_mut().for_each(|value| loosen(value, false));
            }
            value => loosen(value, false),
        }
    }
}

/// The lines of a doc comment, joined to paragraphs.
fn paragraphs(text: &str) -> String {
    text.split("\n\n").map(|paragraph| paragraph.replace('\n', " ")).collect::<Vec<_>>().join("\n\n")
}

macro_rules! by_hand {
    ($($type:ident($generator:ident) => $schema:expr;)*) => {
        $(impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema($generator: &mut SchemaGenerator) -> Schema {
                $schema
            }
        })*
    };
}

by_hand! {
    Lr(generator) => {
        let table = generator.subschema_for::<LrTable>();
        json_schema!({ "anyOf": [{ "type": "number" }, table] })
    };
    ViewSize(_generator) => json_schema!({ "anyOf": [
        { "type": "integer", "minimum": 8, "maximum": 8192 },
        { "type": "array", "items": { "type": "integer", "minimum": 8, "maximum": 8192 }, "minItems": 2, "maxItems": 2 },
    ] });
    HeadNorm(_generator) => json_schema!({ "enum": [true, false, "hidden", "last_plain"] });
    Device(_generator) => json_schema!({ "type": "string", "pattern": "^(auto|cpu|cuda(:[0-9]+)?)$" });
    Background(_generator) => json_schema!({ "anyOf": [
        { "type": "string", "pattern": "^(white|black|#[0-9a-fA-F]{6})$" },
        { "type": "array", "items": { "type": "integer", "minimum": 0, "maximum": 255 }, "minItems": 3, "maxItems": 3 },
    ] });
}
