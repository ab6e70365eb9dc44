//! `[texts]` and `[text_encoder]`: the texts that images are compared with, and the network that reads them.

use std::fmt;
use std::path::PathBuf;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::known_file;
use crate::problems::Problems;
use crate::{AnyMethod, KnownFile};

/// The fewest tokens of a text: both ends, and one between them.
const LEAST_TOKENS: usize = 3;
/// A token for each byte, and both ends.
const LEAST_VOCABULARY: usize = 258;

/// What is said of images, and how it becomes ids.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Texts {
    /// Where ids come from: a file (a `tokenizer.json`, or CLIP's byte pairs), or `{ vocabulary = 2000 }`: byte pairs learned from the
    /// captions that are trained on, so many tokens at most. The file's SHA-256 is part of the digest, its place is not.
    ///
    /// Range: a path, relative to the folder in which the command runs; a table with a `vocabulary` of 258 or above
    #[serde(deserialize_with = "read_tokenizer")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "tokenizer_schema"))]
    pub tokenizer: Tokenizer,
    /// The most tokens of a text, both ends among them; a longer one is cut, and a note counts these. 77 in CLIP.
    ///
    /// Range: 3 or above
    pub length: usize,
    /// What is said of an image without captions, with `{}` where the name of its class stands: each epoch draws one. A training
    /// by the names of classes needs their labels.
    ///
    /// Range: sentences with one `{}` each
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prompts: Vec<String>,
    /// Classes whose images are not trained on, so that zero-shot scores can be of classes that the encoder has not seen.
    ///
    /// Range: names of classes
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unseen: Vec<String>,
}

/// A tokenizer: of a file, or learned.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Tokenizer {
    /// The file, relative to the folder in which the command runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// SHA-256 of the file in hex. Loading enters it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The most tokens, where they are learned from the captions that are trained on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vocabulary: Option<usize>,
}

/// The network that reads texts. One variant is named, as in `[text_encoder.transformer]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum TextEncoder {
    /// CLIP's (Radford et al. 2021, arXiv 2103.00020, section 2.4): tokens see those before them.
    Transformer(TextTransformer),
    /// BERT (Devlin et al. 2018, arXiv 1810.04805) with weights of a file.
    Bert(Bert),
}

/// CLIP's text encoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TextTransformer {
    /// Values of a token; 512 in CLIP's ViT-B.
    ///
    /// Range: a multiple of `heads`
    pub width: u32,
    /// Blocks; 12 in CLIP's ViT-B.
    ///
    /// Range: 1 or above
    pub depth: u32,
    /// Heads of attention; 8 in CLIP's ViT-B.
    ///
    /// Range: 1 or above, divides `width`
    pub heads: u32,
    /// Between the layers of an MLP: `gelu` in open_clip's own models, `quick_gelu` (x times the sigmoid of 1.702 x) in OpenAI's.
    ///
    /// Range: `gelu`, `quick_gelu`
    pub activation: TextActivation,
    /// Weights to begin from in place of drawn ones, under the names of OpenAI's and open_clip's: a safetensors file, or one of
    /// `torch.save`. The file's SHA-256 is part of the digest, its place is not.
    ///
    /// Range: a path, relative to the folder in which the command runs
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "known_file::read_some")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "known_file::schema"))]
    pub weights: Option<KnownFile>,
    /// Whether it keeps its weights (LiT, Zhai et al. 2021, arXiv 2111.07991, has this of the image encoder); default `false`.
    ///
    /// Range: `true`, `false`
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub frozen: bool,
}

/// Between the layers of an MLP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TextActivation {
    /// GELU, not approximated.
    Gelu,
    /// x times the sigmoid of 1.702 x.
    QuickGelu,
}

/// BERT with weights of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Bert {
    /// Its weights, under transformers' names: a safetensors file, or one of `torch.save`. They say its shape but for the heads. The
    /// file's SHA-256 is part of the digest, its place is not.
    ///
    /// Range: a path, relative to the folder in which the command runs
    #[serde(deserialize_with = "known_file::read")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "known_file::schema"))]
    pub weights: KnownFile,
    /// Heads of attention; 12 in BERT-base and MiniLM.
    ///
    /// Range: 1 or above, divides the width of the weights
    pub heads: u32,
    /// What the representation of a text is: the `mean` over its tokens (Sentence-BERT, arXiv 1908.10084), or its `first` token.
    ///
    /// Range: `mean`, `first`
    pub pooling: TextPooling,
    /// Whether it keeps its weights (LiT, Zhai et al. 2021, arXiv 2111.07991, has this of the image encoder); default `false`.
    ///
    /// Range: `true`, `false`
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub frozen: bool,
}

/// What the representation of a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum TextPooling {
    /// The mean over its tokens.
    Mean,
    /// Its first token.
    First,
}

impl Texts {
    /// Reports what is out of range, and texts that the method does not read or lacks.
    pub(crate) fn check_with(
        texts: Option<&Self>,
        encoder: Option<&TextEncoder>,
        method: &AnyMethod,
        problems: &mut Problems,
    ) {
        let key = format!("method.{}", method.name());
        let reads = method.tasks().iter().any(|task| task.info.reads_texts());
        let unread = format!("no such table, since {key} reads no texts");
        match texts {
            Some(texts) if reads => texts.check(problems),
            Some(_) => problems.require(false, "texts", &"a table", &unread),
            None if reads => problems.missing("texts", &format!("`tokenizer` and `length`, for {key}")),
            None => {}
        }
        match encoder {
            Some(encoder) if reads => encoder.check(problems),
            Some(own) => problems.require(false, "text_encoder", &own.name(), &unread),
            None if reads => {
                let expected = format!("[text_encoder.transformer] or [text_encoder.bert], for {key}");
                problems.missing("text_encoder", &expected);
            }
            None => {}
        }
    }

    fn check(&self, problems: &mut Problems) {
        let least = format!("at least {LEAST_TOKENS}, both ends and one between them");
        problems.require(self.length >= LEAST_TOKENS, "texts.length", &self.length, &least);
        self.tokenizer.check(problems);
        check_prompts("texts.prompts", &self.prompts, problems);
        for (place, name) in self.unseen.iter().enumerate() {
            let key = format!("texts.unseen[{place}]");
            let once = !self.unseen[..place].contains(name) && !name.trim().is_empty();
            problems.require(once, &key, name, "the name of a class, each once");
        }
    }
}

/// Reports prompts in which the class has not one place.
pub(crate) fn check_prompts(key: &str, prompts: &[String], problems: &mut Problems) {
    for (place, prompt) in prompts.iter().enumerate() {
        let one = prompt.matches("{}").count() == 1;
        let expected = "{} once, where the name of the class stands";
        problems.require(one, &format!("{key}[{place}]"), prompt, expected);
    }
}

impl Tokenizer {
    fn check(&self, problems: &mut Problems) {
        let key = "texts.tokenizer";
        match (&self.file, self.vocabulary) {
            (None, Some(vocabulary)) => {
                let expected =
                    format!("at least {LEAST_VOCABULARY}, a token for each byte and two for begin and end");
                let enough = vocabulary >= LEAST_VOCABULARY;
                problems.require(enough, &format!("{key}.vocabulary"), &vocabulary, &expected);
            }
            (Some(_), None) => {}
            (Some(file), Some(_)) => {
                let expected = "no such key beside a vocabulary, which is learned";
                problems.require(false, &format!("{key}.file"), file, expected);
            }
            (None, None) => problems.missing(key, "a file, or a table such as { vocabulary = 2000 }"),
        }
        known_file::check_sha256(key, self.sha256.as_deref(), problems);
    }

    /// Enters the SHA-256 of the file.
    pub(crate) fn identify(&mut self, problems: &mut Problems) {
        let Some(file) = self.file.clone() else { return };
        let mut known = KnownFile { file, sha256: self.sha256.take() };
        known.identify("texts.tokenizer", "a tokenizer", problems);
        self.sha256 = known.sha256;
    }
}

impl TextEncoder {
    /// The variant's name as a file writes it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Transformer(_) => "transformer",
            Self::Bert(_) => "bert",
        }
    }

    /// The file of its weights, where there is one.
    pub fn weights(&self) -> Option<&KnownFile> {
        match self {
            Self::Transformer(own) => own.weights.as_ref(),
            Self::Bert(own) => Some(&own.weights),
        }
    }

    /// Whether it keeps its weights.
    pub fn is_frozen(&self) -> bool {
        match self {
            Self::Transformer(own) => own.frozen,
            Self::Bert(own) => own.frozen,
        }
    }

    /// Enters the SHA-256 of the file of its weights.
    pub(crate) fn identify(&mut self, problems: &mut Problems) {
        let key = format!("text_encoder.{}.weights", self.name());
        let weights = match self {
            Self::Transformer(own) => own.weights.as_mut(),
            Self::Bert(own) => Some(&mut own.weights),
        };
        if let Some(weights) = weights {
            weights.identify(&key, "weights", problems);
        }
    }

    fn check(&self, problems: &mut Problems) {
        let key = |field: &str| format!("text_encoder.{}.{field}", self.name());
        if let Some(weights) = self.weights() {
            known_file::check_sha256(&key("weights"), weights.sha256.as_deref(), problems);
        }
        match self {
            Self::Transformer(own) => {
                problems.require(own.heads >= 1, &key("heads"), &own.heads, "at least 1 head");
                problems.require(own.depth >= 1, &key("depth"), &own.depth, "at least 1 block");
                let whole = own.width >= 1 && own.width.is_multiple_of(own.heads.max(1));
                let expected = format!("a multiple of {} = {}", key("heads"), own.heads);
                problems.require(whole, &key("width"), &own.width, &expected);
            }
            Self::Bert(own) => problems.require(own.heads >= 1, &key("heads"), &own.heads, "at least 1 head"),
        }
    }
}

/// A path, or a table.
fn read_tokenizer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tokenizer, D::Error> {
    struct PathOrTable;
    impl<'de> Visitor<'de> for PathOrTable {
        type Value = Tokenizer;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a file, or a table such as { vocabulary = 2000 }")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Tokenizer { file: Some(text.into()), ..Tokenizer::default() })
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            Tokenizer::deserialize(MapAccessDeserializer::new(map))
        }
    }
    deserializer.deserialize_any(PathOrTable)
}

#[cfg(feature = "schema")]
fn tokenizer_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let table = generator.subschema_for::<Tokenizer>();
    schemars::json_schema!({ "anyOf": [{ "type": "string" }, table] })
}
