//! Methods of self-supervised learning: what is done with a batch of views, and which variables learn from it.

mod build;
mod method;
mod simclr;
mod view_spec;

pub use build::{BuildError, build, precision};
pub use kontrast_augment_torch::Views;
pub use method::{Method, Progress, StepOutput};
pub use simclr::{Simclr, SimclrSpec};
pub use view_spec::{ViewSpec, view_spec};
