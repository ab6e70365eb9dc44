//! Decoupled contrastive learning (Yeh et al. 2021, arXiv 2110.06848): SimCLR whose positive is no candidate of its own,
//! so that small batches learn too; with weights, DCLW, hard positives count for more.

use crate::branch::Branch;
use crate::objective::{BatchInfo, Encoders, LossOutput, Objective};
use crate::setting::{Setting, head};
use crate::{Outputs, Progress};
use kontrast_augment_torch::Views;
use kontrast_losses::{dcl, dcl_uniform, dclw};
use kontrast_models::Mode;
use kontrast_torch_ext::StateDict;

/// Encoder, projector and the decoupled loss.
pub(crate) struct Dcl {
    branch: Branch,
    temperature: f64,
    /// Width of the weighting of positives; DCLW has one.
    sigma: Option<f64>,
}

impl Dcl {
    pub(crate) fn new(config: &kontrast_config::Dcl, setting: &Setting) -> Self {
        let branch = Branch::new(setting, &head(&config.projector, 1), 1);
        Self { branch, temperature: config.temperature, sigma: None }
    }

    pub(crate) fn weighted(config: &kontrast_config::Dclw, setting: &Setting) -> Self {
        let branch = Branch::new(setting, &head(&config.projector, 1), 1);
        Self { branch, temperature: config.temperature, sigma: Some(config.sigma) }
    }
}

impl Objective for Dcl {
    fn name(&self) -> &'static str {
        if self.sigma.is_some() { "dclw" } else { "dcl" }
    }

    fn embed(&self, views: &Views, progress: Progress, mode: Mode) -> Outputs {
        let pass = self.branch.joint(views, progress, mode);
        Outputs::new(&pass.h).with("z", views.by_view(&pass.z))
    }

    fn loss(&mut self, online: &Outputs, _target: &Outputs, _batch: BatchInfo<'_>) -> LossOutput {
        let z = &online["z"];
        let (z1, z2) = (z.get(0), z.get(1));
        let loss = match self.sigma {
            None => dcl(&z1, &z2, self.temperature),
            Some(sigma) => dclw(&z1, &z2, self.temperature, sigma),
        };
        let uniform = dcl_uniform(z1.size()[0] as usize);
        LossOutput::new(loss, Some(uniform), z)
    }

    fn encoders(&self) -> Encoders<'_> {
        Encoders::of_branch(&self.branch)
    }

    fn state(&self) -> StateDict {
        self.branch.state()
    }

    fn hint(&self) -> &'static str {
        "lower optimizer lr or lengthen schedule warmup_epochs; for DCL also check that method.dcl.temperature (or \
         method.dclw.temperature) is between 0.05 and 0.5, since without the positive among the candidates the loss has \
         no lower bound and its gradient never fades"
    }
}
