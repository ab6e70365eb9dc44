//! Heads on top of the encoder: widths and batch norm.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::problems::Problems;

/// A projection or prediction head: linear layers, with ReLU between.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Output width of each layer: `[]` is none, one number a linear head, more an MLP with ReLU between (GELU with
    /// `dino`). `swav` and `dino` need one width at least.
    ///
    /// Range: each 1 or above
    pub widths: Vec<u32>,
    /// After which layers batch norm stands; a layer before it has no bias. `false`: none. `true`: every layer, the
    /// last one too (SimCLR's code). `"hidden"`: every layer but the last (BYOL, Barlow Twins, VICReg, SwAV).
    /// `"last_plain"`: every layer, the last without scale and shift (the projectors of SimSiam and MoCo v3).
    ///
    /// Range: `true`, `false`, `"hidden"`, `"last_plain"`
    pub batch_norm: HeadNorm,
}

/// After which layers of a head batch norm stands. A layer before batch norm has no bias.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadNorm {
    /// After none: `false`.
    None,
    /// After every layer, the last one too: `true` (SimCLR's own code).
    All,
    /// After every layer but the last: `"hidden"` (BYOL, Barlow Twins, VICReg, SwAV).
    Hidden,
    /// After every layer, the last without scale and shift: `"last_plain"` (the projectors of SimSiam and MoCo v3).
    LastPlain,
}

impl Head {
    pub(super) fn check(&self, key: &str, problems: &mut Problems) {
        let wide = self.widths.iter().all(|width| *width >= 1);
        problems.require(wide, &format!("{key}.widths"), &self.widths, "widths of at least 1");
    }
}

const EXPECTED: &str = "true, false, \"hidden\" or \"last_plain\"";

impl Serialize for HeadNorm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => serializer.serialize_bool(false),
            Self::All => serializer.serialize_bool(true),
            Self::Hidden => serializer.serialize_str("hidden"),
            Self::LastPlain => serializer.serialize_str("last_plain"),
        }
    }
}

impl<'de> Deserialize<'de> for HeadNorm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words;
        impl Visitor<'_> for Words {
            type Value = HeadNorm;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(EXPECTED)
            }

            fn visit_bool<E: Error>(self, all: bool) -> Result<HeadNorm, E> {
                Ok(if all { HeadNorm::All } else { HeadNorm::None })
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<HeadNorm, E> {
                match word {
                    "hidden" => Ok(HeadNorm::Hidden),
                    "last_plain" => Ok(HeadNorm::LastPlain),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Str(word), &self)),
                }
            }
        }
        deserializer.deserialize_any(Words)
    }
}
