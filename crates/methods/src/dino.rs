//! DINO (Caron et al. 2021, arXiv 2104.14294, algorithm 1): a student predicts what a slow teacher,
//! centred and sharpened, makes of the large views.

use crate::branch::{Branch, TargetUpdate};
use crate::objective::{BatchInfo, Encoders, LossOutput, Objective};
use crate::setting::{Setting, head};
use crate::{Outputs, Progress};
use kontrast_augment_torch::Views;
use kontrast_losses::{dino, dino_uniform, unit};
use kontrast_models::{Activation, HeadSpec, Init, Mode, Prototypes, state};
use kontrast_optim::Group;
use kontrast_torch_ext::StateDict;
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
    fn pass(&self, views: &Views, progress: Progress, mode: Mode) -> (Tensor, Tensor, Tensor) {
        let pass = self.branch.joint(views, progress, mode);
        let z = unit(&pass.z);
        let scores = self.prototypes.scores_of_directions(&z);
        (pass.h, views.by_view(&z.detach()), views.by_view(&scores))
    }

    fn state(&self) -> StateDict {
        self.branch.state().and("prototypes", &state(&self.store))
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
    /// The step from which the prototypes are trained.
    frozen_until: u64,
    config: kontrast_config::Dino,
}

impl Dino {
    pub(crate) fn new(config: &kontrast_config::Dino, setting: &Setting) -> Self {
        let student = Side::new(config, setting, Branch::new);
        let teacher = Side::new(config, setting, Branch::of_momentum_encoder);
        let target_update = TargetUpdate::new(&student.state(), &teacher.state(), &config.momentum);
        let frozen_until = u64::from(config.frozen_epochs) * setting.steps_per_epoch;
        let centre = Tensor::zeros([config.prototypes.into()], (Kind::Float, setting.device));
        Self { student, teacher, target_update, centre, mean: None, frozen_until, config: config.clone() }
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

    fn embed(&self, views: &Views, progress: Progress, mode: Mode) -> Outputs {
        let (h, z, scores) = self.student.pass(views, progress, mode);
        Outputs::new(&h).with("z", z).with("scores", scores)
    }

    fn embed_target(&self, views: &Views, progress: Progress) -> Option<Outputs> {
        let (h, _, scores) = self.teacher.pass(&views.first(GLOBAL), progress, Mode::Train);
        Some(Outputs::new(&h).with("scores", scores))
    }

    fn loss(&mut self, online: &Outputs, target: &Outputs, batch: BatchInfo<'_>) -> LossOutput {
        let (z, student, teacher) = (&online["z"], &online["scores"], &target["scores"]);
        let sharpness = self.teacher_temperature(batch.progress.epoch);
        let loss = dino(student, teacher, &self.centre, self.config.student_temperature, sharpness);
        self.mean = Some(teacher.mean_dim([0i64, 1].as_slice(), false, Kind::Float));
        LossOutput::new(loss, Some(dino_uniform(self.config.prototypes as usize)), &z.narrow(0, 0, GLOBAL))
    }

    fn after_step(&mut self, progress: Progress) {
        self.target_update.follow(progress);
        if let Some(mean) = self.mean.take() {
            // Equation 4 of the paper.
            let kept = self.config.centre_momentum;
            tch::no_grad(|| self.centre.copy_(&(&self.centre * kept + mean * (1.0 - kept))));
        }
    }

    fn encoders(&self) -> Encoders<'_> {
        Encoders::of_branch(&self.student.branch)
    }

    fn groups(&self) -> Vec<Group> {
        let frozen = |group: &mut Group| group.frozen_until = self.frozen_until;
        Group::changed(Group::decay_groups(self.parameters()), "prototypes", frozen)
    }

    fn state(&self) -> StateDict {
        let mut whole = self.student.state().and("target", &self.teacher.state());
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
            let said = tch::no_grad(|| dino.teacher.pass(&batch, progress(step), Mode::Replay).2);
            let mean = said.mean_dim([0i64, 1].as_slice(), false, Kind::Float);
            expected = expected * 0.75 + mean * 0.25;
            let target = tch::no_grad(|| dino.embed_target(&batch, progress(step))).unwrap();
            let online = dino.embed(&batch, progress(0), Mode::Train);
            let batch = BatchInfo::new(batch.indices(), progress(step));
            let before = dino.centre.copy();
            dino.loss(&online, &target, batch);
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
    fn the_last_layer_is_frozen_for_the_steps_of_its_epochs() {
        let groups = Dino::new(&config(), &Setting { steps_per_epoch: 7, ..setting() }).groups();
        for (name, frozen_until) in
            groups.iter().flat_map(|group| group.variables.iter().map(|(name, _)| (name, group.frozen_until)))
        {
            assert_eq!(frozen_until, if name == "prototypes.weight" { 7 } else { 0 }, "{name}");
        }
        assert_eq!(groups.iter().filter(|group| group.frozen_until == 7).count(), 1);
    }
}
