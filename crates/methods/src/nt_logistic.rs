//! NT-Logistic (Chen et al. 2020, arXiv 2002.05709, table 2) in SimCLR's place of NT-Xent: of every pair of views by
//! itself, whether both show one image.

use crate::branch::Branch;
use crate::mining::mining;
use crate::objective::{BatchInfo, Encoders, LossOutput, Objective};
use crate::setting::{Setting, head};
use crate::{ImageGroups, Outputs, Progress};
use kontrast_augment_torch::Views;
use kontrast_losses::{Mining, nt_logistic, nt_logistic_ignoring, nt_logistic_uniform};
use kontrast_models::Mode;
use kontrast_torch_ext::StateDict;

/// Encoder, projector and NT-Logistic.
pub(crate) struct NtLogistic {
    branch: Branch,
    temperature: f64,
    mining: Mining,
    groups: Option<ImageGroups>,
}

impl NtLogistic {
    pub(crate) fn new(config: &kontrast_config::NtLogistic, setting: &Setting) -> Self {
        let branch = Branch::new(setting, &head(&config.projector, 1), 1);
        let groups = setting.groups.clone();
        Self { branch, temperature: config.temperature, mining: mining(config.mining), groups }
    }
}

impl Objective for NtLogistic {
    fn name(&self) -> &'static str {
        "nt_logistic"
    }

    fn embed(&self, views: &Views, progress: Progress, mode: Mode) -> Outputs {
        let pass = self.branch.joint(views, progress, mode);
        Outputs::new(&pass.h).with("z", views.by_view(&pass.z))
    }

    fn loss(&mut self, online: &Outputs, _target: &Outputs, batch: BatchInfo<'_>) -> LossOutput {
        let z = &online["z"];
        let (z1, z2) = (z.get(0), z.get(1));
        let groups = self.groups.as_ref().map(|groups| groups.of(batch.indices, z.device()));
        let loss = match &groups {
            Some(groups) => nt_logistic_ignoring(&z1, &z2, &groups.of, self.temperature, self.mining),
            None => nt_logistic(&z1, &z2, self.temperature, self.mining),
        };
        LossOutput::new(loss, Some(nt_logistic_uniform()), z)
    }

    fn encoders(&self) -> Encoders<'_> {
        Encoders::of_branch(&self.branch)
    }

    fn state(&self) -> StateDict {
        self.branch.state()
    }

    fn hint(&self) -> &'static str {
        "lower optimizer lr or lengthen schedule warmup_epochs; also check that method.nt_logistic.temperature is between 0.1 \
         and 1, and set method.nt_logistic.mining = \"semi_hard\" where it is \"batch_hard\""
    }
}
