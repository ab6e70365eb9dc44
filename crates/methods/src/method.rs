//! A method: an objective, and the step that all objectives share: embed, compute the loss, and send the gradient back, the batch
//! at once or in chunks.
//!
//! In chunks it is GradCache (Gao et al. 2021, arXiv 2101.06983): every chunk is embedded without a graph, the loss of
//! the whole batch gives the gradient of every embedding, and every chunk is embedded again to pass its part of that
//! gradient on. Memory is that of a chunk, the gradient that of the whole batch; batch norm sees a chunk at a time, and its
//! running statistics move once a chunk.

use crate::objective::{BatchInfo, LossOutput, Objective, TextSpace};
use crate::{Outputs, Part, Predictions, Progress, Reconstructed, Setting, StepOutput, ViewSpec};
use kontrast_augment_torch::Views;
use kontrast_models::{Encoder, Head, Mode};
use kontrast_optim::Group;
use kontrast_torch_ext::{StateDict, StateError};
use tch::Tensor;

/// A method of learning. A batch carries no labels; the two methods that need them, supervised training and SupCon,
/// get them when they are made.
pub struct Method {
    objective: Box<dyn Objective>,
    views: ViewSpec,
    chunk: Option<i64>,
}

impl Method {
    /// Of an objective, with the views and the chunks of the setting that it was made for.
    pub fn new(objective: Box<dyn Objective>, setting: &Setting) -> Self {
        Self { objective, views: setting.views.clone(), chunk: setting.chunk }
    }

    /// What it embeds, and its loss.
    pub fn objective(&self) -> &dyn Objective {
        &*self.objective
    }

    /// The views that it wants of every image.
    pub fn views(&self) -> &ViewSpec {
        &self.views
    }

    /// Forward and backward of one batch: gradients are added to the trained variables, the output is detached.
    ///
    /// # Panics
    /// Where the batch has not as many views as [`Method::views`] says, or does not fall into whole chunks.
    pub fn step(&mut self, views: &Views, progress: Progress) -> StepOutput {
        let (expected, found) = (self.views.plans.len() as i64, views.count());
        let name = self.objective.name();
        assert_eq!(found, expected, "{name} was made for {expected} views of each image, found {found}");
        let batch = BatchInfo::new(views.indices(), progress);
        match self.chunk {
            Some(chunk) if chunk < views.n() => self.in_chunks(chunk, views, batch),
            _ => self.whole(views, batch),
        }
    }

    /// What is done when the optimizer has moved the variables (momentum encoders, queues).
    pub fn after_step(&mut self, progress: Progress) {
        self.objective.after_step(progress);
    }

    /// The trained variables, and how each is trained.
    pub fn groups(&self) -> Vec<Group> {
        self.objective.groups()
    }

    /// All that a checkpoint holds, sharing memory with the method.
    pub fn state(&self) -> StateDict {
        self.objective.state()
    }

    /// Takes over a state that [`Method::state`] gave.
    ///
    /// # Errors
    /// Where the state belongs to another network or method.
    pub fn load_state(&mut self, state: &StateDict) -> Result<(), StateError> {
        self.state().copy_from(state)
    }

    /// What evaluation reads.
    pub fn encoder(&self) -> &dyn Encoder {
        self.objective.encoders().evaluated()
    }

    /// The head that makes embeddings of that encoder's representations; none where there is no layer, or where several
    /// tasks with a head each share the encoder.
    pub fn projector(&self) -> Option<&Head> {
        self.objective.encoders().projector()
    }

    /// What embeds texts where the projector's embeddings lie; none where the method reads no texts.
    pub fn texts(&self) -> Option<&dyn TextSpace> {
        self.objective.encoders().texts()
    }

    /// Predictions of the pretext task, as [`Pretext::predict`](crate::Pretext::predict), without gradient; none where
    /// there is no such task.
    pub fn predict(&self, views: &Views, progress: Progress) -> Option<Predictions> {
        tch::no_grad(|| Some(self.objective.pretext()?.predict(views, progress)))
    }

    /// What it gives back of images, as [`Reconstruction::reconstruct`](crate::Reconstruction::reconstruct), without
    /// gradient; none for a method that does not learn to.
    pub fn reconstruct(&self, views: &Views) -> Option<Reconstructed> {
        tch::no_grad(|| Some(self.objective.reconstruction()?.reconstruct(views)))
    }

    fn whole(&mut self, views: &Views, batch: BatchInfo<'_>) -> StepOutput {
        let target = tch::no_grad(|| self.objective.embed_target(views, batch.progress));
        let online = self.objective.embed(views, batch.progress, Mode::Train);
        let found = self.objective.loss(&online, target.as_ref().unwrap_or(&Outputs::none()), batch);
        found.loss.backward();
        let forward_passes = online.rows() + target.as_ref().map_or(0, Outputs::rows);
        output(found, online.h(), forward_passes)
    }

    fn in_chunks(&mut self, chunk: i64, views: &Views, batch: BatchInfo<'_>) -> StepOutput {
        assert!(
            chunk >= 2 && views.n() % chunk == 0,
            "chunks of {chunk}: expected 2 or more, and a divisor of the batch of {}",
            views.n()
        );
        let chunks: Vec<_> =
            (0..views.n()).step_by(chunk as usize).map(|start| views.images(start, chunk)).collect();
        let objective = &self.objective;
        let (leaves, target) = tch::no_grad(|| {
            let online: Vec<_> =
                chunks.iter().map(|views| objective.embed(views, batch.progress, Mode::Train)).collect();
            let target: Option<Vec<_>> =
                chunks.iter().map(|views| objective.embed_target(views, batch.progress)).collect();
            (Outputs::of_chunks(&online), target.as_deref().map(Outputs::of_chunks))
        });
        let leaves = leaves.map(|output| output.set_requires_grad(true));
        let found = self.objective.loss(&leaves, target.as_ref().unwrap_or(&Outputs::none()), batch);
        found.loss.backward();
        for (position, views) in chunks.iter().enumerate() {
            let again = self.objective.embed(views, batch.progress, Mode::Replay);
            let parts = again.iter().filter_map(|(name, output)| {
                let gradient = leaves[name].grad();
                let own = |gradient: Tensor| gradient.narrow(1, position as i64 * chunk, chunk);
                (gradient.defined() && output.requires_grad()).then(|| output * own(gradient))
            });
            if let Some(sum) = parts.map(|part| part.sum(tch::Kind::Float)).reduce(|a, b| a + b) {
                sum.backward();
            }
        }
        let forward_passes = 2 * leaves.rows() + target.as_ref().map_or(0, Outputs::rows);
        output(found, leaves.h(), forward_passes)
    }
}

fn output(found: LossOutput, h: &Tensor, forward_passes: u64) -> StepOutput {
    StepOutput {
        loss: found.loss.detach(),
        uniform: found.uniform,
        parts: found.parts.into_iter().map(Part::detached).collect(),
        embeddings: found.embeddings,
        representations: h.shallow_clone(),
        forward_passes,
        accuracy: found.accuracy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Encoders;
    use crate::branch::Branch;
    use crate::example::{N, progress, setting, views};
    use crate::setting::head;
    use kontrast_config::{Head, HeadNorm};
    use kontrast_losses::nt_xent;
    use kontrast_models::{Init, state};
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

        fn embed(&self, views: &Views, progress: Progress, mode: Mode) -> Outputs {
            if let Some((_, weight)) = &self.matrix {
                let z = views.all().flatten(1, -1).linear(weight, None::<&Tensor>);
                return Outputs::new(&z).with("z", views.by_view(&z));
            }
            let pass = self.branch.joint(views, progress, mode);
            Outputs::new(&pass.h).with("z", views.by_view(&pass.z))
        }

        fn loss(&mut self, online: &Outputs, _target: &Outputs, _batch: BatchInfo<'_>) -> LossOutput {
            let z = &online["z"];
            let loss = nt_xent(&z.get(0), &z.get(1), 0.2);
            LossOutput::new(loss, None, z)
        }

        fn encoders(&self) -> Encoders<'_> {
            Encoders::of_branch(&self.branch)
        }

        fn state(&self) -> StateDict {
            self.matrix.as_ref().map_or_else(|| self.branch.state(), |(store, _)| state(store))
        }

        fn hint(&self) -> &'static str {
            ""
        }
    }

    /// Loss and gradients of one step.
    fn step(toy: Toy, chunk: Option<i64>) -> (Tensor, Vec<(String, Tensor)>, StateDict) {
        let mut method = Method::new(Box::new(toy), &Setting { chunk, ..setting() });
        let output = method.step(&views(2), progress(0));
        let gradients = method.state().trained().into_iter().map(|(name, v)| (name, v.grad())).collect();
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
            once.embed(&views(2).images(start, 4), progress(0), Mode::Train);
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
