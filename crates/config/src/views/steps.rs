//! What is wrong with the steps of a free list: every number and every place, each under its own key.

use super::custom::{Filling, Transform, ViewList, WeightedTransform};
use super::distortions::{fractions, kernel, least_first, ordered, sigma};
use super::size::{MOST_PIXELS, ViewSize};
use crate::problems::Problems;

/// What a list has to begin with.
const CROP_FIRST: &str = "a crop first: one of fit, centre_crop, random_crop, random_resized_crop";

impl ViewList {
    /// The steps under `key`, which names the list.
    pub(super) fn check_steps(&self, key: &str, problems: &mut Problems) {
        let key = format!("{key}.steps");
        if self.steps.iter().any(Transform::is_crop) {
            self.check_order(&key, problems);
        } else {
            let names: Vec<_> = self.steps.iter().map(Transform::name).collect();
            problems.require(false, &key, &names, CROP_FIRST);
        }
        for (index, step) in self.steps.iter().enumerate() {
            step.check(&format!("{key}[{index}]"), self.size, problems);
        }
    }

    /// One crop, at the front or behind a resize, which comes first.
    fn check_order(&self, key: &str, problems: &mut Problems) {
        let resized = matches!(self.steps.first(), Some(Transform::Resize { .. }));
        for (index, step) in self.steps.iter().enumerate() {
            let key = format!("{key}[{index}]");
            let found = step.name();
            let found = format_args!("{found}");
            if index < usize::from(resized) {
                continue;
            }
            if index > usize::from(resized) {
                let expected =
                    "no crop or resize here: the list's only crop comes first, behind a resize or alone";
                problems.require(!step.moves_the_frame(), &key, &found, expected);
            } else if !step.is_crop() {
                problems.require(false, &key, &found, CROP_FIRST);
            } else if resized {
                let cuts = matches!(step, Transform::CentreCrop | Transform::RandomCrop { .. });
                let expected = "centre_crop or random_crop after a resize, since the others resize again";
                problems.require(cuts, &key, &found, expected);
            }
        }
    }
}

impl Transform {
    /// Its name as a file writes it.
    pub(super) fn name(&self) -> String {
        match toml::Value::try_from(self) {
            Ok(toml::Value::String(name)) => name,
            Ok(toml::Value::Table(table)) => table.keys().next().cloned().unwrap_or_default(),
            _ => String::new(),
        }
    }

    fn is_crop(&self) -> bool {
        matches!(
            self,
            Self::Fit | Self::CentreCrop | Self::RandomCrop { .. } | Self::RandomResizedCrop { .. }
        )
    }

    fn moves_the_frame(&self) -> bool {
        self.is_crop() || matches!(self, Self::Resize { .. })
    }

    /// What is wrong with it under `key`, in a view of this size.
    fn check(&self, key: &str, size: ViewSize, problems: &mut Problems) {
        match self {
            Self::RandomApply { probability, steps } => {
                problems.probability(&format!("{key}.random_apply.probability"), *probability);
                inner(steps, &format!("{key}.random_apply.steps"), size, problems);
            }
            Self::Sequence(steps) => inner(steps, &format!("{key}.sequence"), size, problems),
            Self::Shared(steps) => inner(steps, &format!("{key}.shared"), size, problems),
            Self::QuarterTurns => {
                let expected =
                    format!("no such step in a view of {size}: a quarter turn of it has another size");
                problems.require(size.is_square(), key, &format_args!("quarter_turns"), &expected);
            }
            Self::OneOf(choices) => one_of(choices, &format!("{key}.one_of"), size, problems),
            _ => self.check_pixels(&format!("{key}.{}", self.name()), size, problems),
        }
    }

    /// Transforms that move pixels.
    fn check_pixels(&self, key: &str, size: ViewSize, problems: &mut Problems) {
        let at = |field: &str| format!("{key}.{field}");
        match *self {
            Self::Resize { short } => {
                let expected = format!("1 to {MOST_PIXELS} pixels");
                problems.require((1..=MOST_PIXELS).contains(&short), &at("short"), &short, &expected);
            }
            Self::RandomCrop { padding } => {
                let expected = format!("0 to {}", size.longer_in_words());
                problems.require(padding <= size.longer(), &at("padding"), &padding, &expected);
            }
            Self::RandomResizedCrop { scale, ratio, .. } => {
                fractions(problems, &at("scale"), scale);
                ordered(problems, &at("ratio"), ratio);
            }
            Self::Rotate { degrees, .. } => {
                least_first(problems, &at("degrees"), degrees, (-360.0, 360.0), "degrees");
            }
            Self::Translate { fraction, .. } => {
                let inside = fraction.iter().all(|fraction| (0.0..=1.0).contains(fraction));
                let expected = "fractions of the width and of the height, each 0 to 1";
                problems.require(inside, &at("fraction"), &fraction, expected);
            }
            Self::ReflectTranslate { most } => {
                let expected = format!("below {}", size.shorter_in_words());
                problems.require(most < size.shorter(), &at("most"), &most, &expected);
            }
            Self::Shear { x, y, .. } => {
                least_first(problems, &at("x"), x, (-89.0, 89.0), "degrees");
                least_first(problems, &at("y"), y, (-89.0, 89.0), "degrees");
            }
            Self::Erase { scale, ratio, filling } => {
                fractions(problems, &at("scale"), scale);
                ordered(problems, &at("ratio"), ratio);
                filled(problems, &at("filling"), filling);
            }
            Self::Cutout { side, filling } => {
                let expected = format!("1 pixel to {}", size.longer_in_words());
                problems.require((1..=size.longer()).contains(&side), &at("side"), &side, &expected);
                filled(problems, &at("filling"), filling);
            }
            Self::ShiftChannels { most } => {
                let expected = format!("0 to {}", size.shorter_in_words());
                problems.require(most <= size.shorter(), &at("most"), &most, &expected);
            }
            _ => self.check_values(key, size, problems),
        }
    }

    /// Transforms that change values and leave pixels in their places.
    fn check_values(&self, key: &str, size: ViewSize, problems: &mut Problems) {
        let at = |field: &str| format!("{key}.{field}");
        match *self {
            Self::ColorJitter { brightness, contrast, saturation, hue } => {
                problems.not_negative(&at("brightness"), brightness);
                problems.not_negative(&at("contrast"), contrast);
                problems.not_negative(&at("saturation"), saturation);
                let expected = "0 to 0.5 of the circle";
                problems.require((0.0..=0.5).contains(&hue), &at("hue"), &hue, expected);
            }
            Self::GaussianBlur { sigma: stds, kernel: width } => {
                sigma(problems, &at("sigma"), stds);
                kernel(problems, &at("kernel"), width, size);
            }
            Self::Solarize { threshold } => {
                problems.require((0.0..=1.0).contains(&threshold), &at("threshold"), &threshold, "0 to 1");
            }
            Self::Posterize { bits } => problems.require(bits <= 8, &at("bits"), &bits, "0 to 8"),
            Self::Sharpness { factor } => {
                let [least, largest] = factor;
                let holds = 0.0 <= least && least <= largest && largest.is_finite();
                problems.require(holds, &at("factor"), &factor, "the smaller number first, both 0 or above");
            }
            Self::GaussianNoise { std } => problems.not_negative(&at("std"), std),
            Self::DropChannels { fraction } => problems.not_negative(&at("fraction"), fraction),
            Self::RandAugment { count, magnitude, .. } => {
                problems.require(count <= 16, &at("count"), &count, "0 to 16");
                problems.require(magnitude <= 30, &at("magnitude"), &magnitude, "0 to 30");
            }
            _ => {}
        }
    }
}

/// Steps inside another one: at least one, and no crop among them.
fn inner(steps: &[Transform], key: &str, size: ViewSize, problems: &mut Problems) {
    problems.require(!steps.is_empty(), key, &steps, "at least one step");
    for (index, step) in steps.iter().enumerate() {
        nested(step, &format!("{key}[{index}]"), size, problems);
    }
}

/// Choices by weight, of which one at least can be taken.
fn one_of(choices: &[WeightedTransform], key: &str, size: ViewSize, problems: &mut Problems) {
    problems.require(!choices.is_empty(), key, &choices, "at least one choice");
    for (index, choice) in choices.iter().enumerate() {
        problems.not_negative(&format!("{key}[{index}].weight"), choice.weight);
        nested(&choice.step, &format!("{key}[{index}].step"), size, problems);
    }
    let weights: Vec<_> = choices.iter().map(|choice| choice.weight).collect();
    // Negative weights and those that are no numbers are named above.
    if !weights.is_empty() && weights.iter().all(|weight| *weight == 0.0) {
        let weights = weights.iter().map(f64::to_string).collect::<Vec<_>>().join(", ");
        problems.require(false, key, &format_args!("weights of {weights}"), "one weight above 0 at least");
    }
}

fn nested(step: &Transform, key: &str, size: ViewSize, problems: &mut Problems) {
    let found = step.name();
    let expected = "no crop or resize inside another step: the list's only crop comes first";
    problems.require(!step.moves_the_frame(), key, &format_args!("{found}"), expected);
    step.check(key, size, problems);
}

fn filled(problems: &mut Problems, key: &str, filling: Filling) {
    if let Filling::Value(value) = filling {
        problems.require((0.0..=1.0).contains(&value), &format!("{key}.value"), &value, "0 to 1");
    }
}
