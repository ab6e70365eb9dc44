//! A tokenizer, wherever it comes from.

use crate::{TextError, byte_pairs, trained};
use sha2::{Digest, Sha256};
use std::path::Path;
use tokenizers::processors::template::TemplateProcessing;
use tokenizers::{AddedToken, TruncationParams};

/// The tokenizer of the library.
pub(crate) type Library = tokenizers::Tokenizer;

/// Texts become ids here.
#[derive(Clone, Debug)]
pub struct Tokenizer {
    library: Library,
    /// The id at the end of every text.
    end: u32,
    length: usize,
}

/// A text as ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// The ids, with those that begin and end a text.
    pub ids: Vec<u32>,
    /// Whether the text was longer, and its end left out.
    pub cut: bool,
}

impl Tokenizer {
    /// Reads a `tokenizer.json`, or CLIP's byte pairs, gzipped or not. Texts have at most `length` tokens, both ends among them:
    /// 77 in CLIP.
    ///
    /// # Errors
    /// Where the file is neither, or nothing ends its texts.
    ///
    /// # Panics
    /// Where `length` leaves no room between the ends.
    pub fn open(path: &Path, length: usize) -> Result<Self, TextError> {
        let bytes = std::fs::read(path).map_err(TextError::io(path))?;
        let library = if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{') {
            let unknown = |found: String| TextError::Unknown { path: path.to_owned(), found };
            Library::from_bytes(&bytes).map_err(|error| unknown(error.to_string()))?
        } else {
            byte_pairs::read(path, &bytes)?
        };
        Self::new(library, length)?.ok_or_else(|| TextError::NoEnd { path: path.to_owned() })
    }

    /// Learns a tokenizer of at most `vocabulary` tokens from texts; equal texts give equal ones.
    ///
    /// # Errors
    /// Where the vocabulary is smaller than 258, or no text has a letter.
    ///
    /// # Panics
    /// As [`Tokenizer::open`].
    pub fn train<'t>(
        texts: impl IntoIterator<Item = &'t str>,
        vocabulary: usize,
        length: usize,
    ) -> Result<Self, TextError> {
        let library = trained::train(texts.into_iter(), vocabulary)?;
        Ok(Self::new(library, length)?.expect("a trained tokenizer ends its texts"))
    }

    /// None where nothing is added at the end of a text.
    fn new(mut library: Library, length: usize) -> Result<Option<Self>, TextError> {
        assert!(length >= 3, "texts of {length} tokens leave no room between begin and end");
        library.with_padding(None);
        // What ends a text is what stands last whatever stands before.
        library.with_truncation(None).map_err(TextError::library)?;
        let last = |text: &str| {
            let ids = library.encode_fast(text, true).map_err(TextError::library)?.get_ids().to_vec();
            Ok::<_, TextError>(ids.last().copied())
        };
        let end = match (last("")?, last("a")?, last("b")?) {
            (Some(end), a, b) if a == Some(end) && b == Some(end) => end,
            _ => return Ok(None),
        };
        let truncation = TruncationParams { max_length: length, ..TruncationParams::default() };
        library.with_truncation(Some(truncation)).map_err(TextError::library)?;
        Ok(Some(Self { library, end, length }))
    }

    /// The ids of a text. One that is too long loses what does not fit, and keeps its end.
    ///
    /// # Errors
    /// Where the tokenizer has no token for a word, and none for unknown ones.
    pub fn encode(&self, text: &str) -> Result<Encoded, TextError> {
        let encoding = self.library.encode(text, true).map_err(TextError::library)?;
        let cut = !encoding.get_overflowing().is_empty();
        Ok(Encoded { ids: encoding.get_ids().to_vec(), cut })
    }

    /// How many ids there are.
    pub fn vocabulary(&self) -> usize {
        // One more than the largest: ids of a file may have gaps.
        self.library.get_vocab(true).into_values().max().map_or(0, |largest| largest as usize + 1)
    }

    /// The most tokens of a text.
    pub fn length(&self) -> usize {
        self.length
    }

    /// The id that ends every text.
    pub fn end(&self) -> u32 {
        self.end
    }

    /// The tokenizer as a `tokenizer.json`, which [`Tokenizer::open`] reads again.
    ///
    /// # Errors
    /// Where the library cannot write it.
    pub fn to_json(&self) -> Result<String, TextError> {
        self.library.to_string(false).map_err(TextError::library)
    }

    /// A name for what it does: equal for tokenizers that give equal ids.
    ///
    /// # Errors
    /// As [`Tokenizer::to_json`].
    pub fn digest(&self) -> Result<String, TextError> {
        Ok(hex::encode(Sha256::digest(self.to_json()?)))
    }
}

/// Puts a token before and after every text, which are in the vocabulary already or become its last.
pub(crate) fn with_ends(library: &mut Library, ends: [&str; 2]) -> Result<(), TextError> {
    library.add_special_tokens(ends.map(|end| AddedToken::from(end, true))).map_err(TextError::library)?;
    let ids = ends.map(|end| (end.to_owned(), library.token_to_id(end).expect("a token that was added")));
    let [begin, end] = ends;
    let template = TemplateProcessing::builder()
        .try_single(format!("{begin} $A {end}"))
        .map_err(TextError::library)?
        .special_tokens(ids.to_vec())
        .build()
        .map_err(TextError::library)?;
    library.with_post_processor(Some(template));
    Ok(())
}
