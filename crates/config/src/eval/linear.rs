//! `[eval.linear]`, `[eval.logistic]`: linear classifiers on frozen features, by two optimizers.

use super::spec::ProtocolSpec;
use crate::Encoder;
use crate::problems::Problems;
use serde::{Deserialize, Serialize};

/// The linear probe: logistic regression on frozen features, over a grid of settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Linear {
    /// Passes over the features.
    ///
    /// Range: 1 or above
    pub epochs: u32,
    /// Features of a step.
    ///
    /// Range: 1 or above
    pub batch: usize,
    /// Learning rates to choose from.
    ///
    /// Range: at least one, above 0
    pub lrs: Vec<f64>,
    /// Weight decays to choose from.
    ///
    /// Range: at least one, 0 or above
    pub weight_decays: Vec<f64>,
}

/// Logistic regression by L-BFGS in double precision, over a row of penalties (Kornblith et al. 2019, arXiv 1805.08974,
/// and with SimCLR, arXiv 2002.05709, appendix B.8; DINOv2, arXiv 2304.07193, `eval/log_regression.py`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Logistic {
    /// How many penalties there are to choose from, evenly spaced on a log scale.
    ///
    /// Range: 1 or above; 45 in the literature
    pub values: usize,
    /// The least C: the loss of an image counts C times in the sum with half the squared length of the weights, as in
    /// scikit-learn; a small C is a strong penalty.
    ///
    /// Range: above 0; 1e-6 in DINOv2
    pub least_c: f64,
    /// The largest C.
    ///
    /// Range: `least_c` or above; 1e5 in DINOv2
    pub most_c: f64,
    /// The most rounds of L-BFGS at one penalty.
    ///
    /// Range: 1 or above; 1,000 in DINOv2
    pub iterations: usize,
    /// The largest value of the gradient, per image, at which a fit ends.
    ///
    /// Range: above 0; 1e-4 is scikit-learn's
    pub tolerance: f64,
}

impl ProtocolSpec for Linear {
    fn check(&self, _encoder: &Encoder, problems: &mut Problems) {
        let Self { epochs, batch, lrs, weight_decays } = self;
        problems.require(*epochs >= 1, "eval.linear.epochs", epochs, "at least 1");
        problems.require(*batch >= 1, "eval.linear.batch", batch, "at least 1");
        let some = !lrs.is_empty() && lrs.iter().all(|lr| *lr > 0.0 && lr.is_finite());
        problems.require(some, "eval.linear.lrs", lrs, "at least one number, all above 0");
        let some = !weight_decays.is_empty() && weight_decays.iter().all(|d| *d >= 0.0 && d.is_finite());
        let key = "eval.linear.weight_decays";
        problems.require(some, key, weight_decays, "at least one number, all 0 or above");
    }

    fn scores(&self) -> Vec<String> {
        vec!["linear".to_owned()]
    }

    fn validates(&self, score: &str) -> bool {
        score == "linear" && self.lrs.len() * self.weight_decays.len() > 1
    }
}

impl ProtocolSpec for Logistic {
    fn check(&self, _encoder: &Encoder, problems: &mut Problems) {
        let Self { values, least_c, most_c, iterations, tolerance } = self;
        problems.require(*values >= 1, "eval.logistic.values", values, "at least 1");
        problems.positive("eval.logistic.least_c", *least_c);
        let rises = most_c >= least_c && most_c.is_finite();
        let expected = format!("eval.logistic.least_c = {least_c:?} or above");
        problems.require(rises, "eval.logistic.most_c", most_c, &expected);
        problems.require(*iterations >= 1, "eval.logistic.iterations", iterations, "at least 1");
        problems.positive("eval.logistic.tolerance", *tolerance);
    }

    fn scores(&self) -> Vec<String> {
        vec!["logistic".to_owned()]
    }

    fn validates(&self, score: &str) -> bool {
        score == "logistic" && self.values > 1
    }
}
