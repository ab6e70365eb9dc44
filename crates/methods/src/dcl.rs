//! Decoupled contrastive learning (Yeh et al. 2021, arXiv 2110.06848): SimCLR whose positive is no candidate of its own,
//! so that small batches learn too; with weights, DCLW, hard positives count for more.

use crate::branch::Branch;
use crate::objective::{BatchInfo, Encoders, LossOutput, Objective};
use crate::setting::{Setting, head};
use crate::{ImageGroups, Outputs, Progress};
use kontrast_augment_torch::Views;
use kontrast_losses::{dcl, dcl_ignoring, dcl_uniform, dcl_uniform_ignoring, dclw, dclw_ignoring};
use kontrast_models::Mode;
use kontrast_torch_ext::StateDict;

/// Encoder, projector and the decoupled loss.
pub(crate) struct Dcl {
    branch: Branch,
    temperature: f64,
    /// Width of the weighting of positives; DCLW has one.
    sigma: Option<f64>,
    groups: Option<ImageGroups>,
}

impl Dcl {
    pub(crate) fn new(config: &kontrast_config::Dcl, setting: &Setting) -> Self {
        let branch = Branch::new(setting, &head(&config.projector, 1), 1);
        Self { branch, temperature: config.temperature, sigma: None, groups: setting.groups.clone() }
    }

    pub(crate) fn weighted(config: &kontrast_config::Dclw, setting: &Setting) -> Self {
        let branch = Branch::new(setting, &head(&config.projector, 1), 1);
        Self {
            branch,
            temperature: config.temperature,
            sigma: Some(config.sigma),
            groups: setting.groups.clone(),
        }
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

    fn loss(&mut self, online: &Outputs, _target: &Outputs, batch: BatchInfo<'_>) -> LossOutput {
        let z = &online["z"];
        let (z1, z2) = (z.get(0), z.get(1));
        let (groups, t) =
            (self.groups.as_ref().map(|all| all.of(batch.indices, z.device())), self.temperature);
        let loss = match (self.sigma, &groups) {
            (None, None) => dcl(&z1, &z2, t),
            (Some(sigma), None) => dclw(&z1, &z2, t, sigma),
            (None, Some(groups)) => dcl_ignoring(&z1, &z2, &groups.of, t),
            (Some(sigma), Some(groups)) => dclw_ignoring(&z1, &z2, &groups.of, t, sigma),
        };
        let uniform = match &groups {
            None => dcl_uniform(z1.size()[0] as usize),
            Some(groups) => dcl_uniform_ignoring(&groups.numbers),
        };
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
