//! NNCLR (Dwibedi et al. 2021, arXiv 2104.14548, algorithm 1): the positive of a view is not the image's other view but
//! the nearest of the embeddings of earlier batches.

use crate::Progress;
use crate::branch::{Branch, Predictor};
use crate::driver::{Batch, Compared, Objective, Pass};
use crate::setting::{Setting, head};
use kontrast_augment_torch::Views;
use kontrast_losses::{info_nce_batch, info_nce_batch_chance, unit};
use kontrast_models::{Encoder, Init, Mode, Queue};
use kontrast_torch_ext::StateDict;
use tch::Tensor;

/// Encoder, projector, predictor and the queue of neighbours.
pub(crate) struct Nnclr {
    branch: Branch,
    predictor: Predictor,
    queue: Queue,
    /// Embeddings of the last batch, which the queue takes once they have been compared: a neighbour never comes
    /// from the current batch.
    seen: Option<Tensor>,
    temperature: f64,
}

impl Nnclr {
    pub(crate) fn new(config: &kontrast_config::Nnclr, setting: &Setting) -> Self {
        let branch = Branch::new(setting, &head(&config.projector, 1), 1);
        let predictor = Predictor::new(setting, branch.width(), &head(&config.predictor, 1));
        let queue = Queue::new(config.queue as i64, branch.width(), Init::new(setting.seed), setting.device);
        Self { branch, predictor, queue, seen: None, temperature: config.temperature }
    }

    /// The nearest of the queue to each embedding, `[n, d]`.
    fn neighbours(&self, z: &Tensor) -> Tensor {
        let rows = self.queue.rows();
        rows.index_select(0, &unit(&z.detach()).matmul(&rows.tr()).argmax(1, false))
    }
}

impl Objective for Nnclr {
    fn name(&self) -> &'static str {
        "nnclr"
    }

    fn online(&self, views: &Views, mode: Mode) -> Pass {
        let pass = self.branch.apart(views, mode);
        let p = self.predictor.apart(&pass.z, views.count(), mode);
        Pass { h: pass.h, outputs: vec![views.by_view(&pass.z.detach()), views.by_view(&p)] }
    }

    fn compare(&mut self, online: &[Tensor], _target: &[Tensor], _batch: Batch<'_>) -> Compared {
        let (z, p) = (&online[0], &online[1]);
        let term = |a: i64, b: i64| info_nce_batch(&self.neighbours(&z.get(a)), &p.get(b), self.temperature);
        let loss = (term(0, 1) + term(1, 0)) / 2.0;
        self.seen = Some(unit(&z.get(0)));
        let chance = info_nce_batch_chance(z.size()[1] as usize);
        Compared { loss, chance: Some(chance), embeddings: z.detach() }
    }

    fn after_step(&mut self, _progress: Progress) {
        if let Some(z) = self.seen.take() {
            self.queue.push(&z);
        }
    }

    fn trained(&self) -> Vec<(String, Tensor)> {
        let mut variables = self.branch.trained();
        variables.extend(self.predictor.trained());
        variables
    }

    fn state(&self) -> StateDict {
        let mut whole = self.branch.state();
        whole.extend_under("predictor", &self.predictor.state());
        whole.extend_under("queue", &self.queue.state());
        whole
    }

    fn encoder(&self) -> &dyn Encoder {
        self.branch.encoder()
    }

    fn hint(&self) -> &'static str {
        "lower optimizer lr or lengthen schedule warmup_epochs; for NNCLR also check that method.nnclr.queue holds many \
         batches (neighbours among few are bad ones) and that method.nnclr.temperature is between 0.05 and 0.5"
    }
}
