//! The shortcut audit in words.

use super::{Key, Source, view};
use crate::Refusal;
use kontrast_augment::audit::{Cue, found};
use std::fmt::Write;

/// Among how many candidates a view's partner is looked for.
const CANDIDATES: usize = 256;
/// Groups of candidates: their mean has a standard error of about a point at worst.
const GROUPS: usize = 8;
/// With fewer images chance is no longer small beside a shortcut.
const FEWEST: usize = 64;
/// A cue that finds more than this, in per cent, is a shortcut. Our own choice: crop and flip alone leave a colour
/// histogram far above it, jitter of SimCLR's strength .5 brings it far below.
const OPEN: f64 = 25.0;

/// Measures every cue between the plan's first two views; between two draws of the view where there is only one.
pub(super) fn report(source: &Source) -> anyhow::Result<String> {
    let images = source.images.len();
    if images < FEWEST {
        let message = format!(
            "--audit: there are {images} images; expected at least {FEWEST}, else chance alone finds many"
        );
        return Err(Refusal(message).into());
    }
    let candidates = CANDIDATES.min(source.images.len());
    let groups = GROUPS.min(source.images.len() / candidates);
    let second = usize::from(source.plans.len() > 1);
    let mut sums = [0.0; Cue::ALL.len()];
    for group in 0..groups {
        let mut numbers = Cue::ALL.map(|_| [Vec::new(), Vec::new()]);
        for place in 0..candidates {
            // Spread over the data set, which may be sorted by class.
            let image = ((place * groups + group) * source.images.len() / (groups * candidates)) as u32;
            for (side, index) in [0, second].into_iter().enumerate() {
                let plan = &source.plans[index];
                let epoch = u32::from(side == 1 && second == 0);
                let key = Key { seed: source.seed, epoch, image, view: index as u32 };
                let pixels = view(plan, &*source.images, key)?.pixels;
                for (cue, numbers) in Cue::ALL.iter().zip(&mut numbers) {
                    numbers[side].push(cue.of(&pixels, plan.size().0));
                }
            }
        }
        for (sum, [first, second]) in sums.iter_mut().zip(&numbers) {
            *sum += found(first, second);
        }
    }
    let means = sums.map(|sum| sum / groups as f64);
    Ok(words(&means, candidates, groups, &source.words))
}

fn words(means: &[f64], candidates: usize, groups: usize, images: &str) -> String {
    let chance = 100.0 / candidates as f64;
    let mut text = format!(
        "How often a trivial cue finds an image's other view among {candidates} candidates ({groups} times, {images}):\n\n"
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
        let _ = writeln!(text, "No cue finds more than {OPEN} %: the plan leaves no such shortcut open.");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn an_open_shortcut_is_named_with_its_remedy() {
        let text = words(&[69.0, 12.0, 3.0], 256, 8, "drawn shapes");
        assert!(text.contains("| colour histogram |    69.0 |      0.4 |"), "{text}");
        assert!(text.contains("warning: the colour histogram alone finds 69 %"), "{text}");
        assert!(!text.contains("mean colour alone"), "{text}");
        assert!(words(&[4.0, 2.0, 3.0], 256, 8, "drawn shapes").contains("leaves no such shortcut open"));
    }
}
