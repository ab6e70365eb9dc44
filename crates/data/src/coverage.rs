//! What is said where a class has images on one side of a split only.

use crate::dataset::Labelled;

/// How many classes are named; the others are counted.
const NAMED: usize = 10;

/// Images of each class, by label.
pub(crate) fn counts(images: &dyn Labelled) -> Vec<usize> {
    let mut counts = vec![0; images.class_names().len()];
    for label in images.labels() {
        counts[label as usize] += 1;
    }
    counts
}

/// A note about classes that are tested without having been trained on, whichever filter took their images.
pub(crate) fn untrained(train: &dyn Labelled, test: &dyn Labelled) -> Option<String> {
    let trained = counts(train);
    let tested = counts(test);
    let missing =
        (0..tested.len()).filter(|&label| tested[label] > 0 && trained.get(label).copied().unwrap_or(0) == 0);
    let list = listed(missing.map(|label| counted(&test.class_names()[label], tested[label], "test image")))?;
    Some(format!(
        "no training images are left of {list}: their test images cannot be classified correctly; use more images, or take these \
         classes out"
    ))
}

/// A note about classes of which a fraction set no test images apart.
pub(crate) fn untested(train: &dyn Labelled, test: &dyn Labelled, fraction: f64) -> Option<String> {
    let (trained, tested) = (counts(train), counts(test));
    let missing = (0..trained.len()).filter(|&label| trained[label] > 0 && tested[label] == 0);
    let list = listed(missing.map(|label| counted(&train.class_names()[label], trained[label], "image")))?;
    Some(format!(
        "a holdout of {fraction} sets no test images apart of {list}: all of them are trained on, and scores do not \
         cover them"
    ))
}

/// As in `cat (3 images)`.
fn counted(name: &str, count: usize, what: &str) -> String {
    format!("{name} ({count} {what}{})", if count == 1 { "" } else { "s" })
}

/// The first of them, and how many more; none of none.
pub(crate) fn listed(names: impl Iterator<Item = String>) -> Option<String> {
    let names: Vec<_> = names.collect();
    let (first, more) = names.split_at(names.len().min(NAMED));
    match more.len() {
        0 if first.is_empty() => None,
        0 => Some(first.join(", ")),
        more => Some(format!("{} and {more} more", first.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::listed;

    #[test]
    fn names_beyond_the_tenth_are_counted() {
        let list = |count: usize| listed((0..count).map(|name| name.to_string()));
        assert_eq!((list(0), list(2).as_deref()), (None, Some("0, 1")));
        assert_eq!(list(10).as_deref(), Some("0, 1, 2, 3, 4, 5, 6, 7, 8, 9"));
        assert_eq!(list(13).as_deref(), Some("0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 3 more"));
    }
}
