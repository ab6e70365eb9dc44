//! VICReg (Bardes, Ponce and LeCun 2021, arXiv 2105.04906): views agree, every dimension varies over the batch, and no two
//! dimensions vary together.

use crate::branch::Branch;
use crate::objective::{BatchInfo, Encoders, LossOutput, Objective};
use crate::setting::{Setting, head};
use crate::{Outputs, Progress};
use kontrast_augment_torch::Views;
use kontrast_losses::{VicregWeights, vicreg};
use kontrast_models::Mode;
use kontrast_torch_ext::StateDict;

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

    fn embed(&self, views: &Views, progress: Progress, mode: Mode) -> Outputs {
        let pass = self.branch.per_view(views, progress, mode);
        Outputs::new(&pass.h).with("z", views.by_view(&pass.z))
    }

    fn loss(&mut self, online: &Outputs, _target: &Outputs, _batch: BatchInfo<'_>) -> LossOutput {
        let z = &online["z"];
        let loss = vicreg(&z.get(0), &z.get(1), self.weights);
        LossOutput::new(loss, None, z)
    }

    fn encoders(&self) -> Encoders<'_> {
        Encoders::of_branch(&self.branch)
    }

    fn state(&self) -> StateDict {
        self.branch.state()
    }

    fn hint(&self) -> &'static str {
        "raise method.vicreg.variance: without it VICReg collapses (the paper has 25, beside an invariance of \
         25 and a covariance of 1); else lower optimizer lr"
    }
}
