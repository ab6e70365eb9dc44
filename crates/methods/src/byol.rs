//! BYOL (Grill et al. 2020, arXiv 2006.07733): the online network predicts what a momentum encoder makes of the other
//! view; nothing repels.

use crate::branch::{Branch, Predictor, TargetUpdate};
use crate::objective::{BatchInfo, Encoders, LossOutput, Objective};
use crate::setting::{Setting, head};
use crate::{Outputs, Progress};
use kontrast_augment_torch::Views;
use kontrast_losses::negative_cosine;
use kontrast_models::Mode;
use kontrast_torch_ext::StateDict;

/// Online encoder with predictor, and the target.
pub(crate) struct Byol {
    online: Branch,
    predictor: Predictor,
    target: Branch,
    target_update: TargetUpdate,
}

impl Byol {
    pub(crate) fn new(config: &kontrast_config::Byol, setting: &Setting) -> Self {
        let projector = head(&config.projector, 1);
        let (online, target) =
            (Branch::new(setting, &projector, 1), Branch::of_momentum_encoder(setting, &projector, 1));
        let predictor = Predictor::new(setting, online.width(), &head(&config.predictor, 1));
        let target_update = TargetUpdate::new(&online.state(), &target.state(), &config.momentum);
        Self { online, predictor, target, target_update }
    }
}

impl Objective for Byol {
    fn name(&self) -> &'static str {
        "byol"
    }

    fn embed(&self, views: &Views, progress: Progress, mode: Mode) -> Outputs {
        let pass = self.online.per_view(views, progress, mode);
        let p = self.predictor.per_view(&pass.z, views.count(), mode);
        Outputs::new(&pass.h).with("z", views.by_view(&pass.z.detach())).with("prediction", views.by_view(&p))
    }

    fn embed_target(&self, views: &Views, progress: Progress) -> Option<Outputs> {
        let pass = self.target.per_view(views, progress, Mode::Train);
        Some(Outputs::new(&pass.h).with("z", views.by_view(&pass.z)))
    }

    fn loss(&mut self, online: &Outputs, target: &Outputs, _batch: BatchInfo<'_>) -> LossOutput {
        let (z, p, target) = (&online["z"], &online["prediction"], &target["z"]);
        // Equation 2 and its mirror: squared distances of unit vectors are 2 - 2 cos.
        let term = |a: i64, b: i64| negative_cosine(&p.get(a), &target.get(b)) * 2.0 + 2.0;
        LossOutput::new(term(0, 1) + term(1, 0), None, z)
    }

    fn after_step(&mut self, progress: Progress) {
        self.target_update.follow(progress);
    }

    fn encoders(&self) -> Encoders<'_> {
        Encoders::of_branch(&self.online)
    }

    fn state(&self) -> StateDict {
        self.online.state().and("predictor", &self.predictor.state()).and("target", &self.target.state())
    }

    fn hint(&self) -> &'static str {
        "check method.byol.predictor: without one, or with one that learns too slowly, BYOL collapses; raise \
         method.byol.momentum (below .9 the target follows too closely), keep batch norm in both heads, and lower \
         optimizer lr"
    }
}
