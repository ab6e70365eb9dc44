//! SGD with momentum, Nesterov's or the usual, as `torch.optim.SGD` defines it (no dampening).

use crate::group::{Slot, Slots};
use crate::{Group, Optimizer, Rates};
use kontrast_torch_ext::{SgdStep, StateDict, StateError, fused_sgd};

/// Stochastic gradient descent; the decay is an L2 penalty on the gradient.
#[derive(Debug)]
pub struct Sgd {
    slots: Slots,
    momentum: f64,
    nesterov: bool,
}

impl Sgd {
    /// An optimizer at rest: momentum buffers are zero.
    pub fn new(groups: Vec<Group>, momentum: f64, nesterov: bool) -> Self {
        Self { slots: Slots::new(groups, &[Slot::Like("momentum")]), momentum, nesterov }
    }
}

impl Optimizer for Sgd {
    fn zero_grad(&mut self) {
        self.slots.zero_grad();
    }

    fn step(&mut self, rates: Rates) {
        let (momentum, nesterov) = (self.momentum, self.nesterov);
        self.slots.each_group(rates, |rates, moving| {
            let step = SgdStep { lr: rates.lr, momentum, weight_decay: rates.weight_decay, nesterov };
            fused_sgd(&moving.variables, &moving.gradients, &moving.slots[0], step)
                .expect("gradients have the shape and device of their variables");
        });
    }

    fn state(&self) -> StateDict {
        self.slots.state()
    }

    fn load_state(&mut self, state: &StateDict) -> Result<(), StateError> {
        self.slots.load_state(state)
    }
}
