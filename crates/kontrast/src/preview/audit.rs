//! The shortcut audit in words.

use super::pairs::{Pair, nothing, pairs};
use super::{Previewed, ViewKey, view};
use crate::Refusal;
use kontrast_augment::audit::{Cue, found};
use kontrast_runlog::human::counted;
use std::collections::HashSet;
use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Among how many candidates a view's partner is looked for.
const CANDIDATES: usize = 256;
/// Groups of candidates: their mean has a standard error of about a point at worst.
const GROUPS: usize = 8;
/// With fewer images chance is no longer small beside a shortcut.
const FEWEST: usize = 64;
/// A cue that finds more than this, in per cent, is a shortcut. Our own choice: crop and flip alone leave a colour
/// histogram far above it, jitter of SimCLR's strength .5 brings it far below.
const OPEN: f64 = 25.0;

/// What was compared.
struct Counted<'s> {
    candidates: usize,
    groups: usize,
    /// Different images among all candidates.
    distinct: usize,
    /// Which views, in words.
    views: &'s str,
    /// The images in words.
    images: &'s str,
}

/// Measures every cue between the views that are made to agree, a table for each pair; says why where there is none.
pub(super) fn report(source: &Previewed) -> anyhow::Result<String> {
    let pairs = pairs(source)?;
    if pairs.is_empty() {
        return Ok(nothing(&source.tasks));
    }
    let images = source.images.len();
    let too_few = |what: &str, found: usize| {
        let message = format!(
            "--audit: there are {found} {what}; expected at least {FEWEST}, else chance alone finds many"
        );
        Refusal(message)
    };
    if images < FEWEST {
        return Err(too_few("images", images).into());
    }
    let candidates = CANDIDATES.min(images);
    let groups = GROUPS.min(images / candidates);
    let distinct = distinct(source, groups, candidates)?;
    if distinct < FEWEST {
        return Err(too_few("different images", distinct).into());
    }
    let mut tables = Vec::new();
    for pair in &pairs {
        let means = means(source, pair, groups, candidates)?;
        let (views, images) = (pair.words.as_str(), source.words.as_str());
        tables.push(words(&means, &Counted { candidates, groups, distinct, views, images }));
    }
    Ok(tables.join("\n"))
}

/// Per cent that each cue finds, over all groups.
fn means(
    source: &Previewed,
    pair: &Pair,
    groups: usize,
    candidates: usize,
) -> anyhow::Result<[f64; Cue::ALL.len()]> {
    let twice = pair.views[0] == pair.views[1];
    let mut sums = [0.0; Cue::ALL.len()];
    for group in 0..groups {
        let mut numbers = Cue::ALL.map(|_| [Vec::new(), Vec::new()]);
        for place in 0..candidates {
            let image = chosen(source, place * groups + group, groups * candidates);
            for (side, index) in pair.views.into_iter().enumerate() {
                let plan = &source.plans[index];
                let epoch = u32::from(side == 1 && twice);
                let key = ViewKey { seed: source.seed, epoch, image, view: index as u32 };
                let picture = view(plan, &*source.images, key, source.plans.len())?.picture;
                for (cue, numbers) in Cue::ALL.iter().zip(&mut numbers) {
                    numbers[side].push(cue.of(picture.as_raw(), plan.size().0));
                }
            }
        }
        for (sum, [first, second]) in sums.iter_mut().zip(&numbers) {
            *sum += found(first, second);
        }
    }
    Ok(sums.map(|sum| sum / groups as f64))
}

/// One of so many images, spread over the data set, which may be sorted by class.
fn chosen(source: &Previewed, position: usize, of: usize) -> u32 {
    (position * source.images.len() / of) as u32
}

/// How many of the images that are compared differ from each other.
fn distinct(source: &Previewed, groups: usize, candidates: usize) -> anyhow::Result<usize> {
    let (of, mut seen, mut buffer) = (groups * candidates, HashSet::new(), Vec::new());
    for position in 0..of {
        let image = source.images.image(chosen(source, position, of) as usize, &mut buffer)?;
        let mut hasher = DefaultHasher::new();
        (image.size(), image.pixels).hash(&mut hasher);
        seen.insert(hasher.finish());
    }
    Ok(seen.len())
}

fn words(means: &[f64], compared: &Counted<'_>) -> String {
    let Counted { candidates, groups, views, images, .. } = compared;
    let chance = 100.0 / *candidates as f64;
    let times = counted(*groups as u64, "time");
    let mut text = format!(
        "How often a trivial cue finds an image's other view among {candidates} candidates ({views}; {times}; {images}):\n\n"
    );
    text += "| cue              | found % | chance % |\n| ---------------- | ------: | -------: |\n";
    for (cue, mean) in Cue::ALL.iter().zip(means) {
        let _ = writeln!(text, "| {:<16} | {mean:>7.1} | {chance:>8.1} |", cue.name());
    }
    text.push('\n');
    for (cue, mean) in Cue::ALL.iter().zip(means).filter(|(_, mean)| **mean > OPEN) {
        let remedy = match cue {
            Cue::ColourHistogram | Cue::MeanColour => {
                "jitter the colours more strongly, or drop them more often"
            }
            Cue::EdgeHistogram => "crop more strongly, or blur",
        };
        let _ = writeln!(
            text,
            "warning: the {} alone finds {mean:.0} %: an encoder can take this shortcut; {remedy}",
            cue.name()
        );
    }
    if means.iter().all(|mean| *mean <= OPEN) {
        text += &closed(compared);
    }
    text
}

/// What it means that no cue exceeds the threshold: little, where the images repeat or are few.
fn closed(Counted { candidates, groups, distinct, .. }: &Counted<'_>) -> String {
    let all = candidates * groups;
    if *distinct < all {
        return format!(
            "note: only {distinct} of the {all} images differ, and no cue can tell equal images apart: these figures are too \
             low to say that the plan is closed\n"
        );
    }
    if *candidates < CANDIDATES {
        return format!(
            "note: no cue finds more than {OPEN} %, but {all} images are few to go by; expected {CANDIDATES}\n"
        );
    }
    format!("No cue finds more than {OPEN} %: the plan leaves no such shortcut open.\n")
}

#[cfg(test)]
mod tests {
    use super::{Counted, words};

    fn text(means: [f64; 3], candidates: usize, distinct: usize) -> String {
        let groups = if candidates < 256 { 1 } else { 8 };
        words(
            &means,
            &Counted { candidates, groups, distinct, views: "views 0 and 1", images: "drawn shapes" },
        )
    }

    #[test]
    fn an_open_shortcut_is_named_with_its_remedy() {
        let said = text([69.0, 12.0, 3.0], 256, 2048);
        assert!(said.contains("candidates (views 0 and 1; 8 times; drawn shapes)"), "{said}");
        assert!(said.contains("| colour histogram |    69.0 |      0.4 |"), "{said}");
        assert!(said.contains("warning: the colour histogram alone finds 69 %"), "{said}");
        assert!(!said.contains("mean colour alone"), "{said}");
    }

    #[test]
    fn only_many_different_images_reassure() {
        let low = [4.0, 2.0, 3.0];
        assert!(text(low, 256, 2048).contains("leaves no such shortcut open"));
        let repeated = text(low, 256, 2000);
        assert!(
            repeated.contains("only 2000 of the 2048 images differ") && !repeated.contains("No cue"),
            "{repeated}"
        );
        let few = text(low, 100, 100);
        assert!(few.contains("(views 0 and 1; 1 time; ") && few.contains("100 images are few"), "{few}");
        assert!(!few.contains("No cue"), "{few}");
    }
}
