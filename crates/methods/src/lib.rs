//! Methods of self-supervised learning: what is done with a batch of views, and which variables learn from it.

mod build;
mod method;
mod simclr;
mod views;

pub use build::{BuildError, build, precision};
pub use kontrast_augment_torch::Views;
pub use method::{Method, Progress, StepOutput};
pub use simclr::{Simclr, SimclrSpec};
pub use views::{ViewError, ViewSpec, view_spec};
