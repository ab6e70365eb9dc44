//! CLIP's byte pairs (Radford et al. 2021, arXiv 2103.00020, section 2.4): a text file of merges, gzipped or not, the most
//! frequent pair first.

use crate::TextError;
use crate::tokenizer::{Library, with_ends};
use flate2::read::GzDecoder;
use std::io::Read;
use std::path::Path;
use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::normalizers::{Lowercase, NFC, Replace, Sequence, Strip};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::sequence::Sequence as Steps;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{NormalizerWrapper, PreTokenizerWrapper, SplitDelimiterBehavior};

/// The most merges that are read: the published file goes on, and CLIP's vocabulary of 49,408 does not.
const MOST: usize = 49_152 - 256 - 2;
/// What the last piece of a word ends in.
const END_OF_WORD: &str = "</w>";
/// The tokens around a text.
const ENDS: [&str; 2] = ["<|startoftext|>", "<|endoftext|>"];
/// A word, a digit, or signs that stand together; contractions are cut off.
const WORDS: &str = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+";

/// The tokenizer of a file of byte pairs.
pub(crate) fn read(path: &Path, bytes: &[u8]) -> Result<Library, TextError> {
    let unknown = |found: String| TextError::Unknown { path: path.to_owned(), found };
    let mut text = String::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let read = GzDecoder::new(bytes).read_to_string(&mut text);
        read.map_err(|error| unknown(format!("cannot be unpacked: {error}")))?;
    } else {
        text = String::from_utf8(bytes.to_vec()).map_err(|_| unknown("no text in UTF-8".to_owned()))?;
    }
    let mut merges = Vec::new();
    // The first line names the version.
    for (number, line) in text.lines().enumerate().skip(1).take(MOST) {
        let mut pieces = line.split(' ');
        match (pieces.next(), pieces.next(), pieces.next()) {
            (Some(a), Some(b), None) if !a.is_empty() && !b.is_empty() => {
                merges.push((a.to_owned(), b.to_owned()));
            }
            _ => {
                let (path, found) = (path.to_owned(), line.chars().take(60).collect());
                return Err(TextError::Pair { path, line: number + 1, found });
            }
        }
    }
    if merges.is_empty() {
        return Err(unknown("no pairs below its first line".to_owned()));
    }
    built(merges).map_err(|error| unknown(error.to_string()))
}

fn built(merges: Vec<(String, String)>) -> Result<Library, TextError> {
    let bytes: Vec<String> = alphabet().map(String::from).collect();
    let ends_of_words = bytes.iter().map(|byte| format!("{byte}{END_OF_WORD}"));
    let merged = merges.iter().map(|(a, b)| format!("{a}{b}"));
    let tokens = bytes.iter().cloned().chain(ends_of_words).chain(merged).chain(ENDS.map(str::to_owned));
    let vocabulary: Vec<(String, u32)> = tokens.zip(0..).collect();
    let model = BPE::builder()
        .vocab_and_merges(vocabulary.into_iter().collect::<Vocab>(), merges)
        .end_of_word_suffix(END_OF_WORD.to_owned())
        .build()
        .map_err(TextError::library)?;
    let mut library = Library::new(model);
    let spaces =
        Replace::new(tokenizers::normalizers::replace::ReplacePattern::Regex(r"\s+".to_owned()), " ");
    let steps: [NormalizerWrapper; 4] = [
        NFC.into(),
        spaces.map_err(TextError::library)?.into(),
        Strip::new(true, true).into(),
        Lowercase.into(),
    ];
    library.with_normalizer(Some(Sequence::new(steps.to_vec()))).map_err(TextError::library)?;
    let pattern = SplitPattern::Regex(WORDS.to_owned());
    let words = Split::new(pattern, SplitDelimiterBehavior::Removed, true).map_err(TextError::library)?;
    let steps: Vec<PreTokenizerWrapper> = vec![words.into(), ByteLevel::new(false, true, false).into()];
    library.with_pre_tokenizer(Some(Steps::new(steps)));
    with_ends(&mut library, ENDS)?;
    Ok(library)
}

/// A letter for each byte, in the order of CLIP's first 256 ids: printable bytes stand for themselves, others for the letters
/// from U+0100 on.
fn alphabet() -> impl Iterator<Item = char> {
    let printable = (33..=126).chain(161..=172).chain(174..=255);
    let others = (0..=255u32).filter(|byte| !matches!(byte, 33..=126 | 161..=172 | 174..=255));
    let stand_ins = others.enumerate().map(|(number, _)| 256 + number as u32);
    printable.chain(stand_ins).map(|letter| char::from_u32(letter).expect("a letter below U+0200"))
}
