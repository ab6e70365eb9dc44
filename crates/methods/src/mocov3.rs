//! MoCo v3 (Chen, Xie and He 2021, arXiv 2104.02057, algorithm 1), here with a ResNet: predictions of queries attract
//! the keys of the other view, and the other keys of the batch repel them.

use crate::Progress;
use crate::branch::{Branch, Predictor, TargetUpdate};
use crate::objective::{Batch, LossOutput, Objective, Pass};
use crate::setting::{Setting, head};
use kontrast_augment_torch::Views;
use kontrast_losses::{info_nce_batch, info_nce_batch_uniform};
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
}

impl Mocov3 {
    pub(crate) fn new(config: &kontrast_config::Mocov3, setting: &Setting) -> Self {
        let projector = head(&config.projector, 1);
        let (query, key) =
            (Branch::new(setting, &projector, 1), Branch::of_momentum_encoder(setting, &projector, 1));
        let predictor = Predictor::new(setting, query.width(), &head(&config.predictor, 1));
        let target_update = TargetUpdate::new(&query.trained(), &key.state(), &config.momentum);
        Self { query, predictor, key, target_update, temperature: config.temperature }
    }
}

impl Objective for Mocov3 {
    fn name(&self) -> &'static str {
        "mocov3"
    }

    fn online(&self, views: &Views, _progress: Progress, mode: Mode) -> Pass {
        let pass = self.query.per_view(views, mode);
        let p = self.predictor.per_view(&pass.z, views.count(), mode);
        Pass { h: pass.h, outputs: vec![views.by_view(&p)] }
    }

    fn target(&self, views: &Views, _progress: Progress) -> Option<Pass> {
        let pass = self.key.per_view(views, Mode::Train);
        Some(Pass { h: pass.h, outputs: vec![views.by_view(&pass.z)] })
    }

    fn loss(&mut self, online: &[Tensor], target: &[Tensor], _batch: Batch<'_>) -> LossOutput {
        let (p, keys) = (&online[0], &target[0]);
        let term = |a: i64, b: i64| info_nce_batch(&p.get(a), &keys.get(b), self.temperature);
        // The algorithm's factor, which keeps the gradient's size the same at every temperature.
        let factor = 2.0 * self.temperature;
        let uniform = info_nce_batch_uniform(p.size()[1] as usize);
        let loss = (term(0, 1) + term(1, 0)) * factor;
        let embeddings = Tensor::stack(&[p.get(0).detach(), keys.get(1)], 0);
        LossOutput::new(loss, Some(2.0 * factor * uniform), &embeddings)
    }

    fn after_step(&mut self, progress: Progress) {
        self.target_update.follow(progress);
    }

    fn branch(&self) -> &Branch {
        &self.query
    }

    fn trained(&self) -> Vec<(String, Tensor)> {
        self.query.trained_with(self.predictor.trained())
    }

    fn state(&self) -> StateDict {
        let mut whole = self.query.state_with("predictor", &self.predictor.state());
        whole.extend_under("target", &self.key.state());
        whole
    }

    fn hint(&self) -> &'static str {
        "lower optimizer lr or lengthen schedule warmup_epochs; for MoCo v3 also check that method.mocov3.momentum.base \
         is .9 or above and that train.batch is large: its negatives are the batch alone"
    }
}
