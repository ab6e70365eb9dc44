//! What images a run is made of: names, sizes, labels and splits, so that a run goes on with the images it began with.

use crate::Refusal;
use kontrast_data::{DataError, Dataset, Labelled, Splits};
use kontrast_runlog::{Layout, RunlogError, atomic_write};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// What else than putting the images back helps a run that is to go on, and one that is to be judged.
pub(crate) const FOR_RESUME: &str =
    ", give this run another name with --set name=..., or start again with --force";
pub(crate) const FOR_EVALUATE: &str = ": scores on other images would not be this run's";

/// A line an image, in the order in which training knows them.
#[derive(Clone, Debug)]
pub(crate) struct Inventory {
    text: String,
    /// Whether images have names, so that a person can look for one.
    named: bool,
    /// SHA-256 of the lines, in hex.
    pub(crate) fingerprint: String,
}

impl Inventory {
    /// The images of both splits.
    pub(crate) fn of(splits: &Splits) -> Result<Self, DataError> {
        let mut text = String::from("split\timage\tsize\tclass\tname\n");
        let images = splits.train.images();
        let labelled = splits.train.labelled();
        // Where only some images have labels, these are a list of their own.
        let same = labelled.as_ref().filter(|labelled| labelled.len() == images.len());
        let mut named = list(&mut text, "train", &*images, same.map(|images| &**images))?;
        if let (None, Some(labelled)) = (same, &labelled) {
            named |= list(&mut text, "labelled", &**labelled, Some(&**labelled))?;
        }
        if let Some(test) = &splits.test {
            named |= list(&mut text, "test", &**test, Some(&**test))?;
        }
        if let Some(images) = &splits.captioned {
            named |= list(&mut text, "captioned", &**images, None)?;
        }
        let fingerprint = hex::encode(Sha256::digest(text.as_bytes()));
        Ok(Self { text, named, fingerprint })
    }

    /// The fingerprint of test images alone, whatever is trained on.
    pub(crate) fn of_test(test: &dyn Labelled) -> Result<String, DataError> {
        let mut text = String::new();
        list(&mut text, "test", test, Some(test))?;
        Ok(hex::encode(Sha256::digest(text.as_bytes())))
    }

    /// Writes the list into a run, where its images have names.
    pub(crate) fn write(&self, layout: &Layout) -> Result<(), RunlogError> {
        if self.named { atomic_write(&layout.images(), self.text.as_bytes()) } else { Ok(()) }
    }

    /// Whether a run was begun with these images. One without a list is asked by its checkpoint's fingerprint alone.
    pub(crate) fn require_same(&self, layout: &Layout, advice: &str) -> Result<(), Refusal> {
        let Ok(before) = std::fs::read_to_string(layout.images()) else { return Ok(()) };
        let Some(difference) = first_difference(&before, &self.text) else { return Ok(()) };
        Err(Refusal(format!(
            "{}: this run was begun with other images: {difference}. Put them back as they were{advice}",
            layout.root().display()
        )))
    }
}

/// Adds a line for each image; says whether the first has a name.
fn list(
    text: &mut String,
    split: &str,
    images: &dyn Dataset,
    labels: Option<&dyn Labelled>,
) -> Result<bool, DataError> {
    for index in 0..images.len() {
        let (width, height) = images.size(index)?;
        let class = labels
            .map_or_else(String::new, |labels| labels.class_names()[labels.label(index) as usize].clone());
        let name = images.name(index).unwrap_or_default();
        // Writing to a string does not fail; a tab or a line's end in a name is escaped.
        let (class, name) = (class.escape_debug(), name.escape_debug());
        let _ = write!(text, "{split}\t{index}\t{width}x{height}\t{class}\t{name}");
        for caption in images.captions(index) {
            let _ = write!(text, "\t{}", caption.escape_debug());
        }
        text.push('\n');
    }
    Ok(!images.is_empty() && images.name(0).is_some())
}

/// The first line in which two lists differ, in words.
fn first_difference(before: &str, now: &str) -> Option<String> {
    let (mut before, mut now) = (before.lines(), now.lines());
    loop {
        match (before.next(), now.next()) {
            (None, None) => return None,
            (Some(a), Some(b)) if a == b => {}
            (Some(a), None) => return Some(format!("{} is not there any more", in_words(a))),
            (None, Some(b)) => return Some(format!("{} was not there", in_words(b))),
            (Some(a), Some(b)) => return Some(format!("{} is now {}", in_words(a), in_words(b))),
        }
    }
}

fn in_words(line: &str) -> String {
    let fields: Vec<&str> = line.split('\t').collect();
    let [split, index, size, class, name, captions @ ..] = &fields[..] else {
        return format!("the line {line:?}");
    };
    let name = if name.is_empty() { String::new() } else { format!(", {name}") };
    let class = if class.is_empty() { String::new() } else { format!(", class {class}") };
    let said: Vec<_> = captions.iter().map(|caption| format!(", caption {caption:?}")).collect();
    let said = said.concat();
    format!("{split} image {index}{name} ({size}{class}{said})")
}

#[cfg(test)]
mod tests {
    use super::first_difference;

    #[test]
    fn field_the_first_difference_of_two_lists_is_named() {
        let list = "train\t0\t3x4\tcat\ta.png\ntrain\t1\t5x6\tdog\tb.png\n";
        assert_eq!(first_difference(list, list), None);
        let changed = [
            (
                "b.png",
                "c.png",
                "train image 1, b.png (5x6, class dog) is now train image 1, c.png (5x6, class dog)",
            ),
            (
                "3x4",
                "9x9",
                "train image 0, a.png (3x4, class cat) is now train image 0, a.png (9x9, class cat)",
            ),
            (
                "cat",
                "dog",
                "train image 0, a.png (3x4, class cat) is now train image 0, a.png (3x4, class dog)",
            ),
            (
                "train\t1\t5x6\tdog\tb.png\n",
                "",
                "train image 1, b.png (5x6, class dog) is not there any more",
            ),
        ];
        for (from, to, expected) in changed {
            assert_eq!(first_difference(list, &list.replacen(from, to, 1)).as_deref(), Some(expected));
        }
        let more = first_difference("", "test\t0\t3x4\t\t\n");
        assert_eq!(more.as_deref(), Some("test image 0 (3x4) was not there"));
    }
}
