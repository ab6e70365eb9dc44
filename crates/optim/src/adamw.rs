//! AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101), as `torch.optim.AdamW` defines it.

use crate::group::{Slot, Slots};
use crate::{Group, Optimizer, Rates};
use kontrast_torch_ext::{AdamwStep, StateDict, StateError, fused_adamw};

/// Adam with decoupled decay.
#[derive(Debug)]
pub struct Adamw {
    slots: Slots,
    betas: (f64, f64),
    eps: f64,
}

impl Adamw {
    /// An optimizer at rest: both moments are zero.
    pub fn new(groups: Vec<Group>, betas: (f64, f64), eps: f64) -> Self {
        // Each variable counts its own updates, so that one unfrozen late is corrected for its own start.
        let kinds = &[Slot::Like("mean"), Slot::Like("square"), Slot::Number("count")];
        Self { slots: Slots::new(groups, kinds), betas, eps }
    }
}

impl Optimizer for Adamw {
    fn zero_grad(&mut self) {
        self.slots.zero_grad();
    }

    fn step(&mut self, rates: Rates) {
        let (betas, eps) = (self.betas, self.eps);
        self.slots.each_group(rates, |rates, moving| {
            let step = AdamwStep { lr: rates.lr, betas, weight_decay: rates.weight_decay, eps };
            let [means, squares, counts] = &moving.slots[..] else { unreachable!("three slots") };
            fused_adamw(&moving.variables, &moving.gradients, means, squares, counts, step)
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
