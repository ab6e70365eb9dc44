//! Methods that keep the dimensions of an embedding apart instead of the images.

use serde::{Deserialize, Serialize};

use super::Head;
use crate::problems::Problems;

/// Barlow Twins: the cross-correlation of two views is drawn to the identity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BarlowTwins {
    /// Weight of the entries off the diagonal.
    pub lambda: f64,
    /// Multiplies the whole loss, as the paper's code does.
    pub scale: f64,
    /// The head that the loss sees.
    pub projector: Head,
}

/// VICReg: views agree, every dimension varies, no two dimensions vary together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vicreg {
    /// Weight of the mean squared distance between the views.
    pub invariance: f64,
    /// Weight of the hinge on each dimension's std; without it embeddings collapse.
    pub variance: f64,
    /// Weight of the covariances.
    pub covariance: f64,
    /// The head that the loss sees.
    pub projector: Head,
}

impl BarlowTwins {
    pub(super) fn check(&self, key: &str, problems: &mut Problems) {
        problems.positive(&format!("{key}.lambda"), self.lambda);
        problems.positive(&format!("{key}.scale"), self.scale);
        self.projector.check(&format!("{key}.projector"), problems);
    }
}

impl Vicreg {
    pub(super) fn check(&self, key: &str, problems: &mut Problems) {
        problems.not_negative(&format!("{key}.invariance"), self.invariance);
        problems.not_negative(&format!("{key}.variance"), self.variance);
        problems.not_negative(&format!("{key}.covariance"), self.covariance);
        self.projector.check(&format!("{key}.projector"), problems);
    }
}
