//! A tokenizer learned from texts: byte pairs (Sennrich et al. 2015, arXiv 1508.07909) of lower-case words, of whose bytes none is
//! unknown.

use crate::TextError;
use crate::tokenizer::{Library, with_ends};
use tokenizers::models::bpe::{BPE, BpeTrainerBuilder};
use tokenizers::normalizers::{Lowercase, NFC, Sequence, Strip};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{
    AddedToken, NormalizedString, Normalizer, NormalizerWrapper, OffsetReferential, OffsetType,
    PreTokenizedString, PreTokenizer, Trainer,
};

/// The tokens around a text.
const ENDS: [&str; 2] = ["<|startoftext|>", "<|endoftext|>"];
/// A token for each byte, and both ends.
const LEAST: usize = 256 + 2;

/// Learns the pairs that are most frequent in `texts`, until there are `vocabulary` tokens, or no pair occurs twice.
pub(crate) fn train<'t>(
    texts: impl Iterator<Item = &'t str>,
    vocabulary: usize,
) -> Result<Library, TextError> {
    if vocabulary < LEAST {
        return Err(TextError::Vocabulary { found: vocabulary, least: LEAST });
    }
    let texts: Vec<&str> = texts.filter(|text| !text.trim().is_empty()).collect();
    if texts.is_empty() {
        return Err(TextError::NoTexts);
    }
    let mut library = Library::new(BPE::default());
    let steps: [NormalizerWrapper; 3] = [NFC.into(), Strip::new(true, true).into(), Lowercase.into()];
    library.with_normalizer(Some(Sequence::new(steps.to_vec()))).map_err(TextError::library)?;
    // A word's first letter has the space before it, the first of a text too, so that a word is one word wherever it stands.
    library.with_pre_tokenizer(Some(ByteLevel::new(true, true, true)));
    let mut trainer = BpeTrainerBuilder::new()
        .vocab_size(vocabulary)
        .min_frequency(2)
        .show_progress(false)
        .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
        .special_tokens(ENDS.map(|end| AddedToken::from(end, true)).to_vec())
        .build();
    let mut model = BPE::default();
    let (normalizer, words) = (library.get_normalizer().cloned(), library.get_pre_tokenizer().cloned());
    let process = |text: &str| {
        let mut normalized = NormalizedString::from(text);
        normalizer.iter().try_for_each(|step| step.normalize(&mut normalized))?;
        let mut split = PreTokenizedString::from(normalized);
        words.iter().try_for_each(|step| step.pre_tokenize(&mut split))?;
        let words = split.get_splits(OffsetReferential::Original, OffsetType::Byte);
        Ok(words.into_iter().map(|(word, ..)| word.to_owned()).collect())
    };
    trainer.feed(texts.iter(), process).map_err(TextError::library)?;
    let special = trainer.train(&mut model).map_err(TextError::library)?;
    library.with_model(model);
    library.add_special_tokens(special).map_err(TextError::library)?;
    with_ends(&mut library, ENDS)?;
    Ok(library)
}
