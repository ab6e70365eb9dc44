//! `[eval]`: how the encoder is judged.

use serde::{Deserialize, Serialize};

use crate::problems::Problems;

/// Which protocols run, and when. All of them read frozen features.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Eval {
    /// Weighted k-NN: `knn`, `knn_10` and `knn_200`.
    pub knn: bool,
    /// Epochs between evaluations while training; 0 evaluates at the end only.
    pub online_every: u32,
    /// Share of the training images on which settings are chosen. Nothing is chosen on test.
    pub validation: f64,
    /// A linear probe, at the end and in every evaluation while training; none where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linear: Option<Linear>,
}

/// The linear probe: logistic regression on frozen features, over a grid of settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Linear {
    /// Passes over the features.
    pub epochs: u32,
    /// Features of one step.
    pub batch: usize,
    /// Learning rates to choose from.
    pub lrs: Vec<f64>,
    /// Weight decays to choose from.
    pub weight_decays: Vec<f64>,
}

impl Eval {
    /// What turns on the protocol of this name; none where no protocol has it.
    pub(crate) fn switch(protocol: &str) -> Option<&'static str> {
        match protocol {
            "knn" | "knn_10" | "knn_200" => Some("eval.knn = true"),
            "linear" => Some("[eval.linear]"),
            _ => None,
        }
    }

    /// Whether the protocol of this name, as `summary.json` has it, is evaluated.
    pub(crate) fn runs(&self, protocol: &str) -> bool {
        match protocol {
            "knn" | "knn_10" | "knn_200" => self.knn,
            "linear" => self.linear.is_some(),
            _ => false,
        }
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        let share = self.validation > 0.0 && self.validation < 1.0;
        problems.require(share, "eval.validation", &self.validation, "a share above 0 and below 1");
        let Some(Linear { epochs, batch, lrs, weight_decays }) = &self.linear else { return };
        problems.require(*epochs >= 1, "eval.linear.epochs", epochs, "at least 1");
        problems.require(*batch >= 1, "eval.linear.batch", batch, "at least 1");
        let some = !lrs.is_empty() && lrs.iter().all(|lr| *lr > 0.0 && lr.is_finite());
        problems.require(some, "eval.linear.lrs", lrs, "at least one number, all above 0");
        let some = !weight_decays.is_empty() && weight_decays.iter().all(|d| *d >= 0.0 && d.is_finite());
        let key = "eval.linear.weight_decays";
        problems.require(some, key, weight_decays, "at least one number, all 0 or above");
    }
}
