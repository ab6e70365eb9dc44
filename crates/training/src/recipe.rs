//! From the experiment file to optimizer, schedule and step counts.

use kontrast_config::{self as config, Experiment};
use kontrast_optim::{
    Adamw, Clip, ClipPer, Constant, Cosine, Group, HalfCosine, Lars, LarsOptions, Multistep, Optimizer,
    Schedule, Sgd,
};
use tch::Tensor;

/// Added to LARS's denominator against a division by zero; the default of lightly's and of solo-learn's LARS.
const LARS_EPS: f64 = 1e-8;

/// What moves the weights, and by how much at each step.
pub(crate) struct TrainingRecipe {
    /// SGD, LARS or AdamW over the method's groups.
    pub(crate) optimizer: Box<dyn Optimizer>,
    /// Learning rate by step.
    pub(crate) schedule: Box<dyn Schedule>,
    /// Decay of the decayed groups.
    pub(crate) weight_decay: Box<dyn Schedule>,
    /// Steps of the warm-up.
    pub(crate) warmup: u64,
    /// Steps in all.
    pub(crate) steps: u64,
    /// What the optimizer moves, each with the step from which it does.
    variables: Vec<(Tensor, u64)>,
    /// Gradient clipping, where there is any.
    pub(crate) clip: Option<Clip>,
}

impl TrainingRecipe {
    /// The variables that this step moves: without those that are still frozen.
    pub(crate) fn moved_at(&self, step: u64) -> Vec<Tensor> {
        let moved = self.variables.iter().filter(|(_, from)| step >= *from);
        moved.map(|(variable, _)| variable.shallow_clone()).collect()
    }
}

/// The recipe of an experiment for a method's groups, where an epoch has `steps_per_epoch` steps.
pub(crate) fn recipe(experiment: &Experiment, groups: Vec<Group>, steps_per_epoch: u64) -> TrainingRecipe {
    let lr = experiment.optimizer.lr().scaled(experiment.train.batch);
    let steps = steps_per_epoch * u64::from(experiment.train.epochs);
    let warmup = (experiment.schedule.warmup_epochs() * steps_per_epoch as f64).round() as u64;
    let schedule: Box<dyn Schedule> = match &experiment.schedule {
        config::Schedule::Cosine(cosine) => {
            Box::new(Cosine { peak: lr, last: lr * cosine.final_fraction, warmup, steps })
        }
        config::Schedule::Constant(_) => Box::new(Constant { value: lr, warmup }),
        config::Schedule::Multistep(own) => {
            let milestones = own.milestones.iter().map(|&epoch| u64::from(epoch) * steps_per_epoch).collect();
            Box::new(Multistep { peak: lr, gamma: own.gamma, milestones, warmup })
        }
    };
    let of_group = |group: &Group| {
        let own = group.variables.iter().map(|(_, variable)| (variable.shallow_clone(), group.frozen_until));
        own.collect::<Vec<_>>()
    };
    let variables = groups.iter().flat_map(of_group).collect();
    let clip = experiment.train.clip.map(|clip| Clip {
        norm: clip.norm,
        per: match clip.per {
            config::ClipPer::Tensor => ClipPer::Tensor,
            config::ClipPer::All => ClipPer::All,
        },
    });
    let (optimizer, first) = optimizer(&experiment.optimizer, groups);
    let weight_decay: Box<dyn Schedule> = match last_decay(&experiment.optimizer) {
        Some(last) => Box::new(HalfCosine { base: first, last, steps }),
        None => Box::new(Constant { value: first, warmup: 0 }),
    };
    TrainingRecipe { optimizer, schedule, weight_decay, warmup, steps, variables, clip }
}

/// The weight decay that the run ends with, where it changes.
fn last_decay(config: &config::Optimizer) -> Option<f64> {
    let config::Optimizer::Adamw(adamw) = config else { return None };
    adamw.weight_decay_final
}

fn optimizer(config: &config::Optimizer, mut groups: Vec<Group>) -> (Box<dyn Optimizer>, f64) {
    // PyTorch's SGD and AdamW decay every variable; recipes with LARS and those of transformers spare biases and norms.
    let spare = match config {
        config::Optimizer::Sgd(_) => false,
        config::Optimizer::Lars(lars) => lars.exclude_bias_and_norm,
        config::Optimizer::Adamw(adamw) => adamw.exclude_bias_and_norm,
    };
    if !spare {
        for group in &mut groups {
            group.decay = true;
        }
    }
    match config {
        config::Optimizer::Sgd(sgd) => {
            (Box::new(Sgd::new(groups, sgd.momentum, sgd.nesterov)), sgd.weight_decay)
        }
        config::Optimizer::Lars(lars) => {
            let options =
                LarsOptions { momentum: lars.momentum, eta: lars.eta, clip_lr: lars.clip_lr, eps: LARS_EPS };
            (Box::new(Lars::new(groups, options)), lars.weight_decay)
        }
        config::Optimizer::Adamw(adamw) => {
            (Box::new(Adamw::new(groups, adamw.betas.into(), adamw.eps)), adamw.weight_decay)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_variable_is_not_among_those_that_a_step_moves() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../configs/smoke/simclr.toml");
        let experiment = Experiment::load(file.as_ref(), &[]).unwrap().experiment;
        let group = |name: &str| Group::new(vec![(name.to_owned(), Tensor::from(0f32))]);
        let frozen = Group { frozen_until: 3, ..group("prototypes") };
        let recipe = recipe(&experiment, vec![group("weight"), frozen], 10);
        assert_eq!([0, 2, 3].map(|step| recipe.moved_at(step).len()), [1, 1, 2]);
    }
}
