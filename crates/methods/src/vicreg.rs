//! VICReg (Bardes, Ponce and LeCun 2021, arXiv 2105.04906): views agree, every dimension varies over the batch, and no two
//! dimensions vary together.

use crate::Progress;
use crate::branch::Branch;
use crate::objective::{Batch, LossOutput, Objective, Pass};
use crate::setting::{Setting, head};
use kontrast_augment_torch::Views;
use kontrast_losses::{VicregWeights, vicreg};
use kontrast_models::Mode;
use tch::Tensor;

/// Encoder, projector (the paper's expander) and the three terms.
pub(crate) struct Vicreg {
    branch: Branch,
    weights: VicregWeights,
}

impl Vicreg {
    pub(crate) fn new(config: &kontrast_config::Vicreg, setting: &Setting) -> Self {
        let branch = Branch::new(setting, &head(&config.projector, 1), 1);
        let kontrast_config::Vicreg { invariance, variance, covariance, .. } = *config;
        Self { branch, weights: VicregWeights { invariance, variance, covariance } }
    }
}

impl Objective for Vicreg {
    fn name(&self) -> &'static str {
        "vicreg"
    }

    fn online(&self, views: &Views, _progress: Progress, mode: Mode) -> Pass {
        let pass = self.branch.per_view(views, mode);
        Pass { h: pass.h, outputs: vec![views.by_view(&pass.z)] }
    }

    fn loss(&mut self, online: &[Tensor], _target: &[Tensor], _batch: Batch<'_>) -> LossOutput {
        let z = &online[0];
        let loss = vicreg(&z.get(0), &z.get(1), self.weights);
        LossOutput::new(loss, None, z)
    }

    fn branch(&self) -> &Branch {
        &self.branch
    }

    fn hint(&self) -> &'static str {
        "raise method.vicreg.variance: without it VICReg collapses (the paper has 25, beside an invariance of \
         25 and a covariance of 1); else lower optimizer lr"
    }
}
