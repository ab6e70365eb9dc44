//! LARS, layer-wise adaptive rates (You et al. 2017, arXiv 1708.03888, eq. 6), as lightly 1.6 defines it.

use crate::group::{Slot, Slots};
use crate::{Group, Optimizer, Rates};
use kontrast_torch_ext::{StateDict, StateError};
use tch::Tensor;

/// What distinguishes one LARS from another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LarsOptions {
    /// Coefficient of the momentum buffer.
    pub momentum: f64,
    /// Trust coefficient of the adaptation; SimCLR's and lightly's value is 0.001, solo-learn's recipes have 0.02.
    pub eta: f64,
    /// Whether the adapted rate never exceeds the schedule's, as solo-learn's recipes want it.
    pub clip_lr: bool,
    /// Added to the denominator; 1e-8 in lightly and solo-learn.
    pub eps: f64,
}

/// SGD with momentum whose gradient is scaled, a variable at a time, to a fixed fraction of the variable's length.
/// Groups without decay are neither decayed nor adapted.
#[derive(Debug)]
pub struct Lars {
    slots: Slots,
    options: LarsOptions,
}

impl Lars {
    /// An optimizer at rest: momentum buffers are zero.
    pub fn new(groups: Vec<Group>, options: LarsOptions) -> Self {
        Self { slots: Slots::new(groups, &[Slot::Like("momentum")]), options }
    }
}

impl Optimizer for Lars {
    fn zero_grad(&mut self) {
        self.slots.zero_grad();
    }

    fn step(&mut self, rates: Rates) {
        let options = self.options;
        tch::no_grad(|| {
            self.slots.each_group(rates, |rates, moving| {
                let lists = moving.variables.iter().zip(&moving.gradients).zip(&moving.slots[0]);
                for ((variable, gradient), buffer) in lists {
                    let moved = adapted(variable, gradient, rates, options);
                    let mut buffer = buffer.shallow_clone();
                    let _ = buffer.g_mul_scalar_(options.momentum).g_add_(&moved);
                    let mut variable = variable.shallow_clone();
                    let _ = variable.g_add_(&(buffer * -rates.lr));
                }
            });
        });
    }

    fn state(&self) -> StateDict {
        self.slots.state()
    }

    fn load_state(&mut self, state: &StateDict) -> Result<(), StateError> {
        self.slots.load_state(state)
    }
}

/// The gradient with decay, scaled by eta |w| / (|g| + decay |w| + eps); all on the device, no value is read back.
fn adapted(variable: &Tensor, gradient: &Tensor, rates: Rates, options: LarsOptions) -> Tensor {
    if rates.weight_decay == 0.0 {
        return gradient.shallow_clone();
    }
    let (length, steepness) = (variable.norm(), gradient.norm());
    let mut trust = &length / (&steepness + &length * rates.weight_decay + options.eps) * options.eta;
    if options.clip_lr {
        trust = (trust / rates.lr).clamp_max(1.0);
    }
    let decayed = (gradient + variable * rates.weight_decay) * trust;
    // Where either length is zero there is nothing to adapt to, and no decay either, as in lightly.
    let usable = length.gt(0.0).logical_and(&steepness.gt(0.0));
    decayed.where_self(&usable, gradient)
}
