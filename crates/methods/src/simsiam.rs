//! SimSiam (Chen and He 2020, arXiv 2011.10566, algorithm 1): a predictor and a stop-gradient, no momentum encoder,
//! nothing that repels.

use crate::branch::{Branch, Predictor};
use crate::objective::{BatchInfo, Encoders, LossOutput, Objective};
use crate::setting::{Setting, head};
use crate::{Outputs, Progress};
use kontrast_augment_torch::Views;
use kontrast_losses::negative_cosine;
use kontrast_models::Mode;
use kontrast_optim::{Group, GroupRate};
use kontrast_torch_ext::StateDict;

/// Encoder, projector, predictor and the negative cosine.
pub(crate) struct Simsiam {
    branch: Branch,
    predictor: Predictor,
    stop_gradient: bool,
    /// The rate that the predictor keeps, where it keeps one.
    predictor_lr: Option<f64>,
}

impl Simsiam {
    pub(crate) fn new(config: &kontrast_config::Simsiam, setting: &Setting) -> Self {
        let branch = Branch::new(setting, &head(&config.projector, 1), 1);
        let predictor = Predictor::new(setting, branch.width(), &head(&config.predictor, 1));
        let predictor_lr = config.predictor_fixed_lr.then_some(setting.lr);
        Self { branch, predictor, stop_gradient: config.stop_gradient, predictor_lr }
    }
}

impl Objective for Simsiam {
    fn name(&self) -> &'static str {
        "simsiam"
    }

    fn embed(&self, views: &Views, progress: Progress, mode: Mode) -> Outputs {
        let pass = self.branch.per_view(views, progress, mode);
        let p = self.predictor.per_view(&pass.z, views.count(), mode);
        Outputs::new(&pass.h).with("z", views.by_view(&pass.z)).with("prediction", views.by_view(&p))
    }

    fn loss(&mut self, online: &Outputs, _target: &Outputs, _batch: BatchInfo<'_>) -> LossOutput {
        let (z, p) = (&online["z"], &online["prediction"]);
        let target = if self.stop_gradient { z.detach() } else { z.shallow_clone() };
        let term = |a: i64, b: i64| negative_cosine(&p.get(a), &target.get(b));
        LossOutput::new((term(0, 1) + term(1, 0)) / 2.0, None, z)
    }

    fn encoders(&self) -> Encoders<'_> {
        Encoders::of_branch(&self.branch)
    }

    fn groups(&self) -> Vec<Group> {
        let rate = self.predictor_lr.map_or(GroupRate::Scale(1.0), GroupRate::Fixed);
        Group::changed(Group::decay_groups(self.parameters()), "predictor", |group| group.rate = rate)
    }

    fn state(&self) -> StateDict {
        self.branch.state().and("predictor", &self.predictor.state())
    }

    fn hint(&self) -> &'static str {
        "set method.simsiam.stop_gradient = true and keep method.simsiam.predictor: without either SimSiam collapses \
         (sections 4.1 and 4.2 of the paper); keep batch norm in both heads, and lower optimizer lr"
    }
}
