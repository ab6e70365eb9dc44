//! Methods of self-supervised learning, a file each: what is done with a batch of views, and which variables learn from
//! it.
//!
//! What a method is made of stands in `branch.rs`, the step that all share in `driver.rs`.

mod barlow_twins;
mod branch;
mod build;
mod byol;
mod dcl;
mod dino;
mod draw;
mod driver;
#[cfg(test)]
mod example;
mod method;
mod moco;
mod mocov3;
mod nnclr;
mod npid;
mod setting;
mod simclr;
mod simsiam;
mod supcon;
mod supervised;
mod swav;
mod triplet;
mod vicreg;
mod views;

pub use build::{BuildError, build, precision, setting, warnings};
pub use kontrast_augment_torch::Views;
pub use method::{Healthy, Method, Progress, StepOutput};
pub use setting::{Labels, Setting};
pub use views::{ViewError, ViewSpec, view_spec};
