//! NNCLR (Dwibedi et al. 2021, arXiv 2104.14548, algorithm 1): the positive of a view is not the image's other view but
//! the nearest of the embeddings of earlier batches.

use crate::branch::{Branch, Predictor};
use crate::objective::{BatchInfo, Encoders, LossOutput, Objective};
use crate::setting::{Setting, head};
use crate::{ImageGroups, Outputs, Progress};
use kontrast_augment_torch::Views;
use kontrast_losses::{
    info_nce_batch, info_nce_batch_grouped, info_nce_batch_uniform, info_nce_batch_uniform_ignoring, unit,
};
use kontrast_models::{Init, Mode, Queue};
use kontrast_torch_ext::StateDict;
use tch::Tensor;

/// Encoder, projector, predictor and the queue of neighbours.
pub(crate) struct Nnclr {
    branch: Branch,
    predictor: Predictor,
    queue: Queue,
    /// Embeddings of the last batch, which the queue takes after the loss: a neighbour never comes
    /// from the current batch.
    seen: Option<Tensor>,
    temperature: f64,
    groups: Option<ImageGroups>,
}

impl Nnclr {
    pub(crate) fn new(config: &kontrast_config::Nnclr, setting: &Setting) -> Self {
        let branch = Branch::new(setting, &head(&config.projector, 1), 1);
        let predictor = Predictor::new(setting, branch.width(), &head(&config.predictor, 1));
        let queue = Queue::new(config.queue as i64, branch.width(), Init::new(setting.seed), setting.device);
        let (temperature, groups) = (config.temperature, setting.groups.clone());
        Self { branch, predictor, queue, seen: None, temperature, groups }
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

    fn embed(&self, views: &Views, progress: Progress, mode: Mode) -> Outputs {
        let pass = self.branch.per_view(views, progress, mode);
        let p = self.predictor.per_view(&pass.z, views.count(), mode);
        Outputs::new(&pass.h).with("z", views.by_view(&pass.z.detach())).with("prediction", views.by_view(&p))
    }

    fn loss(&mut self, online: &Outputs, _target: &Outputs, batch: BatchInfo<'_>) -> LossOutput {
        let (z, p) = (&online["z"], &online["prediction"]);
        let groups = self.groups.as_ref().map(|groups| groups.of(batch.indices, z.device()));
        let term = |a: i64, b: i64| {
            let (neighbours, p) = (self.neighbours(&z.get(a)), p.get(b));
            match &groups {
                Some(groups) => info_nce_batch_grouped(&neighbours, &p, groups.for_loss(), self.temperature),
                None => info_nce_batch(&neighbours, &p, self.temperature),
            }
        };
        let loss = (term(0, 1) + term(1, 0)) / 2.0;
        self.seen = Some(unit(&z.get(0)));
        let uniform = match &groups {
            Some(groups) => info_nce_batch_uniform_ignoring(&groups.numbers),
            None => info_nce_batch_uniform(z.size()[1] as usize),
        };
        LossOutput::new(loss, Some(uniform), z)
    }

    fn after_step(&mut self, _progress: Progress) {
        if let Some(z) = self.seen.take() {
            self.queue.push(&z);
        }
    }

    fn encoders(&self) -> Encoders<'_> {
        Encoders::of_branch(&self.branch)
    }

    fn state(&self) -> StateDict {
        self.branch.state().and("predictor", &self.predictor.state()).and("queue", &self.queue.state())
    }

    fn hint(&self) -> &'static str {
        "lower optimizer lr or lengthen schedule warmup_epochs; for NNCLR also check that method.nnclr.queue holds many \
         batches (neighbours among few are bad ones) and that method.nnclr.temperature is between 0.05 and 0.5"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{N, progress, setting, views};
    use kontrast_config::{Head, HeadNorm};

    #[test]
    fn a_neighbour_never_comes_from_the_current_batch() {
        let head = |widths| Head { widths, batch_norm: HeadNorm::Hidden };
        let config = kontrast_config::Nnclr {
            temperature: 0.2,
            queue: 4 * N as usize,
            projector: head(vec![8, 4]),
            predictor: head(vec![8, 4]),
        };
        let mut nnclr = Nnclr::new(&config, &setting());
        let batch = views(2);
        for step in 0..6 {
            let earlier = nnclr.queue.rows().copy();
            let online = nnclr.embed(&batch, progress(0), Mode::Train);
            let found = nnclr.neighbours(&online["z"].get(0));
            nnclr.loss(&online, &Outputs::none(), BatchInfo::new(batch.indices(), progress(step)));
            assert_eq!(nnclr.queue.rows(), earlier, "the queue moves after the step");
            // Each neighbour is a row of the queue as it was before the batch, and the nearest of them.
            let z = unit(&online["z"].get(0));
            let (best, _) = z.matmul(&earlier.tr()).max_dim(1, false);
            let similarity = (&z * &found).sum_dim_intlist([1i64].as_slice(), false, None);
            kontrast_testkit::assert_close(&similarity, &best, 1e-6);
            let nearest = found.matmul(&earlier.tr()).amax([1i64], false);
            assert!((nearest - 1.0).abs().max().double_value(&[]) < 1e-5, "a neighbour that was not there");
            nnclr.after_step(progress(step));
            let own = z.matmul(&nnclr.queue.rows().tr()).amax([1i64], false);
            assert!((own - 1.0).abs().max().double_value(&[]) < 1e-5, "the batch joins the queue afterwards");
        }
    }
}
