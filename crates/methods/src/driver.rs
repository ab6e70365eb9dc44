//! The step that joint-embedding methods share: embed, compare, and send the gradient back, the batch at once or in
//! chunks.
//!
//! In chunks it is GradCache (Gao et al. 2021, arXiv 2101.06983): every chunk is embedded without a graph, the loss of
//! the whole batch gives the gradient of every embedding, and every chunk is embedded again to pass its part of that
//! gradient on. Memory is that of a chunk, the gradient that of the whole batch; batch norm sees a chunk at a time, and its
//! running statistics move once a chunk.

use crate::objective::{Batch, LossOutput, Objective, Pass};
use crate::{CollapseCriterion, Method, Part, Predictions, Progress, Setting, StepOutput, ViewSpec};
use kontrast_augment_torch::Views;
use kontrast_models::{Encoder, Mode};
use kontrast_optim::Group;
use kontrast_torch_ext::{StateDict, StateError};
use tch::Tensor;

/// An objective as a method.
pub(crate) struct GradCache<O: ?Sized> {
    objective: Box<O>,
    views: ViewSpec,
    chunk: Option<i64>,
}

impl<O: Objective + ?Sized> GradCache<O> {
    pub(crate) fn new(objective: Box<O>, setting: &Setting) -> Self {
        Self { objective, views: setting.views.clone(), chunk: setting.chunk }
    }

    fn whole(&mut self, views: &Views, batch: Batch<'_>) -> StepOutput {
        let target = tch::no_grad(|| self.objective.target(views, batch.progress));
        let online = self.objective.online(views, batch.progress, Mode::Train);
        let outputs = target.as_ref().map_or(&[][..], |pass| &pass.outputs);
        let found = self.objective.loss(&online.outputs, outputs, batch);
        found.loss.backward();
        let forward_passes = rows(&online) + target.as_ref().map_or(0, rows);
        output(found, &online.h, forward_passes)
    }

    fn in_chunks(&mut self, chunk: i64, views: &Views, batch: Batch<'_>) -> StepOutput {
        assert!(
            chunk >= 2 && views.n() % chunk == 0,
            "chunks of {chunk}: expected 2 or more, and a divisor of the batch of {}",
            views.n()
        );
        let chunks: Vec<_> =
            (0..views.n()).step_by(chunk as usize).map(|start| views.images(start, chunk)).collect();
        let objective = &self.objective;
        let (online, target) = tch::no_grad(|| {
            let online: Vec<_> =
                chunks.iter().map(|views| objective.online(views, batch.progress, Mode::Train)).collect();
            let target: Option<Vec<_>> =
                chunks.iter().map(|views| objective.target(views, batch.progress)).collect();
            (joined(&online), target.as_deref().map(joined))
        });
        let leaves: Vec<_> = online.outputs.iter().map(|output| output.set_requires_grad(true)).collect();
        let outputs = target.as_ref().map_or(&[][..], |pass| &pass.outputs);
        let found = self.objective.loss(&leaves, outputs, batch);
        found.loss.backward();
        for (position, views) in chunks.iter().enumerate() {
            let again = self.objective.online(views, batch.progress, Mode::Replay);
            let parts = again.outputs.iter().zip(&leaves).filter_map(|(output, leaf)| {
                let gradient = leaf.grad();
                let own = |gradient: Tensor| gradient.narrow(1, position as i64 * chunk, chunk);
                (gradient.defined() && output.requires_grad()).then(|| output * own(gradient))
            });
            if let Some(sum) = parts.map(|part| part.sum(tch::Kind::Float)).reduce(|a, b| a + b) {
                sum.backward();
            }
        }
        let forward_passes = 2 * rows(&online) + target.as_ref().map_or(0, rows);
        output(found, &online.h, forward_passes)
    }
}

impl<O: Objective + ?Sized> Method for GradCache<O> {
    fn name(&self) -> &'static str {
        self.objective.name()
    }

    fn views(&self) -> ViewSpec {
        self.views.clone()
    }

    fn step(&mut self, views: &Views, progress: Progress) -> StepOutput {
        let (expected, found) = (self.views.plans.len() as i64, views.count());
        let name = self.objective.name();
        assert_eq!(found, expected, "{name} was made for {expected} views of each image, found {found}");
        let batch = Batch { indices: views.indices(), progress };
        let output = match self.chunk {
            Some(chunk) if chunk < views.n() => self.in_chunks(chunk, views, batch),
            _ => self.whole(views, batch),
        };
        self.objective.after_backward(progress);
        output
    }

    fn after_step(&mut self, progress: Progress) {
        self.objective.after_step(progress);
    }

    fn groups(&self) -> Vec<Group> {
        self.objective.groups()
    }

    fn state(&self) -> StateDict {
        self.objective.state()
    }

    fn load_state(&mut self, state: &StateDict) -> Result<(), StateError> {
        self.state().copy_from(state)
    }

    fn encoder(&self) -> &dyn Encoder {
        self.objective.branch().encoder()
    }

    fn predict(&self, views: &Views, progress: Progress) -> Option<Predictions> {
        tch::no_grad(|| self.objective.predict(views, progress))
    }

    fn reconstruct(&self, images: &Tensor) -> Option<Tensor> {
        tch::no_grad(|| self.objective.reconstruct(images))
    }

    fn collapse_criterion(&self) -> CollapseCriterion {
        self.objective.collapse_criterion()
    }

    fn has_steady_loss(&self) -> bool {
        self.objective.has_steady_loss()
    }

    fn hint(&self) -> &'static str {
        self.objective.hint()
    }
}

fn rows(pass: &Pass) -> u64 {
    pass.h.size()[0] as u64
}

fn output(found: LossOutput, h: &Tensor, forward_passes: u64) -> StepOutput {
    StepOutput {
        loss: found.loss.detach(),
        uniform: found.uniform,
        parts: found.parts.into_iter().map(Part::detached).collect(),
        embeddings: found.embeddings,
        representations: h.detach(),
        forward_passes,
        accuracy: found.accuracy,
    }
}

/// Chunks of images side by side: `[views, n, ...]` along n.
fn joined(passes: &[Pass]) -> Pass {
    let outputs = (0..passes[0].outputs.len())
        .map(|which| Tensor::cat(&passes.iter().map(|pass| &pass.outputs[which]).collect::<Vec<_>>(), 1));
    let h = Tensor::cat(&passes.iter().map(|pass| &pass.h).collect::<Vec<_>>(), 0);
    Pass { h, outputs: outputs.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::branch::Branch;
    use crate::example::{N, progress, setting, views};
    use crate::setting::head;
    use kontrast_config::{Head, HeadNorm};
    use kontrast_losses::nt_xent;
    use kontrast_models::Init;
    use tch::{Kind, nn};

    /// NT-Xent on a branch with batch norm, or on a matrix without.
    struct Toy {
        branch: Branch,
        matrix: Option<(nn::VarStore, Tensor)>,
    }

    impl Toy {
        fn new(bn_splits: i64, normed: bool) -> Self {
            let projector = Head { widths: vec![8], batch_norm: HeadNorm::All };
            let branch = Branch::new(&setting(), &head(&projector, 1), bn_splits);
            let matrix = (!normed).then(|| {
                let store = nn::VarStore::new(setting().device);
                let value = Init::new(0).directions("matrix", [8, 3 * 16 * 16]);
                let weight = store.root().add("weight", value, true);
                (store, weight)
            });
            Self { branch, matrix }
        }
    }

    impl Objective for Toy {
        fn name(&self) -> &'static str {
            "toy"
        }

        fn online(&self, views: &Views, _progress: Progress, mode: Mode) -> Pass {
            if let Some((_, weight)) = &self.matrix {
                let z = views.all().flatten(1, -1).linear(weight, None::<&Tensor>);
                return Pass { h: z.detach(), outputs: vec![views.by_view(&z)] };
            }
            let pass = self.branch.joint(views, mode);
            Pass { h: pass.h, outputs: vec![views.by_view(&pass.z)] }
        }

        fn loss(&mut self, online: &[Tensor], _target: &[Tensor], _batch: Batch<'_>) -> LossOutput {
            let z = &online[0];
            let loss = nt_xent(&z.get(0), &z.get(1), 0.2);
            LossOutput::new(loss, None, z)
        }

        fn branch(&self) -> &Branch {
            &self.branch
        }

        fn trained(&self) -> Vec<(String, Tensor)> {
            match &self.matrix {
                Some((_, weight)) => vec![("weight".to_owned(), weight.shallow_clone())],
                None => self.branch.trained(),
            }
        }

        fn hint(&self) -> &'static str {
            ""
        }
    }

    /// Loss and gradients of one step.
    fn step(toy: Toy, chunk: Option<i64>) -> (Tensor, Vec<(String, Tensor)>, StateDict) {
        let mut method = GradCache::new(Box::new(toy), &Setting { chunk, ..setting() });
        let output = method.step(&views(2), progress(0));
        let gradients = method.objective.trained().into_iter().map(|(name, v)| (name, v.grad())).collect();
        (output.loss, gradients, method.state())
    }

    fn assert_equal(
        (loss, gradients): (&Tensor, &[(String, Tensor)]),
        (expected, others): (&Tensor, &[(String, Tensor)]),
    ) {
        kontrast_testkit::assert_close(loss, expected, 1e-5);
        let largest = |g: &Tensor| g.abs().max().double_value(&[]);
        let scale = others.iter().map(|(_, g)| largest(g)).fold(0.0, f64::max);
        for ((name, found), (_, expected)) in gradients.iter().zip(others) {
            let error = largest(&(found - expected));
            assert!(error < 1e-5 * scale, "{name}: {error} of {scale}");
        }
    }

    #[test]
    fn without_batch_norm_chunks_give_the_gradient_of_the_whole_batch() {
        let (loss, gradients, _) = step(Toy::new(1, false), None);
        for chunk in [2, 4, 8] {
            let (chunked, others, _) = step(Toy::new(1, false), Some(chunk));
            assert_equal((&chunked, &others), (&loss, &gradients));
        }
    }

    #[test]
    fn with_batch_norm_chunks_are_splits() {
        let (loss, gradients, _) = step(Toy::new(N / 4, true), None);
        let (chunked, others, state) = step(Toy::new(1, true), Some(4));
        assert_equal((&chunked, &others), (&loss, &gradients));
        // The second pass replays: running statistics have moved once a chunk.
        let once = Toy::new(1, true);
        for start in (0..N).step_by(4) {
            once.online(&views(2).images(start, 4), progress(0), Mode::Train);
        }
        let expected = once.branch.state();
        for ((name, expected), (_, found)) in expected.iter().zip(state.iter()) {
            if expected.kind() == Kind::Float && name.contains("running") {
                kontrast_testkit::assert_close(found, expected, 1e-5);
            }
        }
        // It is not what whole-batch statistics give.
        let (whole, _, _) = step(Toy::new(1, true), None);
        assert!(kontrast_testkit::relative_error(&whole, &loss) > 1e-3);
    }
}
