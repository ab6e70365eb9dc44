//! What images without colours have no use for: distortions that change colours.

use super::custom::Transform;
use super::distortions::Jitter;
use super::{CustomViews, SupervisedViews, Views};
use crate::data::MOST_COLOURS;
use crate::problems::Problems;
use kontrast_runlog::human;

impl Views {
    /// Reports what would change the colours of images of so many channels, which are gray or bands.
    pub(crate) fn check_colourless(&self, channels: usize, problems: &mut Problems) {
        let colourless = Colourless { channels };
        let key = format!("views.{}", self.name());
        match self {
            Self::Simclr(views) | Self::Mocov1(views) | Self::Mocov2(views) => {
                colourless.plan(&key, (&views.jitter, views.strength), views.grayscale, problems);
            }
            Self::Byol(views) | Self::Vicreg(views) => {
                colourless.plan(&key, (&views.jitter, views.strength), views.grayscale, problems);
            }
            Self::Swav(views) => {
                colourless.plan(&key, (&views.jitter, views.strength), views.grayscale, problems);
            }
            Self::Dino(views) => {
                colourless.plan(&key, (&views.jitter, views.strength), views.grayscale, problems);
            }
            Self::Amdim(views) => {
                colourless.plan(&key, (&views.jitter, 1.0), views.grayscale, problems);
            }
            Self::Supervised(views) => colourless.supervised(&key, views, problems),
            Self::Identity(_) => {}
            Self::Custom(views) => colourless.lists(&key, views, problems),
        }
    }
}

/// Images of 1 or 2 channels, or of bands.
#[derive(Clone, Copy)]
struct Colourless {
    channels: usize,
}

impl Colourless {
    fn plan(self, key: &str, (jitter, strength): (&Jitter, f64), grayscale: f64, problems: &mut Problems) {
        let jitters = jitter.probability > 0.0 && strength > 0.0;
        for (amount, name) in [(jitter.saturation, "saturation"), (jitter.hue, "hue")] {
            let allowed = !jitters || amount == 0.0;
            problems.require(allowed, &format!("{key}.jitter.{name}"), &amount, &self.expected("0"));
        }
        problems.require(grayscale == 0.0, &format!("{key}.grayscale"), &grayscale, &self.expected("0"));
    }

    /// What RandAugment and AutoAugment do to colour leaves gray images as they are, as in torchvision; bands they do not
    /// know.
    fn supervised(self, key: &str, views: &SupervisedViews, problems: &mut Problems) {
        for (given, name) in
            [(views.rand_augment.is_some(), "rand_augment"), (views.auto_augment.is_some(), "auto_augment")]
        {
            let allowed = self.channels <= MOST_COLOURS || !given;
            problems.require(allowed, &format!("{key}.{name}"), &"given", &self.expected("no such key"));
        }
    }

    fn lists(self, key: &str, views: &CustomViews, problems: &mut Problems) {
        for (index, list) in views.view.iter().enumerate() {
            for (place, step) in list.steps.iter().enumerate() {
                self.step(&format!("{key}.view[{index}].steps[{place}]"), step, problems);
            }
        }
    }

    fn step(self, key: &str, step: &Transform, problems: &mut Problems) {
        match step {
            Transform::RandomApply { probability, steps } if *probability > 0.0 => {
                self.steps(&format!("{key}.random_apply.steps"), steps, problems);
            }
            Transform::Sequence(steps) => self.steps(&format!("{key}.sequence"), steps, problems),
            Transform::Shared(steps) => self.steps(&format!("{key}.shared"), steps, problems),
            Transform::OneOf(choices) => {
                for (index, choice) in choices.iter().enumerate() {
                    self.step(&format!("{key}.one_of[{index}].step"), &choice.step, problems);
                }
            }
            Transform::ColorJitter { saturation, hue, .. } => {
                for (amount, name) in [(saturation, "saturation"), (hue, "hue")] {
                    let key = format!("{key}.color_jitter.{name}");
                    problems.require(*amount == 0.0, &key, amount, &self.expected("0"));
                }
            }
            Transform::Grayscale | Transform::ShiftChannels { .. } | Transform::DropChannels { .. } => {
                let (name, expected) = (step.name(), self.expected("no such step"));
                problems.require(false, key, &format_args!("{name}"), &expected);
            }
            Transform::Autocontrast | Transform::RandAugment { .. } | Transform::AutoAugment { .. } => {
                let (name, expected) = (step.name(), self.expected("no such step"));
                let allowed = self.channels <= MOST_COLOURS;
                problems.require(allowed, key, &format_args!("{name}"), &expected);
            }
            _ => {}
        }
    }

    fn steps(self, key: &str, steps: &[Transform], problems: &mut Problems) {
        for (index, step) in steps.iter().enumerate() {
            self.step(&format!("{key}[{index}]"), step, problems);
        }
    }

    fn expected(self, what: &str) -> String {
        let channels = human::counted(self.channels as u64, "channel");
        format!("{what}: images of {channels}, as many as data.mean has numbers, have no colour to change")
    }
}
