//! `[schedule]`: the learning rate over time.

use serde::{Deserialize, Serialize};

use crate::problems::Problems;

/// The schedule. One variant is named, as in `[schedule.cosine]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// Linear warm-up, then half a cosine (Loshchilov and Hutter 2016, arXiv 1608.03983).
    Cosine(Cosine),
    /// Linear warm-up, then the peak.
    Constant(Constant),
    /// Linear warm-up, then the peak, lowered at some epochs.
    Multistep(Multistep),
}

/// Warm-up and half a cosine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Cosine {
    /// Epochs in which the rate climbs to its peak in equal steps; a fraction is allowed.
    ///
    /// Range: 0 to `train.epochs`
    pub warmup_epochs: f64,
    /// Fraction of the peak that is left at the last step.
    ///
    /// Range: 0 to 1
    #[serde(rename = "final")]
    pub final_fraction: f64,
}

/// Warm-up and then no change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Constant {
    /// Epochs in which the rate climbs to its peak in equal steps; a fraction is allowed.
    ///
    /// Range: 0 to `train.epochs`
    pub warmup_epochs: f64,
}

/// Warm-up, and then the same rate until the next milestone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Multistep {
    /// Epochs in which the rate climbs to its peak in equal steps; a fraction is allowed.
    ///
    /// Range: 0 to `train.epochs`
    pub warmup_epochs: f64,
    /// Epochs after which the rate is lowered, counted from the beginning, warm-up included.
    ///
    /// Range: rising, from the end of the warm-up to below `train.epochs`
    pub milestones: Vec<u32>,
    /// What the rate is multiplied by at each milestone.
    ///
    /// Range: between 0 and 1
    pub gamma: f64,
}

impl Schedule {
    /// The variant's name as a file writes it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Cosine(_) => "cosine",
            Self::Constant(_) => "constant",
            Self::Multistep(_) => "multistep",
        }
    }

    /// Epochs from 0 to the peak.
    pub fn warmup_epochs(&self) -> f64 {
        match self {
            Self::Cosine(cosine) => cosine.warmup_epochs,
            Self::Constant(constant) => constant.warmup_epochs,
            Self::Multistep(multistep) => multistep.warmup_epochs,
        }
    }

    pub(crate) fn check(&self, epochs: u32, problems: &mut Problems) {
        let warmup = self.warmup_epochs();
        let key = format!("schedule.{}.warmup_epochs", self.name());
        // Whoever shortens a run from the command line has the warm-up of the file still.
        let shorter = f64::from(epochs) / 10.0;
        let expected = format!("0 to train.epochs = {epochs}, as with --set {key}={shorter}");
        problems.require(warmup >= 0.0 && warmup <= f64::from(epochs.max(1)), &key, &warmup, &expected);
        match self {
            Self::Cosine(Cosine { final_fraction, .. }) => {
                let inside = (0.0..=1.0).contains(final_fraction);
                problems.require(
                    inside,
                    "schedule.cosine.final",
                    final_fraction,
                    "a fraction of the peak, 0 to 1",
                );
            }
            Self::Constant(_) => {}
            Self::Multistep(multistep) => multistep.check(epochs, problems),
        }
    }
}

impl Multistep {
    fn check(&self, epochs: u32, problems: &mut Problems) {
        let Self { warmup_epochs, milestones, gamma } = self;
        let rising = milestones.windows(2).all(|pair| pair[0] < pair[1]);
        let first = milestones.first().is_some_and(|&first| first > 0 && f64::from(first) >= *warmup_epochs);
        let last = milestones.last().is_some_and(|&last| last < epochs);
        // Whoever shortens a run from the command line has the milestones of the file still.
        let key = "schedule.multistep.milestones";
        let mut fitting = vec![epochs / 2, epochs - epochs.div_ceil(4)];
        fitting.dedup();
        fitting.retain(|&milestone| milestone > 0 && f64::from(milestone) >= *warmup_epochs);
        let example = if fitting.is_empty() {
            "; the run is too short for any: take [schedule.constant]".to_owned()
        } else {
            let fitting: Vec<_> = fitting.iter().map(u32::to_string).collect();
            format!(", as with --set {key}=[{}]", fitting.join(","))
        };
        let expected = format!(
            "rising epochs from the end of the warm-up ({warmup_epochs}) on, below train.epochs = {epochs}{example}"
        );
        problems.require(rising && first && last, key, milestones, &expected);
        let inside = *gamma > 0.0 && *gamma < 1.0;
        problems.require(inside, "schedule.multistep.gamma", gamma, "a factor between 0 and 1");
    }
}
