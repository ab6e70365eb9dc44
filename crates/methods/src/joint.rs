//! Several tasks on one encoder: the loss is the weighted sum of theirs (Doersch and Zisserman 2017, arXiv 1708.07860,
//! train four such tasks together).

use crate::branch::Branch;
use crate::objective::{
    BatchInfo, CollapseCriterion, Encoders, LossOutput, Objective, Pretext, Reconstruction,
};
use crate::setting::{Setting, SharedEncoder};
use crate::{Outputs, Progress, ViewSpec};
use kontrast_augment_torch::Views;
use kontrast_config::AnyMethod;
use kontrast_models::{HeadSpec, Mode};
use kontrast_optim::Group;
use kontrast_torch_ext::StateDict;

/// The encoder, and the tasks that train it.
pub(crate) struct Joint {
    /// The encoder alone.
    branch: Branch,
    tasks: Vec<Task>,
}

struct Task {
    /// Its place among the tasks and its method, under which its own variables stand in a checkpoint.
    name: String,
    weight: f64,
    /// Which views of a batch are its own, in its order.
    views: Vec<i64>,
    objective: Box<dyn Objective>,
}

impl Joint {
    /// `objective` makes one of the settings of each task.
    pub(crate) fn new<E>(
        config: &kontrast_config::Joint,
        setting: &Setting,
        objective: impl Fn(&AnyMethod, &Setting) -> Result<Box<dyn Objective>, E>,
    ) -> Result<Self, E> {
        let branch = Branch::new(setting, &HeadSpec::none(), 1);
        let task = |(place, own): (usize, &kontrast_config::JointTask)| {
            let plans = own.views.iter().map(|&view| setting.views.plans[view].clone()).collect();
            let setting = Setting {
                seed: seed_of(setting.seed, place),
                shared: Some(SharedEncoder::of(branch.encoder())),
                views: ViewSpec { plans },
                ..setting.clone()
            };
            Ok(Task {
                name: format!("tasks.{place}.{}", own.method.name()),
                weight: own.weight,
                views: own.views.iter().map(|&view| view as i64).collect(),
                objective: objective(&own.method, &setting)?,
            })
        };
        let tasks = config.tasks.iter().enumerate().map(task).collect::<Result<_, E>>()?;
        Ok(Self { branch, tasks })
    }
}

impl Task {
    fn views(&self, of: &Views) -> Views {
        of.only(&self.views)
    }

    /// What its outputs' names begin with among those of all tasks.
    fn prefix(&self) -> String {
        format!("{}/", self.name)
    }

    /// Its own part of a name in a group or in a state; none for the encoder's, which is shared.
    fn own(&self, name: &str) -> Option<String> {
        (!name.starts_with("encoder.")).then(|| format!("{}.{name}", self.name))
    }
}

/// Heads, queues and draws of two tasks that are alike do not begin alike; the first task's are as they are alone.
fn seed_of(seed: u64, place: usize) -> u64 {
    seed.wrapping_add((place as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

impl Objective for Joint {
    fn name(&self) -> &'static str {
        "joint"
    }

    fn embed(&self, views: &Views, progress: Progress, mode: Mode) -> Outputs {
        let pass = |task: &Task| (task.prefix(), task.objective.embed(&task.views(views), progress, mode));
        Outputs::of_tasks(self.tasks.iter().map(pass)).expect("two tasks or more")
    }

    fn embed_target(&self, views: &Views, progress: Progress) -> Option<Outputs> {
        let pass =
            |task: &Task| Some((task.prefix(), task.objective.embed_target(&task.views(views), progress)?));
        Outputs::of_tasks(self.tasks.iter().filter_map(pass))
    }

    fn loss(&mut self, online: &Outputs, target: &Outputs, batch: BatchInfo<'_>) -> LossOutput {
        let of_task = |task: &mut Task| {
            let (online, target) = (online.under(&task.prefix()), target.under(&task.prefix()));
            (task.weight, task.objective.loss(&online, &target, batch))
        };
        let losses: Vec<_> = self.tasks.iter_mut().map(of_task).collect();
        let loss = losses.iter().map(|(weight, task)| &task.loss * *weight).reduce(|a, b| a + b);
        let uniform = losses.iter().map(|(weight, task)| Some(weight * task.uniform?)).sum();
        let accuracy = losses.iter().find_map(|(_, task)| Some(task.accuracy.as_ref()?.shallow_clone()));
        let whole = LossOutput::new(loss.expect("two tasks or more"), uniform, &losses[0].1.embeddings);
        let tasks = self.tasks.iter().zip(losses);
        let parts = tasks.flat_map(|(task, (_, own))| own.into_parts(&task.name)).collect();
        LossOutput { parts, accuracy, ..whole }
    }

    fn pretext(&self) -> Option<&dyn Pretext> {
        // Every pretext task reads one view.
        self.tasks.iter().find_map(|task| task.objective.pretext())
    }

    fn reconstruction(&self) -> Option<&dyn Reconstruction> {
        self.tasks.iter().find_map(|task| task.objective.reconstruction())
    }

    fn after_step(&mut self, progress: Progress) {
        self.tasks.iter_mut().for_each(|task| task.objective.after_step(progress));
    }

    fn encoders(&self) -> Encoders<'_> {
        Encoders::of_branch(&self.branch)
    }

    fn groups(&self) -> Vec<Group> {
        let mut groups: Vec<Group> =
            Group::decay_groups(self.encoders().parameters(&self.branch.state())).into();
        for task in &self.tasks {
            for mut group in task.objective.groups() {
                let variables = group.variables.into_iter();
                group.variables =
                    variables.filter_map(|(name, variable)| Some((task.own(&name)?, variable))).collect();
                groups.push(group);
            }
        }
        groups.retain(|group| !group.variables.is_empty());
        groups
    }

    fn state(&self) -> StateDict {
        let mut whole = self.branch.state();
        for task in &self.tasks {
            for (name, tensor) in task.objective.state().iter() {
                if let Some(name) = task.own(name) {
                    whole.insert(&name, tensor.shallow_clone());
                }
            }
        }
        whole
    }

    fn collapse_criterion(&self) -> CollapseCriterion {
        self.tasks[0].objective.collapse_criterion()
    }

    fn has_steady_loss(&self) -> bool {
        self.tasks.iter().all(|task| task.objective.has_steady_loss())
    }

    fn hint(&self) -> &'static str {
        "lower optimizer lr or lengthen schedule warmup_epochs; for joint tasks also train each alone for a few epochs: \
         what is said of the embeddings is said of the first task's, and a weight far above the others' drowns them"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Accuracy;
    use crate::build::objective;
    use crate::example::{progress, setting, views};
    use kontrast_config::{Experiment, JointTask};
    use kontrast_testkit::assert_close;
    use std::path::Path;

    fn method(name: &str) -> AnyMethod {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../configs/smoke/{name}.toml"));
        Experiment::load(&file, &[]).unwrap().experiment.method
    }

    fn joint(tasks: &[(f64, &[usize], &str)]) -> Joint {
        let task = |&(weight, views, name): &(f64, &[usize], &str)| JointTask {
            weight,
            views: views.to_vec(),
            method: method(name),
        };
        let config = kontrast_config::Joint { tasks: tasks.iter().map(task).collect() };
        Joint::new(&config, &setting(), |method, setting| objective(method, setting, None)).unwrap()
    }

    fn loss_of(objective: &mut dyn Objective, views: &Views) -> LossOutput {
        let target = objective.embed_target(views, progress(0)).unwrap_or(Outputs::none());
        let online = objective.embed(views, progress(0), Mode::Replay);
        objective.loss(&online, &target, BatchInfo::new(views.indices(), progress(0)))
    }

    #[test]
    fn the_loss_is_the_weighted_sum_of_the_tasks_losses_on_their_views() {
        let mut both = joint(&[(2.0, &[1], "rotation"), (0.5, &[0, 1], "byol")]);
        let views = views(2);
        let found = loss_of(&mut both, &views);
        let alone = |place: usize, name: &str, of: &Views| {
            // The encoder of all of them is the first task's.
            let encoder = both.branch.encoder();
            let shared = Some(SharedEncoder::of(encoder));
            let setting = Setting { seed: seed_of(setting().seed, place), shared, ..setting() };
            loss_of(&mut *objective(&method(name), &setting, None).unwrap(), of)
        };
        let (rotation, byol) = (alone(0, "rotation", &views.only(&[1])), alone(1, "byol", &views));
        assert_close(&found.loss, &(&rotation.loss * 2.0 + &byol.loss * 0.5), 1e-5);
        assert_eq!(found.uniform, None, "BYOL has no uniform value");
        let fraction = |of: &Option<Accuracy>| of.as_ref().map(|accuracy| accuracy.fraction.shallow_clone());
        assert_eq!(fraction(&found.accuracy), fraction(&rotation.accuracy));
        assert_eq!(found.accuracy.unwrap().chance, 0.25);
        let parts: Vec<_> = found.parts.iter().map(|part| (&*part.name, part.uniform)).collect();
        assert_eq!(parts, [("tasks.0.rotation", Some(4f64.ln())), ("tasks.1.byol", None)]);
        assert_close(&found.parts[0].loss, &rotation.loss, 1e-5);
        assert_close(&found.parts[1].loss, &byol.loss, 1e-5);
        assert_eq!(found.embeddings, rotation.embeddings);
    }

    #[test]
    fn tasks_train_one_encoder_and_a_momentum_encoder_follows_it() {
        let mut both = joint(&[(1.0, &[0], "rotation"), (1.0, &[0, 1], "byol")]);
        let state = both.state();
        let count = |part: &str| state.iter().filter(|(name, _)| name.contains(part)).count();
        assert_eq!(count("encoder.conv1.weight"), 2, "the encoder and its momentum encoder");
        let (own, target) = ("encoder.conv1.weight", "tasks.1.byol.target.encoder.conv1.weight");
        let get = |name: &str| state.get(name).unwrap();
        assert_eq!(get(own), get(target));
        for task in &both.tasks {
            let shared = task.objective.state().get(own).unwrap().data_ptr();
            assert_eq!(shared, get(own).data_ptr(), "{}", task.name);
        }
        loss_of(&mut both, &views(2)).loss.backward();
        let _ = tch::no_grad(|| get(own).shallow_clone().g_add_scalar_(1.0));
        let before = get(target).copy();
        both.after_step(progress(50));
        let moved = get(target) - &before;
        assert!(moved.abs().max().double_value(&[]) > 1e-3, "the momentum encoder stays");
        assert!((moved - 1.0).abs().max().double_value(&[]) > 0.5, "the momentum encoder is the encoder");
    }
}
