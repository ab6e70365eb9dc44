//! Parameter groups: which variables share a rate, weight decay, and the step from which they are trained.

use crate::Rates;
use kontrast_torch_ext::{Parameter, StateDict, StateError, forget_gradients};
use std::collections::BTreeMap;
use tch::{Kind, Tensor};

/// How a group's learning rate follows from the schedule's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum GroupRate {
    /// The schedule's rate times this.
    Scale(f64),
    /// This rate, whatever the schedule says (SimSiam's predictor).
    Fixed(f64),
}

/// Variables that are moved alike.
#[derive(Debug)]
pub struct Group {
    /// Trained variables by name; a name stands in one group only.
    pub variables: Vec<(String, Tensor)>,
    /// Learning rate of the group.
    pub rate: GroupRate,
    /// Whether weight decay applies, and with LARS the layer-wise adaptation.
    pub decay: bool,
    /// Steps during which the group stays as it is (SwAV's prototypes).
    pub frozen_until: u64,
}

impl Group {
    /// A group that follows the schedule from the first step, decayed.
    pub fn new(variables: Vec<(String, Tensor)>) -> Self {
        Self { variables, rate: GroupRate::Scale(1.0), decay: true, frozen_until: 0 }
    }

    /// Splits trained variables into those that decay ([`Parameter::decays`]), and biases and norms, which papers train
    /// without decay and without LARS's adaptation.
    pub fn decay_groups(parameters: impl IntoIterator<Item = Parameter>) -> [Self; 2] {
        let (decayed, rest): (Vec<_>, Vec<_>) = parameters.into_iter().partition(Parameter::decays);
        let named = |parameters: Vec<Parameter>| {
            Self::new(parameters.into_iter().map(|parameter| (parameter.name, parameter.tensor)).collect())
        };
        [named(decayed), Self { decay: false, ..named(rest) }]
    }

    /// Groups with layer-wise rates, for fine-tuning: at depth d the schedule's rate times `factor^(last - d)`, where
    /// `last` is the greatest depth among `parameters` (BEiT, Bao et al. 2021, arXiv 2106.08254; MAE, He et al. 2021, arXiv
    /// 2111.06377, in whose published code `layer_decay` is 0.65 for ViT-Base and 0.75 for ViT-Large). A depth's decayed
    /// and other variables are a group each, the shallowest depth first; none is empty.
    pub fn by_depth(parameters: impl IntoIterator<Item = Parameter>, factor: f64) -> Vec<Self> {
        let mut depths: BTreeMap<usize, Vec<Parameter>> = BTreeMap::new();
        for parameter in parameters {
            depths.entry(parameter.depth).or_default().push(parameter);
        }
        let last = depths.keys().copied().max().unwrap_or(0);
        let groups = depths.into_iter().flat_map(|(depth, parameters)| {
            let rate = GroupRate::Scale(factor.powi((last - depth) as i32));
            Self::decay_groups(parameters).map(|group| Self { rate, ..group })
        });
        groups.filter(|group| !group.variables.is_empty()).collect()
    }

    /// Makes groups of their own of the variables under `part`, and changes these.
    pub fn changed(
        groups: impl IntoIterator<Item = Self>,
        part: &str,
        change: impl Fn(&mut Self),
    ) -> Vec<Self> {
        let own = |name: &str| name.strip_prefix(part).is_some_and(|rest| rest.starts_with('.'));
        let split = |group: Self| {
            let (of_part, others) = group.variables.into_iter().partition(|(name, _)| own(name));
            let mut changed = Self { variables: of_part, ..group };
            change(&mut changed);
            [Self { variables: others, ..group }, changed]
        };
        groups.into_iter().flat_map(split).filter(|group| !group.variables.is_empty()).collect()
    }

    /// The rates that hold for this group.
    pub(crate) fn rates(&self, rates: Rates) -> Rates {
        Rates {
            lr: match self.rate {
                GroupRate::Scale(scale) => rates.lr * scale,
                GroupRate::Fixed(lr) => lr,
            },
            weight_decay: if self.decay { rates.weight_decay } else { 0.0 },
        }
    }
}

/// What an optimizer keeps beside a variable.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Slot {
    /// A tensor of the variable's shape and strides.
    Like(&'static str),
    /// One fp32 number.
    Number(&'static str),
}

impl Slot {
    fn name(self) -> &'static str {
        let (Self::Like(name) | Self::Number(name)) = self;
        name
    }

    fn zeros(self, variable: &Tensor) -> Tensor {
        match self {
            Self::Like(_) => variable.zeros_like().detach(),
            Self::Number(_) => Tensor::zeros([], (Kind::Float, variable.device())),
        }
    }
}

/// Groups, their count of steps and a named tensor a variable and slot: what the three optimizers share.
#[derive(Debug)]
pub(crate) struct Slots {
    pub(crate) groups: Vec<Group>,
    pub(crate) steps: u64,
    kinds: &'static [Slot],
    /// By group, then by variable, then by slot.
    tensors: Vec<Vec<Vec<Tensor>>>,
}

impl Slots {
    /// A zero tensor of each slot for every variable.
    pub(crate) fn new(groups: Vec<Group>, kinds: &'static [Slot]) -> Self {
        let zeros = |variable: &Tensor| kinds.iter().map(|slot| slot.zeros(variable)).collect();
        let tensors =
            groups.iter().map(|group| group.variables.iter().map(|(_, v)| zeros(v)).collect()).collect();
        Self { groups, steps: 0, kinds, tensors }
    }

    pub(crate) fn zero_grad(&mut self) {
        let variables = self.groups.iter().flat_map(|group| &group.variables);
        let variables: Vec<Tensor> = variables.map(|(_, variable)| variable.shallow_clone()).collect();
        forget_gradients(&variables);
    }

    /// Calls `update` for each group that moves now, with the rates of the group and, in equal order, the
    /// variables that have a gradient, the gradients, and the tensors of each slot.
    pub(crate) fn each_group(&mut self, rates: Rates, mut update: impl FnMut(Rates, &Moving)) {
        for (group, tensors) in self.groups.iter().zip(&self.tensors) {
            if self.steps < group.frozen_until {
                continue;
            }
            let mut moving =
                Moving { slots: self.kinds.iter().map(|_| Vec::new()).collect(), ..Moving::default() };
            for ((_, variable), slots) in group.variables.iter().zip(tensors) {
                let gradient = variable.grad();
                if !gradient.defined() {
                    continue;
                }
                moving.variables.push(variable.shallow_clone());
                moving.gradients.push(gradient);
                for (list, tensor) in moving.slots.iter_mut().zip(slots) {
                    list.push(tensor.shallow_clone());
                }
            }
            if !moving.variables.is_empty() {
                update(group.rates(rates), &moving);
            }
        }
        self.steps += 1;
    }

    pub(crate) fn state(&self) -> StateDict {
        let mut state = self.slots();
        state.insert("steps", Tensor::from(self.steps as i64));
        state
    }

    pub(crate) fn load_state(&mut self, state: &StateDict) -> Result<(), StateError> {
        let target = self.slots();
        let steps = Tensor::zeros([], (Kind::Int64, tch::Device::Cpu));
        let mut whole = target.clone();
        whole.insert("steps", steps.shallow_clone());
        whole.copy_from(state)?;
        self.steps = steps.int64_value(&[]) as u64;
        Ok(())
    }

    fn slots(&self) -> StateDict {
        let mut state = StateDict::new();
        for (group, tensors) in self.groups.iter().zip(&self.tensors) {
            for ((name, _), slots) in group.variables.iter().zip(tensors) {
                for (kind, tensor) in self.kinds.iter().zip(slots) {
                    state.insert(format!("{}.{name}", kind.name()), tensor.shallow_clone());
                }
            }
        }
        state
    }
}

/// What moves in one step of one group, lists in equal order.
#[derive(Debug, Default)]
pub(crate) struct Moving {
    pub(crate) variables: Vec<Tensor>,
    pub(crate) gradients: Vec<Tensor>,
    pub(crate) slots: Vec<Vec<Tensor>>,
}
