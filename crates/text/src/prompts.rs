//! Prompts: what is said of an image of a class (CLIP, Radford et al. 2021, arXiv 2103.00020, section 3.1.4).

use crate::TextError;
use std::collections::HashMap;

/// A sentence with a place for the name of a class, such as "a photo of a {}."
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    before: String,
    after: String,
}

impl Prompt {
    /// Reads a sentence in which `{}` stands once.
    ///
    /// # Errors
    /// Where it does not.
    pub fn new(text: &str) -> Result<Self, TextError> {
        match text.split("{}").collect::<Vec<_>>()[..] {
            [before, after] => Ok(Self { before: before.to_owned(), after: after.to_owned() }),
            ref parts => Err(TextError::Prompt { prompt: text.to_owned(), found: parts.len() - 1 }),
        }
    }

    /// The sentence about a class; underscores of its name become spaces.
    pub fn of(&self, class: &str) -> String {
        format!("{}{}{}", self.before, class.replace('_', " "), self.after)
    }
}

/// The sentences of all classes: for each class as many as there are prompts, in their order.
///
/// # Errors
/// Where a class has no name, or two have the same, capital letters, spaces and underscores aside.
pub fn prompts(prompts: &[Prompt], classes: &[String]) -> Result<Vec<Vec<String>>, TextError> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (class, name) in classes.iter().enumerate() {
        let words = name.replace('_', " ").to_lowercase();
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        if words.is_empty() {
            return Err(TextError::NoName { class });
        }
        if let Some(first) = seen.insert(words, class) {
            return Err(TextError::SameName { first, second: class, name: name.clone() });
        }
    }
    Ok(classes.iter().map(|class| prompts.iter().map(|prompt| prompt.of(class)).collect()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_stands_where_the_prompt_has_its_place() {
        let both = ["a photo of a {}.", "{}"].map(|text| Prompt::new(text).unwrap());
        let classes = ["polar_bear", "cat"].map(str::to_owned);
        let expected = [["a photo of a polar bear.", "polar bear"], ["a photo of a cat.", "cat"]];
        assert_eq!(prompts(&both, &classes).unwrap(), expected);
    }

    #[test]
    fn a_prompt_has_one_place() {
        for (text, found) in [("a photo", 0), ("{} and {}", 2)] {
            let error = Prompt::new(text).unwrap_err().to_string();
            assert!(error.contains(text) && error.contains(&format!("found it {found} times")), "{error}");
        }
    }

    #[test]
    fn classes_that_no_prompt_tells_apart_are_refused() {
        let of = |classes: [&str; 3]| prompts(&[], &classes.map(str::to_owned)).unwrap_err().to_string();
        assert!(
            of(["polar bear", "cat", "Polar_bear"]).contains("classes 0 and 2"),
            "same but for its spelling"
        );
        assert!(of(["a", " ", "b"]).contains("class 1 (counted from 0) has no name"));
    }
}
