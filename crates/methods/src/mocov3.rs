//! MoCo v3 (Chen, Xie and He 2021, arXiv 2104.02057, algorithm 1): predictions of queries attract
//! the keys of the other view, and the other keys of the batch repel them.

use crate::branch::{Branch, Predictor, TargetUpdate};
use crate::objective::{BatchInfo, Encoders, LossOutput, Objective};
use crate::setting::{Setting, head};
use crate::{ImageGroups, Outputs, Progress};
use kontrast_augment_torch::Views;
use kontrast_losses::{
    info_nce_batch, info_nce_batch_grouped, info_nce_batch_uniform, info_nce_batch_uniform_ignoring,
};
use kontrast_models::Mode;
use kontrast_torch_ext::StateDict;
use tch::Tensor;

/// Query encoder with predictor, key encoder, and InfoNCE within the batch.
pub(crate) struct Mocov3 {
    query: Branch,
    predictor: Predictor,
    key: Branch,
    target_update: TargetUpdate,
    temperature: f64,
    groups: Option<ImageGroups>,
}

impl Mocov3 {
    pub(crate) fn new(config: &kontrast_config::Mocov3, setting: &Setting) -> Self {
        let projector = head(&config.projector, 1);
        let (query, key) =
            (Branch::new(setting, &projector, 1), Branch::of_momentum_encoder(setting, &projector, 1));
        let predictor = Predictor::new(setting, query.width(), &head(&config.predictor, 1));
        let target_update = TargetUpdate::new(&query.state(), &key.state(), &config.momentum);
        let (temperature, groups) = (config.temperature, setting.groups.clone());
        Self { query, predictor, key, target_update, temperature, groups }
    }
}

impl Objective for Mocov3 {
    fn name(&self) -> &'static str {
        "mocov3"
    }

    fn embed(&self, views: &Views, progress: Progress, mode: Mode) -> Outputs {
        let pass = self.query.per_view(views, progress, mode);
        let p = self.predictor.per_view(&pass.z, views.count(), mode);
        Outputs::new(&pass.h).with("prediction", views.by_view(&p))
    }

    fn embed_target(&self, views: &Views, progress: Progress) -> Option<Outputs> {
        let pass = self.key.per_view(views, progress, Mode::Train);
        Some(Outputs::new(&pass.h).with("z", views.by_view(&pass.z)))
    }

    fn loss(&mut self, online: &Outputs, target: &Outputs, batch: BatchInfo<'_>) -> LossOutput {
        let (p, keys) = (&online["prediction"], &target["z"]);
        let groups = self.groups.as_ref().map(|groups| groups.of(batch.indices, p.device()));
        let term = |a: i64, b: i64| match &groups {
            Some(groups) => {
                info_nce_batch_grouped(&p.get(a), &keys.get(b), groups.for_loss(), self.temperature)
            }
            None => info_nce_batch(&p.get(a), &keys.get(b), self.temperature),
        };
        // The algorithm's factor, which keeps the gradient's size the same at every temperature.
        let factor = 2.0 * self.temperature;
        let uniform = match &groups {
            Some(groups) if groups.are_ignored() => info_nce_batch_uniform_ignoring(&groups.numbers),
            _ => info_nce_batch_uniform(p.size()[1] as usize),
        };
        let loss = (term(0, 1) + term(1, 0)) * factor;
        let embeddings = Tensor::stack(&[p.get(0).detach(), keys.get(1)], 0);
        LossOutput::new(loss, Some(2.0 * factor * uniform), &embeddings)
    }

    fn after_step(&mut self, progress: Progress) {
        self.target_update.follow(progress);
    }

    fn encoders(&self) -> Encoders<'_> {
        Encoders::of_branch(&self.query)
    }

    fn state(&self) -> StateDict {
        self.query.state().and("predictor", &self.predictor.state()).and("target", &self.key.state())
    }

    fn hint(&self) -> &'static str {
        "lower optimizer lr or lengthen schedule warmup_epochs; for MoCo v3 also check that method.mocov3.momentum.base \
         is .9 or above and that train.batch is large: its negatives are the batch alone"
    }
}
