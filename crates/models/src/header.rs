//! What a file of encoders says of itself.

use crate::{ArtifactError, Encoder, EncoderSpec, TextTower};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The version of the header that is written, and the newest that is read.
pub(crate) const VERSION: u32 = 1;

/// What a file says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// Version of this header.
    version: u32,
    /// What trained the encoders.
    pub method: String,
    /// Digest of the configuration of the run.
    pub digest: String,
    /// The encoders, the one that evaluation reads first.
    pub towers: Vec<Tower>,
    /// What is done to an image before it is encoded; none where the file does not say.
    pub preprocessing: Option<Preprocessing>,
    /// The text encoder, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub texts: Option<TextTower>,
}

/// One encoder of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tower {
    /// Its name.
    pub name: String,
    /// What the names of its tensors begin with, before a dot; nothing where they stand alone.
    pub prefix: String,
    /// Its architecture.
    pub encoder: EncoderSpec,
}

/// What is done to an image before it is encoded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preprocessing {
    /// Width and height in pixels of the views that it was trained on.
    pub size: (usize, usize),
    /// Mean of each channel, as the experiment file writes it.
    pub mean: Vec<f64>,
    /// Standard deviation of each channel.
    pub std: Vec<f64>,
    /// Colour space of mean and std: `rgb`, `lab` or `ycbcr`.
    pub color_space: String,
}

impl Header {
    /// Key of the header in the metadata of a safetensors file.
    pub const KEY: &'static str = "kontrast.artifact";

    /// Of the encoders that a method trains, whose tensors stand under `prefix` and their names. Encoders that are not
    /// of this crate have no architecture to be named by, and are left out.
    pub fn new<'a>(
        prefix: &str,
        encoders: impl IntoIterator<Item = (&'static str, &'a dyn Encoder)>,
        (method, digest): (&str, &str),
        preprocessing: Preprocessing,
    ) -> Self {
        let tower = |(name, encoder): (&'static str, &'a dyn Encoder)| {
            Some(Tower {
                name: name.to_owned(),
                prefix: format!("{prefix}.{name}"),
                encoder: encoder.spec()?,
            })
        };
        Self {
            version: VERSION,
            method: method.to_owned(),
            digest: digest.to_owned(),
            towers: encoders.into_iter().filter_map(tower).collect(),
            preprocessing: Some(preprocessing),
            texts: None,
        }
    }

    /// The same with a text encoder.
    #[must_use]
    pub fn with_texts(self, texts: TextTower) -> Self {
        Self { texts: Some(texts), ..self }
    }

    /// Of one encoder, named `encoder`, whose tensors stand alone.
    pub fn of_encoder(
        encoder: EncoderSpec,
        (method, digest): (&str, &str),
        preprocessing: Preprocessing,
    ) -> Self {
        let (name, prefix) = ("encoder".to_owned(), String::new());
        Self {
            version: VERSION,
            method: method.to_owned(),
            digest: digest.to_owned(),
            towers: vec![Tower { name, prefix, encoder }],
            preprocessing: Some(preprocessing),
            texts: None,
        }
    }

    /// Of encoders in a file of another program, which says nothing of itself.
    pub(crate) fn of_program(method: String, towers: Vec<Tower>) -> Self {
        let digest = String::new();
        Self { version: VERSION, method, digest, towers, preprocessing: None, texts: None }
    }

    /// As the text of the metadata.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("plain numbers and text")
    }
}

/// The header of a text.
pub(crate) fn header(path: &Path, text: &str) -> Result<Header, ArtifactError> {
    let unknown = |found: String| ArtifactError::Header { path: path.to_owned(), found };
    let value: serde_json::Value = serde_json::from_str(text).map_err(|error| unknown(error.to_string()))?;
    match value.get("version").and_then(serde_json::Value::as_u64) {
        Some(found) if found > u64::from(VERSION) => {
            Err(ArtifactError::Newer { path: path.to_owned(), found })
        }
        Some(_) => serde_json::from_value(value).map_err(|error| unknown(error.to_string())),
        None => Err(unknown("no version".to_owned())),
    }
}
