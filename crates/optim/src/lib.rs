//! SGD, LARS and AdamW whose state can be saved, and schedules that are pure functions of the step.
//!
#![doc = include_str!("../README.md")]

mod adamw;
mod clip;
mod group;
mod lars;
mod schedule;
mod sgd;

pub use adamw::Adamw;
pub use clip::{Clip, ClipPer, clip_gradients};
pub use group::{Group, GroupRate};
pub use kontrast_torch_ext::{Parameter, Role, StateDict, StateError};
pub use lars::{Lars, LarsOptions};
pub use schedule::{Constant, Cosine, HalfCosine, Multistep, Schedule};
pub use sgd::Sgd;

/// The numbers of one step that change during training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Learning rate, before a group's own scale.
    pub lr: f64,
    /// Decay, for the groups that are decayed.
    pub weight_decay: f64,
}

/// Moves variables along their gradients. A variable without a gradient is skipped, its decay too.
pub trait Optimizer: Send {
    /// Forgets all gradients.
    fn zero_grad(&mut self);

    /// Moves every variable that has a gradient.
    fn step(&mut self, rates: Rates);

    /// All that a later process needs to go on exactly here: the count of steps and a tensor or two a variable.
    fn state(&self) -> StateDict;

    /// Takes over a state that `state` gave.
    ///
    /// # Errors
    /// Where the state belongs to other variables or another optimizer.
    fn load_state(&mut self, state: &StateDict) -> Result<(), StateError>;
}
