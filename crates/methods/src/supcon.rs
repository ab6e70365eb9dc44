//! SupCon (Khosla et al. 2020, arXiv 2004.11362): all views of all images of a class attract each other. It needs
//! labels, and stands beside the methods that do not.

use crate::CollapseCriterion;
use crate::Progress;
use crate::branch::Branch;
use crate::objective::{Batch, LossOutput, Objective, Pass};
use crate::setting::{Labels, Setting, head};
use kontrast_augment_torch::Views;
use kontrast_losses::{sup_con, sup_con_uniform};
use kontrast_models::Mode;
use tch::Tensor;

/// Encoder, projector and the supervised contrastive loss.
pub(crate) struct Supcon {
    branch: Branch,
    labels: Labels,
    temperature: f64,
}

impl Supcon {
    pub(crate) fn new(config: &kontrast_config::Supcon, labels: Labels, setting: &Setting) -> Self {
        let branch = Branch::new(setting, &head(&config.projector, 1), 1);
        Self { branch, labels, temperature: config.temperature }
    }
}

impl Objective for Supcon {
    fn name(&self) -> &'static str {
        "supcon"
    }

    fn online(&self, views: &Views, _progress: Progress, mode: Mode) -> Pass {
        let pass = self.branch.joint(views, mode);
        Pass { h: pass.h, outputs: vec![views.by_view(&pass.z)] }
    }

    fn loss(&mut self, online: &[Tensor], _target: &[Tensor], batch: Batch<'_>) -> LossOutput {
        let z = &online[0];
        let labels = self.labels.of(batch.indices, z.device());
        let loss = sup_con(z, &labels, self.temperature);
        let uniform = sup_con_uniform(z.size()[0] as usize, z.size()[1] as usize);
        LossOutput::new(loss, Some(uniform), z)
    }

    fn branch(&self) -> &Branch {
        &self.branch
    }

    fn collapse_criterion(&self) -> CollapseCriterion {
        CollapseCriterion::Classes
    }

    fn hint(&self) -> &'static str {
        "lower optimizer lr or lengthen schedule warmup_epochs; for SupCon also check that method.supcon.temperature is \
         near 0.1 and that train.batch holds several images of each class"
    }
}
