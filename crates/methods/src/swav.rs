//! SwAV (Caron et al. 2020, arXiv 2006.09882): which prototypes one view belongs to is predicted from the other views;
//! equal fractions for all prototypes keep it from collapsing.

use crate::branch::Branch;
use crate::objective::{BatchInfo, Encoders, LossOutput, Objective};
use crate::setting::{Setting, head};
use crate::{Outputs, Progress};
use kontrast_augment_torch::Views;
use kontrast_losses::{sinkhorn, swapped_prediction, swapped_prediction_uniform, unit};
use kontrast_models::{Init, Mode, Prototypes, Queue, state};
use kontrast_optim::Group;
use kontrast_torch_ext::StateDict;
use tch::{Tensor, nn};

/// The large views come first, and codes are computed from them alone.
const GLOBAL: i64 = 2;

/// Encoder, projector and prototypes.
pub(crate) struct Swav {
    branch: Branch,
    prototypes_store: nn::VarStore,
    prototypes: Prototypes,
    /// One queue a large view.
    queues: Vec<Queue>,
    config: kontrast_config::Swav,
    /// Embeddings of the last batch, which the queues take after the loss.
    seen: Option<Tensor>,
}

impl Swav {
    pub(crate) fn new(config: &kontrast_config::Swav, setting: &Setting) -> Self {
        let branch = Branch::new(setting, &head(&config.projector, 1), 1);
        let (init, store) = (Init::new(setting.seed), nn::VarStore::new(setting.device));
        let prototypes =
            Prototypes::new(&store, branch.width(), config.prototypes.into(), init.part("prototypes"));
        let queue = |(view, length): (i64, usize)| {
            let init = init.part(&format!("queue{view}"));
            Queue::new(length as i64, branch.width(), init, setting.device)
        };
        let lengths = config.queue.iter().flat_map(|queue| (0..GLOBAL).map(|view| (view, queue.length)));
        let queues = lengths.map(queue).collect();
        Self { branch, prototypes_store: store, prototypes, queues, config: config.clone(), seen: None }
    }

    /// Codes of one large view, `[n, k]`; embeddings of earlier batches are assigned along where there is a queue.
    fn codes(&self, view: i64, scores: &Tensor, progress: Progress) -> Tensor {
        let (epsilon, iterations) = (self.config.epsilon, self.config.iterations as usize);
        let n = scores.size()[0];
        let starts = self.config.queue.as_ref().is_some_and(|queue| progress.epoch >= queue.from_epoch);
        if !starts {
            return sinkhorn(scores, epsilon, iterations);
        }
        let earlier = self.prototypes.scores(&self.queues[view as usize].rows());
        sinkhorn(&Tensor::cat(&[scores, &earlier], 0), epsilon, iterations).narrow(0, 0, n)
    }
}

impl Objective for Swav {
    fn name(&self) -> &'static str {
        "swav"
    }

    fn embed(&self, views: &Views, progress: Progress, mode: Mode) -> Outputs {
        let pass = self.branch.joint(views, progress, mode);
        let z = unit(&pass.z);
        let scores = views.by_view(&self.prototypes.scores(&z));
        Outputs::new(&pass.h).with("z", views.by_view(&z.detach())).with("scores", scores)
    }

    fn loss(&mut self, online: &Outputs, _target: &Outputs, batch: BatchInfo<'_>) -> LossOutput {
        let (z, scores) = (&online["z"], &online["scores"]);
        let views = scores.size()[0];
        // Equation 2, over all views, each large one giving the code in turn.
        let mut terms = Vec::new();
        for from in 0..GLOBAL {
            let codes = tch::no_grad(|| self.codes(from, &scores.get(from).detach(), batch.progress));
            let others = (0..views).filter(|&view| view != from);
            terms.extend(
                others.map(|view| swapped_prediction(&scores.get(view), &codes, self.config.temperature)),
            );
        }
        self.seen = Some(z.narrow(0, 0, GLOBAL).detach());
        let count = terms.len() as f64;
        let loss = terms.into_iter().reduce(|a, b| a + b).expect("another view") / count;
        let uniform = swapped_prediction_uniform(self.config.prototypes as usize);
        LossOutput::new(loss, Some(uniform), &z.narrow(0, 0, GLOBAL))
    }

    fn after_step(&mut self, _progress: Progress) {
        self.prototypes.normalise();
        if let Some(z) = self.seen.take() {
            for (view, queue) in self.queues.iter_mut().enumerate() {
                queue.push(&z.get(view as i64));
            }
        }
    }

    fn encoders(&self) -> Encoders<'_> {
        Encoders::of_branch(&self.branch)
    }

    fn groups(&self) -> Vec<Group> {
        let frozen = |group: &mut Group| group.frozen_until = self.config.frozen_steps;
        Group::changed(Group::decay_groups(self.parameters()), "prototypes", frozen)
    }

    fn state(&self) -> StateDict {
        let mut whole = self.branch.state().and("prototypes", &state(&self.prototypes_store));
        for (view, queue) in self.queues.iter().enumerate() {
            whole.extend_under(&format!("queue{view}"), &queue.state());
        }
        whole
    }

    fn hint(&self) -> &'static str {
        "where the loss stays at the logarithm of the number of prototypes, lower method.swav.epsilon (0.05; 0.03 where \
         that is not enough), lower method.swav.prototypes or add method.swav.queue where the batch is small beside \
         them, let the queue begin later (from_epoch), keep the prototypes frozen for longer (frozen_steps), and lower \
         optimizer lr"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Method;
    use crate::example::{N, progress, setting, setting_of, views};
    use kontrast_config::{Head, HeadNorm, SwavQueue};
    use kontrast_optim::{Optimizer, Rates, Sgd};
    use tch::Kind;

    fn config(queue: Option<SwavQueue>) -> kontrast_config::Swav {
        kontrast_config::Swav {
            temperature: 0.1,
            epsilon: 0.05,
            iterations: 3,
            prototypes: 6,
            frozen_steps: 2,
            queue,
            projector: Head { widths: vec![8, 4], batch_norm: HeadNorm::Hidden },
        }
    }

    #[test]
    fn prototypes_are_frozen_at_first_and_of_unit_length_always() {
        let mut method = Method::new(Box::new(Swav::new(&config(None), &setting())), &setting_of(3));
        let mut optimizer = Sgd::new(method.groups(), 0.9, false);
        let weight = |method: &Method| method.state().get("prototypes.weight").unwrap().copy();
        for step in 0..4 {
            let before = weight(&method);
            optimizer.zero_grad();
            method.step(&views(3), progress(step));
            optimizer.step(Rates { lr: 0.1, weight_decay: 1e-2 });
            method.after_step(progress(step));
            let after = weight(&method);
            let moved = (&after - before).abs().max().double_value(&[]);
            assert_eq!(moved > 1e-6, step >= 2, "step {step}: moved by {moved}");
            let lengths = after.square().sum_dim_intlist([1i64].as_slice(), false, Kind::Double);
            assert!((lengths - 1.0).abs().max().double_value(&[]) < 1e-5);
        }
    }

    #[test]
    fn the_queue_takes_part_from_its_epoch_on() {
        let queue = SwavQueue { length: 4 * N as usize, from_epoch: 1 };
        let (with, without) =
            (Swav::new(&config(Some(queue)), &setting()), Swav::new(&config(None), &setting()));
        let scores = tch::no_grad(|| with.embed(&views(2), progress(0), Mode::Replay))["scores"].get(0);
        let early = with.codes(0, &scores, progress(0));
        assert_eq!(early, without.codes(0, &scores, progress(0)));
        let late = with.codes(0, &scores, Progress { epoch: 1, ..progress(0) });
        assert_eq!(late.size(), early.size());
        assert!(kontrast_testkit::relative_error(&late, &early) > 1e-3);
        let sums = late.sum_dim_intlist([1i64].as_slice(), false, Kind::Double);
        assert!((sums - 1.0).abs().max().double_value(&[]) < 1e-5, "every code sums to one");
    }
}
