//! DINO (Caron et al. 2021, arXiv 2104.14294, algorithm 1), here with a ResNet: a student predicts what a slow teacher,
//! centred and sharpened, makes of the large views.

use crate::Progress;
use crate::branch::{Branch, TargetUpdate, under};
use crate::objective::{Batch, LossOutput, Objective, Pass};
use crate::setting::{Setting, head};
use kontrast_augment_torch::Views;
use kontrast_losses::{dino, dino_uniform, unit};
use kontrast_models::{Activation, HeadSpec, Init, Mode, Prototypes, state, trained};
use kontrast_torch_ext::{StateDict, forget_gradients};
use tch::{Kind, Tensor, nn};

/// The large views come first, and the teacher sees them alone.
const GLOBAL: i64 = 2;

/// One side: encoder, projector and prototypes of unit length (appendix C of the paper).
struct Side {
    branch: Branch,
    store: nn::VarStore,
    prototypes: Prototypes,
}

impl Side {
    fn new(
        config: &kontrast_config::Dino,
        setting: &Setting,
        branch: fn(&Setting, &HeadSpec, i64) -> Branch,
    ) -> Self {
        let projector = HeadSpec { activation: Activation::Gelu, ..head(&config.projector, 1) };
        let branch = branch(setting, &projector, 1);
        let store = nn::VarStore::new(setting.device);
        let init = Init::new(setting.seed).part("prototypes");
        let prototypes = Prototypes::new(&store, branch.width(), config.prototypes.into(), init);
        Self { branch, store, prototypes }
    }

    /// Representations, the bottleneck's unit embeddings, and scores, `[views, n, ...]` the last two.
    fn pass(&self, views: &Views, mode: Mode) -> (Tensor, Tensor, Tensor) {
        let pass = self.branch.joint(views, mode);
        let z = unit(&pass.z);
        let scores = self.prototypes.scores_of_directions(&z);
        (pass.h, views.by_view(&z.detach()), views.by_view(&scores))
    }

    fn trained(&self) -> Vec<(String, Tensor)> {
        let mut variables = self.branch.trained();
        variables.extend(under("prototypes", trained(&self.store)));
        variables
    }

    fn state(&self) -> StateDict {
        let mut whole = self.branch.state();
        whole.extend_under("prototypes", &state(&self.store));
        whole
    }
}

/// Student, teacher and the teacher's centre.
pub(crate) struct Dino {
    student: Side,
    teacher: Side,
    target_update: TargetUpdate,
    /// `[k]`, the running mean of the teacher's scores.
    centre: Tensor,
    /// What the last batch moves the centre by.
    mean: Option<Tensor>,
    config: kontrast_config::Dino,
}

impl Dino {
    pub(crate) fn new(config: &kontrast_config::Dino, setting: &Setting) -> Self {
        let student = Side::new(config, setting, Branch::new);
        let teacher = Side::new(config, setting, Branch::of_momentum_encoder);
        let target_update = TargetUpdate::new(&student.trained(), &teacher.state(), &config.momentum);
        let centre = Tensor::zeros([config.prototypes.into()], (Kind::Float, setting.device));
        Self { student, teacher, target_update, centre, mean: None, config: config.clone() }
    }

    /// The teacher's temperature, from the first value to the last over the first epochs.
    fn teacher_temperature(&self, epoch: u32) -> f64 {
        let warmup = &self.config.teacher_temperature;
        let done = (f64::from(epoch) / f64::from(warmup.warmup_epochs.max(1))).min(1.0);
        if warmup.warmup_epochs == 0 { warmup.last } else { warmup.base + done * (warmup.last - warmup.base) }
    }
}

impl Objective for Dino {
    fn name(&self) -> &'static str {
        "dino"
    }

    fn online(&self, views: &Views, _progress: Progress, mode: Mode) -> Pass {
        let (h, z, scores) = self.student.pass(views, mode);
        Pass { h, outputs: vec![z, scores] }
    }

    fn target(&self, views: &Views, _progress: Progress) -> Option<Pass> {
        let (h, _, scores) = self.teacher.pass(&views.first(GLOBAL), Mode::Train);
        Some(Pass { h, outputs: vec![scores] })
    }

    fn loss(&mut self, online: &[Tensor], target: &[Tensor], batch: Batch<'_>) -> LossOutput {
        let (z, student, teacher) = (&online[0], &online[1], &target[0]);
        let sharpness = self.teacher_temperature(batch.progress.epoch);
        let loss = dino(student, teacher, &self.centre, self.config.student_temperature, sharpness);
        self.mean = Some(teacher.mean_dim([0i64, 1].as_slice(), false, Kind::Float));
        LossOutput::new(loss, Some(dino_uniform(self.config.prototypes as usize)), &z.narrow(0, 0, GLOBAL))
    }

    fn after_backward(&mut self, progress: Progress) {
        if progress.epoch < self.config.frozen_epochs {
            let frozen: Vec<_> = trained(&self.student.store).into_iter().map(|(_, v)| v).collect();
            forget_gradients(&frozen);
        }
    }

    fn after_step(&mut self, progress: Progress) {
        self.target_update.follow(progress);
        if let Some(mean) = self.mean.take() {
            // Equation 4 of the paper.
            let kept = self.config.centre_momentum;
            tch::no_grad(|| self.centre.copy_(&(&self.centre * kept + mean * (1.0 - kept))));
        }
    }

    fn branch(&self) -> &Branch {
        &self.student.branch
    }

    fn trained(&self) -> Vec<(String, Tensor)> {
        self.student.trained()
    }

    fn state(&self) -> StateDict {
        let mut whole = self.student.state();
        whole.extend_under("target", &self.teacher.state());
        whole.insert("centre", self.centre.shallow_clone());
        whole
    }

    fn hint(&self) -> &'static str {
        "where the loss stays at the logarithm of the number of prototypes, lower method.dino.teacher_temperature (0.04) \
         or warm it up for longer, and lower method.dino.centre_momentum (0.9): too much centring makes all outputs \
         alike; where embeddings collapse to one output, raise it; keep the last layer frozen for longer \
         (frozen_epochs), and lower optimizer lr"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::GradCache;
    use crate::example::{progress, setting, views};
    use kontrast_config::{Head, HeadNorm, Momentum, TeacherTemperature};
    use kontrast_testkit::assert_close;

    fn config() -> kontrast_config::Dino {
        kontrast_config::Dino {
            student_temperature: 0.1,
            teacher_temperature: TeacherTemperature { base: 0.02, last: 0.06, warmup_epochs: 4 },
            centre_momentum: 0.75,
            momentum: Momentum { base: 0.5, last: 0.5 },
            frozen_epochs: 1,
            prototypes: 6,
            projector: Head { widths: vec![8, 4], batch_norm: HeadNorm::Hidden },
        }
    }

    #[test]
    fn the_centre_is_the_running_mean_of_what_the_teacher_said() {
        let mut dino = Dino::new(&config(), &setting());
        let batch = views(2);
        let mut expected = Tensor::zeros([6], (Kind::Float, tch::Device::Cpu));
        for step in 0..3 {
            let said = tch::no_grad(|| dino.teacher.pass(&batch, Mode::Replay).2);
            let mean = said.mean_dim([0i64, 1].as_slice(), false, Kind::Float);
            expected = expected * 0.75 + mean * 0.25;
            let target = tch::no_grad(|| dino.target(&batch, progress(step))).unwrap();
            let online = dino.online(&batch, progress(0), Mode::Train);
            let batch = Batch { indices: batch.indices(), progress: progress(step) };
            let before = dino.centre.copy();
            dino.loss(&online.outputs, &target.outputs, batch);
            assert_eq!(dino.centre, before, "the centre moves after the step");
            dino.after_step(progress(step));
            assert_close(&dino.centre, &expected, 1e-5);
        }
    }

    #[test]
    fn the_teachers_temperature_rises_by_epoch_and_stays() {
        let dino = Dino::new(&config(), &setting());
        let temperatures: Vec<_> =
            [0, 1, 2, 4, 9].into_iter().map(|epoch| dino.teacher_temperature(epoch)).collect();
        for (found, expected) in temperatures.into_iter().zip([0.02, 0.03, 0.04, 0.06, 0.06]) {
            assert!((found - expected).abs() < 1e-12, "{found} instead of {expected}");
        }
    }

    #[test]
    fn the_last_layer_has_no_gradient_while_it_is_frozen() {
        use crate::Method;
        let has_gradient = |epoch| {
            let mut method = GradCache::new(Box::new(Dino::new(&config(), &setting())), &setting());
            method.step(&views(2), Progress { epoch, ..progress(0) });
            let groups = method.groups();
            let layer = groups.iter().flat_map(|group| &group.variables);
            let (_, weight) = layer.into_iter().find(|(name, _)| name == "prototypes.weight").unwrap();
            weight.grad().defined()
        };
        assert!(!has_gradient(0) && has_gradient(1));
    }
}
