//! A file that a run is begun with, known by its content wherever it lies.

use std::fmt;
use std::path::PathBuf;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::problems::Problems;
use crate::weights::sha256;

/// A file and its SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct KnownFile {
    /// The file, relative to the folder in which the command runs.
    pub file: PathBuf,
    /// SHA-256 of the file in hex. Loading enters it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

impl KnownFile {
    /// Enters the SHA-256 of the file, where it is not known; `what` says what it holds.
    pub(crate) fn identify(&mut self, key: &str, what: &str, problems: &mut Problems) {
        if self.sha256.is_some() {
            return;
        }
        match sha256(&self.file) {
            Ok(found) => self.sha256 = Some(found),
            Err(error) => {
                let expected = format!(
                    "a file of {what} that can be read, and the system says: {error}; check the path, which is relative to the \
                     folder in which the command runs"
                );
                problems.require(false, key, &self.file, &expected);
            }
        }
    }
}

/// Reports what is no SHA-256.
pub(crate) fn check_sha256(key: &str, sha256: Option<&str>, problems: &mut Problems) {
    let Some(sha256) = sha256 else { return };
    let fits = sha256.len() == 64 && sha256.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
    let expected = "64 hexadecimal digits in lower case, the SHA-256 of the file";
    problems.require(fits, &format!("{key}.sha256"), &sha256, expected);
}

/// A path, or a table.
pub(crate) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<KnownFile, D::Error> {
    deserializer.deserialize_any(PathOrTable)
}

/// The same of a key that may be left out.
pub(crate) fn read_some<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<KnownFile>, D::Error> {
    read(deserializer).map(Some)
}

/// By hand, since an untagged enum would lose line and column of what is wrong inside.
struct PathOrTable;

impl<'de> Visitor<'de> for PathOrTable {
    type Value = KnownFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a file")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(KnownFile { file: text.into(), sha256: None })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        KnownFile::deserialize(MapAccessDeserializer::new(map))
    }
}

/// A path, or a table.
#[cfg(feature = "schema")]
pub(crate) fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let table = generator.subschema_for::<KnownFile>();
    schemars::json_schema!({ "anyOf": [{ "type": "string" }, table] })
}
