//! `bench`: criterion's benches, or one of our programs beside other libraries.

mod beside;
mod criterion;
mod peers;

pub use beside::{Beside, Subject};
pub use criterion::run as criterion;
pub use peers::Peers;
