//! Barlow Twins (Zbontar et al. 2021, arXiv 2103.03230): the cross-correlation of the embeddings of two views is drawn to
//! the identity, so that views agree and dimensions say different things.

use crate::branch::Branch;
use crate::objective::{BatchInfo, Encoders, LossOutput, Objective};
use crate::setting::{Setting, head};
use crate::{Outputs, Progress};
use kontrast_augment_torch::Views;
use kontrast_losses::barlow_twins;
use kontrast_models::Mode;
use kontrast_torch_ext::StateDict;

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

    fn embed(&self, views: &Views, progress: Progress, mode: Mode) -> Outputs {
        let pass = self.branch.per_view(views, progress, mode);
        Outputs::new(&pass.h).with("z", views.by_view(&pass.z))
    }

    fn loss(&mut self, online: &Outputs, _target: &Outputs, _batch: BatchInfo<'_>) -> LossOutput {
        let z = &online["z"];
        let loss = barlow_twins(&z.get(0), &z.get(1), self.lambda) * self.scale;
        LossOutput::new(loss, None, z)
    }

    fn encoders(&self) -> Encoders<'_> {
        Encoders::of_branch(&self.branch)
    }

    fn state(&self) -> StateDict {
        self.branch.state()
    }

    fn hint(&self) -> &'static str {
        "lower optimizer lr or lengthen schedule warmup_epochs; for Barlow Twins also check method.barlow_twins.lambda \
         (5e-3 in the paper) and method.barlow_twins.scale, which multiplies the gradient"
    }
}
