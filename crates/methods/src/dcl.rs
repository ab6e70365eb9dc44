//! Decoupled contrastive learning (Yeh et al. 2021, arXiv 2110.06848): SimCLR whose positive is no candidate of its own,
//! so that small batches learn too; with weights, DCLW, hard positives count for more.

use crate::Progress;
use crate::branch::Branch;
use crate::objective::{Batch, LossOutput, Objective, Pass};
use crate::setting::{Setting, head};
use kontrast_augment_torch::Views;
use kontrast_losses::{dcl, dcl_uniform, dclw};
use kontrast_models::Mode;
use tch::Tensor;

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

    fn online(&self, views: &Views, _progress: Progress, mode: Mode) -> Pass {
        let pass = self.branch.joint(views, mode);
        Pass { h: pass.h, outputs: vec![views.by_view(&pass.z)] }
    }

    fn loss(&mut self, online: &[Tensor], _target: &[Tensor], _batch: Batch<'_>) -> LossOutput {
        let (z1, z2) = (online[0].get(0), online[0].get(1));
        let loss = match self.sigma {
            None => dcl(&z1, &z2, self.temperature),
            Some(sigma) => dclw(&z1, &z2, self.temperature, sigma),
        };
        let uniform = dcl_uniform(z1.size()[0] as usize);
        LossOutput::new(loss, Some(uniform), &online[0])
    }

    fn branch(&self) -> &Branch {
        &self.branch
    }

    fn hint(&self) -> &'static str {
        "lower optimizer lr or lengthen schedule warmup_epochs; for DCL also check that method.dcl.temperature (or \
         method.dclw.temperature) is between 0.05 and 0.5, since without the positive among the candidates the loss has \
         no lower bound and its gradient never fades"
    }
}
