//! The experiment: all that one run is made of, as one value.

use serde::{Deserialize, Serialize};

use crate::problems::{Problem, Problems};
use crate::views;
use crate::{
    AnyMethod, Data, Encoder, Eval, Infrastructure, Optimizer, Schedule, TextEncoder, Texts, Train, ViewSize,
    Views,
};

/// One experiment, as its file says. Every number that changes a result is required; only
/// infrastructure has defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// Begins the name of the run directory.
    ///
    /// Range: letters, digits, `-`, `_`, `.`; begins with a letter or digit
    pub name: String,
    /// Seeds the views, the order of images, the subset, the initial weights and the splits of evaluation; no part of
    /// the digest.
    ///
    /// Range: 0 or above
    pub seed: u64,
    /// Where the images come from.
    pub data: Data,
    /// How views are drawn from an image.
    pub views: Views,
    /// The network that is trained.
    pub encoder: Encoder,
    /// What is said of the images, for a method that reads texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub texts: Option<Texts>,
    /// The network that reads texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_encoder: Option<TextEncoder>,
    /// What it is trained with.
    pub method: AnyMethod,
    /// How gradients change weights.
    pub optimizer: Optimizer,
    /// The learning rate over time.
    pub schedule: Schedule,
    /// Batch, epochs, precision, checkpoints.
    pub train: Train,
    /// How the encoder is judged.
    pub eval: Eval,
    /// Where it runs. Not part of the digest.
    #[serde(default)]
    pub run: Infrastructure,
}

impl Experiment {
    /// Everything that is out of range, each with its key; empty when the experiment can run.
    pub fn check(&self) -> Vec<Problem> {
        let mut problems = self.check_parts();
        // Views beyond counting are a problem of their own, which a list of their sizes would drown.
        if !problems.any(|key| key.starts_with("views.") && key.rsplit('.').next() == Some("count")) {
            self.method.check_views(&self.views, &mut problems);
            self.check_sides(&mut problems);
            self.encoder.check_patches(&self.method, &self.views, &mut problems);
            self.method.check_hidden(&self.views, self.encoder.patch(), &mut problems);
            if let Encoder::Amdim(own) = &self.encoder {
                own.check_views(&self.method, &self.views, &mut problems);
            }
        }
        problems.into_list()
    }

    /// Whether the encoder can take the smallest of what it sees, and cut all of it into whole patches.
    fn check_sides(&self, problems: &mut Problems) {
        let seen = self.method.seen(&self.views);
        let patch = self.encoder.patch();
        let whole = |size: &ViewSize| size.height.is_multiple_of(patch) && size.width.is_multiple_of(patch);
        if let Some((key, size)) = seen.iter().find(|(_, size)| !whole(size)) {
            let encoder = self.encoder.name();
            let expected = format!("sides that encoder.{encoder}.patch = {patch} divides");
            problems.require(false, key, &format_args!("{size} pixels"), &expected);
        }
        let least = seen.into_iter().map(|(key, size)| (key, size.shorter())).min_by_key(|(_, side)| *side);
        let Some((key, side)) = least else { return };
        let (least, encoder) = (self.encoder.least_side(), self.encoder.name());
        let expected = format!("at least {least} pixels on a side, for encoder.{encoder}");
        // Views of fewer pixels than any may have are a problem of their own, as are tiles of none.
        let told = side < if key.starts_with("views.") { views::LEAST_PIXELS } else { 1 };
        problems.require(told || side >= least, &key, &format_args!("{side} pixels"), &expected);
    }

    /// Everything that is out of range by itself, whatever the method makes of the views.
    pub(crate) fn check_parts(&self) -> Problems {
        let mut problems = Problems::default();
        let fit = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let named = self.name.starts_with(|c: char| c.is_ascii_alphanumeric()) && self.name.chars().all(fit);
        problems.require(
            named,
            "name",
            &self.name,
            "letters, digits, `-`, `_` and `.`, beginning with a letter or digit: it names a folder",
        );
        self.data.check(&mut problems);
        if let Some(pairs) = &self.data.pairs {
            pairs.check(&self.data, &self.method, &mut problems);
        }
        self.views.check(&mut problems);
        let channels = self.data.channels();
        let told = self.data.std.given().is_some_and(|std| std.len() != channels);
        if ![3, 4].contains(&channels) && !told {
            self.views.check_colourless(channels, &mut problems);
        }
        self.encoder.check(&mut problems);
        self.encoder.check_split(channels, &self.method, &mut problems);
        self.encoder.check_cells(&self.method, &mut problems);
        self.encoder.check_tokens(&self.method, &mut problems);
        self.method.check(&self.train, channels, &mut problems);
        Texts::check_with(self.texts.as_ref(), self.text_encoder.as_ref(), &self.method, &mut problems);
        let fits = !(self.data.unlabelled && self.method.needs_labels());
        let expected = format!("false, since method.{} needs the labels of its images", self.method.name());
        problems.require(fits, "data.unlabelled", &self.data.unlabelled, &expected);
        self.optimizer.check(&mut problems);
        self.schedule.check(self.train.epochs, &mut problems);
        self.train.check(&mut problems);
        self.eval.check(&self.encoder, &mut problems);
        self.run.check(&mut problems);
        if let Some((key, images)) = self.data.declared_images() {
            problems.require(
                images >= self.train.batch,
                key,
                &images,
                &format!("at least train.batch = {}, else there is no whole batch", self.train.batch),
            );
        }
        problems
    }
}
