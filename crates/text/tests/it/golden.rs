//! Ids against open_clip's tokenizer and a greedy search of word pieces.

use kontrast_text::Tokenizer;
use safetensors::SafeTensors;
use std::path::{Path, PathBuf};

const LENGTH: usize = 16;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn captions() -> Vec<String> {
    serde_json::from_str(&std::fs::read_to_string(file("captions.json")).unwrap()).unwrap()
}

/// The rows of a tensor of i64.
fn numbers(name: &str) -> Vec<i64> {
    let bytes = std::fs::read(file("case.safetensors")).unwrap();
    let case = SafeTensors::deserialize(&bytes).unwrap();
    let data = case.tensor(name).unwrap().data().to_vec();
    data.chunks_exact(8).map(|value| i64::from_le_bytes(value.try_into().unwrap())).collect()
}

#[track_caller]
fn assert_ids(from: &str, name: &str) {
    let tokenizer = Tokenizer::open(&file(from), LENGTH).unwrap();
    let expected = numbers(name);
    for (caption, row) in captions().iter().zip(expected.chunks(LENGTH)) {
        let row: Vec<u32> = row.iter().filter(|&&id| id >= 0).map(|&id| id as u32).collect();
        let found = tokenizer.encode(caption).unwrap();
        assert_eq!(found.ids, row, "{caption:?}");
        let whole = Tokenizer::open(&file(from), 200).unwrap().encode(caption).unwrap();
        assert_eq!(found.cut, whole.ids.len() > LENGTH, "{caption:?}");
    }
    let again = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(again.path(), tokenizer.to_json().unwrap()).unwrap();
    let again = Tokenizer::open(again.path(), LENGTH).unwrap();
    assert_eq!(again.digest().unwrap(), tokenizer.digest().unwrap());
    assert!(
        captions().iter().all(|caption| again.encode(caption).unwrap() == tokenizer.encode(caption).unwrap())
    );
}

#[test]
fn byte_pairs_give_the_ids_of_open_clip() {
    assert_ids("bpe.txt.gz", "clip");
    let tokenizer = Tokenizer::open(&file("bpe.txt.gz"), LENGTH).unwrap();
    assert_eq!(tokenizer.vocabulary() as i64, numbers("vocabularies")[0]);
}

#[test]
fn word_pieces_are_the_longest_that_fit() {
    assert_ids("tokenizer.json", "bert");
    let tokenizer = Tokenizer::open(&file("tokenizer.json"), LENGTH).unwrap();
    assert_eq!((tokenizer.vocabulary() as i64, tokenizer.end()), (numbers("vocabularies")[1], 3));
}

#[test]
fn files_that_are_no_tokenizer_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let error = Tokenizer::open(&path, LENGTH).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
        error
    };
    assert!(refused("empty", b"").contains("expected a tokenizer.json"));
    assert!(refused("other.json", b"{\"a\": 1}").contains("expected a tokenizer.json"));
    assert!(refused("pairs.txt", b"#version: 0.2\na b\nabc\n").contains("line 3: expected two tokens"));
    assert!(refused("no.txt.gz", &[0x1f, 0x8b, 0, 0]).contains("cannot be unpacked"));
    assert!(refused("image.png", &[0x89, 0x50, 0xff]).contains("no text in UTF-8"));
    assert!(refused("unknown.txt", b"#version: 0.2\nq\xc3\xa9q b\n").contains("unknown.txt"));
    let json = std::fs::read_to_string(file("tokenizer.json")).unwrap();
    let mut json: serde_json::Value = serde_json::from_str(&json).unwrap();
    json["post_processor"] = serde_json::Value::Null;
    assert!(refused("endless.json", json.to_string().as_bytes()).contains("nothing is added at the end"));
    let missing = Tokenizer::open(&folder.path().join("missing"), LENGTH).unwrap_err().to_string();
    assert!(missing.contains("missing"), "{missing}");
}
