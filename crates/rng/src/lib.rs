//! Random streams keyed by what is drawn, noise from a counter, and where training stands.
//!
#![doc = include_str!("../README.md")]

mod counter;
mod keyed;
mod progress;

pub use counter::Counter;
pub use keyed::KeyedRng;
pub use progress::Progress;
