//! SupCon (Khosla et al. 2020, arXiv 2004.11362): all views of all images of a class attract each other. It needs
//! labels, and stands beside the methods that do not.

use crate::CollapseCriterion;
use crate::branch::Branch;
use crate::objective::{BatchInfo, Encoders, LossOutput, Objective};
use crate::setting::{Labels, Setting, head};
use crate::{Outputs, Progress};
use kontrast_augment_torch::Views;
use kontrast_losses::{sup_con, sup_con_uniform};
use kontrast_models::Mode;
use kontrast_torch_ext::StateDict;

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

    fn embed(&self, views: &Views, progress: Progress, mode: Mode) -> Outputs {
        let pass = self.branch.joint(views, progress, mode);
        Outputs::new(&pass.h).with("z", views.by_view(&pass.z))
    }

    fn loss(&mut self, online: &Outputs, _target: &Outputs, batch: BatchInfo<'_>) -> LossOutput {
        let z = &online["z"];
        let labels = self.labels.of(batch.indices, z.device());
        let loss = sup_con(z, &labels, self.temperature);
        let uniform = sup_con_uniform(z.size()[0] as usize, z.size()[1] as usize);
        LossOutput::new(loss, Some(uniform), z)
    }

    fn encoders(&self) -> Encoders<'_> {
        Encoders::of_branch(&self.branch)
    }

    fn state(&self) -> StateDict {
        self.branch.state()
    }

    fn collapse_criterion(&self) -> CollapseCriterion {
        CollapseCriterion::Classes
    }

    fn hint(&self) -> &'static str {
        "lower optimizer lr or lengthen schedule warmup_epochs; for SupCon also check that method.supcon.temperature is \
         near 0.1 and that train.batch holds several images of each class"
    }
}
