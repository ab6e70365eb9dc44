//! Tokenizers learned from texts.

use kontrast_text::{TextError, Tokenizer};
use proptest::prelude::*;

const TEXTS: [&str; 5] =
    ["a red car", "A red cat in a car", "two red cars, three cats", "cats and cars", "the cat's car"];

fn trained(vocabulary: usize) -> Tokenizer {
    Tokenizer::train(TEXTS, vocabulary, 16).unwrap()
}

#[test]
fn equal_texts_give_equal_tokenizers_and_frequent_words_one_token() {
    let first = trained(290);
    for _ in 0..5 {
        assert_eq!(trained(290).to_json().unwrap(), first.to_json().unwrap());
    }
    assert!(first.vocabulary() <= 290);
    let ids = |text: &str| first.encode(text).unwrap().ids;
    assert_eq!(ids("red").len(), 3, "begin, the word, end");
    assert_eq!(ids("Red CAR"), ids("red car"));
    assert_eq!(ids("cat")[1], ids("a cat")[2], "a word is one token wherever it stands");
}

#[test]
fn what_it_cannot_learn_from_is_refused() {
    assert!(matches!(
        Tokenizer::train(TEXTS, 200, 16),
        Err(TextError::Vocabulary { found: 200, least: 258 })
    ));
    assert!(matches!(Tokenizer::train([" ", ""], 300, 16), Err(TextError::NoTexts)));
}

proptest! {
    #[test]
    fn every_text_begins_and_ends_and_fits(text in ".{0,80}") {
        let tokenizer = trained(290);
        let encoded = tokenizer.encode(&text).unwrap();
        prop_assert!((2..=16).contains(&encoded.ids.len()));
        prop_assert_eq!(encoded.ids.last(), Some(&tokenizer.end()));
        prop_assert!(encoded.ids.iter().all(|&id| (id as usize) < tokenizer.vocabulary()));
        prop_assert!(!encoded.cut || encoded.ids.len() == 16);
        // Nothing is unknown: a byte that was never seen is a token too.
        let more = tokenizer.encode(&format!("{text} \u{1F600}")).unwrap();
        prop_assert!(more.cut || more.ids.len() > encoded.ids.len());
    }
}
