//! `data.mean` and `data.std`: a number for each channel, or measured on the images.

use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a file writes for values that are measured.
const MEASURED: &str = "measured";

/// A number for each channel, or word that they are measured on the training images when a run begins.
#[derive(Clone, Default, PartialEq)]
pub enum ChannelValues {
    /// Measured when a run begins.
    #[default]
    Measured,
    /// As the file has them.
    Given(Vec<f64>),
}

impl ChannelValues {
    /// The numbers, where the file has them.
    pub fn given(&self) -> Option<&[f64]> {
        match self {
            Self::Measured => None,
            Self::Given(values) => Some(values),
        }
    }

    /// Whether they are to be measured.
    pub fn is_measured(&self) -> bool {
        self.given().is_none()
    }
}

/// As the file writes them.
impl fmt::Debug for ChannelValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Measured => write!(f, "{MEASURED:?}"),
            Self::Given(values) => values.fmt(f),
        }
    }
}

impl Serialize for ChannelValues {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Measured => serializer.serialize_str(MEASURED),
            Self::Given(values) => values.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ChannelValues {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Values;
        impl<'de> Visitor<'de> for Values {
            type Value = ChannelValues;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of numbers, one a channel, or \"measured\"")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                if text == MEASURED {
                    return Ok(ChannelValues::Measured);
                }
                Err(E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = list.next_element()? {
                    values.push(value);
                }
                Ok(ChannelValues::Given(values))
            }
        }
        deserializer.deserialize_any(Values)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for ChannelValues {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ChannelValues".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "anyOf": [
            { "type": "array", "items": { "type": "number" }, "minItems": 1, "maxItems": 4 },
            { "const": MEASURED }
        ] })
    }
}
