//! `weights` of an encoder: the file that training begins from, in place of drawn weights.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};

use crate::known_file::check_sha256;
use crate::problems::Problems;

/// What a file writes for drawn weights, which undoes those of a base.
const RANDOM: &str = "random";
/// Bytes that are read at once.
const BUFFER: usize = 1 << 20;

/// The file that training begins from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Weights {
    /// The file, relative to the folder in which the command runs.
    pub file: PathBuf,
    /// Which of the file's encoders, where it holds several, by the name that `kontrast inspect` shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tower: Option<String>,
    /// Whether heads of a checkpoint of Kontrast that have the method's names and shapes are taken too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub heads: bool,
    /// SHA-256 of the file in hex: which weights these are, wherever the file lies. Loading enters it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

impl Weights {
    /// In words: `weights moco.pth`.
    pub fn in_words(&self) -> String {
        let heads = if self.heads { " with its heads" } else { "" };
        format!("weights {}{heads}", kontrast_runlog::human::printable(self.file.display()))
    }

    /// Reports what is out of range; `key` names the value.
    pub(crate) fn check(&self, key: &str, problems: &mut Problems) {
        check_sha256(key, self.sha256.as_deref(), problems);
    }

    /// Enters the SHA-256 of the file, where it is not known: that of a run's own `config.toml` is, so that the run goes on
    /// without the file.
    pub(crate) fn identify(&mut self, key: &str, problems: &mut Problems) {
        if self.sha256.is_some() {
            return;
        }
        match sha256(&self.file) {
            Ok(found) => self.sha256 = Some(found),
            Err(error) => {
                let expected = format!(
                    "a file of weights that can be read, and the system says: {error}; check the path, which is relative to the \
                     folder in which the command runs. A run that began from such a file goes on without it by the config.toml \
                     of its directory"
                );
                problems.require(false, key, &self.file, &expected);
            }
        }
    }
}

/// SHA-256 of a file in hex.
///
/// # Errors
/// Where it cannot be read.
pub fn sha256(file: &Path) -> io::Result<String> {
    let (mut file, mut hash, mut buffer) = (File::open(file)?, Sha256::new(), vec![0; BUFFER]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex::encode(hash.finalize())),
            count => hash.update(&buffer[..count]),
        }
    }
}

/// A path, a table, or `"random"` for none.
pub(crate) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Weights>, D::Error> {
    deserializer.deserialize_any(PathOrTable)
}

/// By hand, since an untagged enum would lose line and column of what is wrong inside.
struct PathOrTable;

impl<'de> Visitor<'de> for PathOrTable {
    type Value = Option<Weights>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a file, \"random\", or a table such as { file = \"moco.pth\", heads = true }")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        let file = PathBuf::from(text);
        Ok((text != RANDOM).then_some(Weights { file, tower: None, heads: false, sha256: None }))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Weights::deserialize(MapAccessDeserializer::new(map)).map(Some)
    }
}

/// A path, or a table.
#[cfg(feature = "schema")]
pub(crate) fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let table = generator.subschema_for::<Weights>();
    schemars::json_schema!({ "anyOf": [{ "type": "string" }, table] })
}
