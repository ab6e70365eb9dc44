//! Barlow Twins (Zbontar et al. 2021, arXiv 2103.03230): the cross-correlation of the embeddings of two views is drawn to
//! the identity, so that views agree and dimensions say different things.

use crate::Progress;
use crate::branch::Branch;
use crate::objective::{Batch, LossOutput, Objective, Pass};
use crate::setting::{Setting, head};
use kontrast_augment_torch::Views;
use kontrast_losses::barlow_twins;
use kontrast_models::Mode;
use tch::Tensor;

/// Encoder, projector and the cross-correlation loss.
pub(crate) struct BarlowTwins {
    branch: Branch,
    lambda: f64,
    scale: f64,
}

impl BarlowTwins {
    pub(crate) fn new(config: &kontrast_config::BarlowTwins, setting: &Setting) -> Self {
        let branch = Branch::new(setting, &head(&config.projector, 1), 1);
        Self { branch, lambda: config.lambda, scale: config.scale }
    }
}

impl Objective for BarlowTwins {
    fn name(&self) -> &'static str {
        "barlow_twins"
    }

    fn online(&self, views: &Views, _progress: Progress, mode: Mode) -> Pass {
        let pass = self.branch.per_view(views, mode);
        Pass { h: pass.h, outputs: vec![views.by_view(&pass.z)] }
    }

    fn loss(&mut self, online: &[Tensor], _target: &[Tensor], _batch: Batch<'_>) -> LossOutput {
        let z = &online[0];
        let loss = barlow_twins(&z.get(0), &z.get(1), self.lambda) * self.scale;
        LossOutput::new(loss, None, z)
    }

    fn branch(&self) -> &Branch {
        &self.branch
    }

    fn hint(&self) -> &'static str {
        "lower optimizer lr or lengthen schedule warmup_epochs; for Barlow Twins also check method.barlow_twins.lambda \
         (5e-3 in the paper) and method.barlow_twins.scale, which multiplies the gradient"
    }
}
