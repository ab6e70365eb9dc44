//! Methods of self-supervised learning, a file each: what is done with a batch of views, and which variables learn from
//! it.
//!
//! A method is an [`Objective`] and the step that all of them share, [`Method`]; what objectives are made of stands in
//! `branch.rs`. `crates/training/examples/own_method.rs` adds one from outside.
//!
//! ```no_run
//! use kontrast_config::Experiment;
//! use kontrast_methods::{Progress, Views, build, setting};
//! use tch::{Device, Kind, Tensor};
//!
//! let experiment = Experiment::load("configs/smoke/byol.toml".as_ref(), &[])?.experiment;
//! let setting = setting(&experiment, 512, Device::Cpu)?;
//! let mut method = build(&experiment.method, &setting, None)?;
//!
//! // All first views of images 0 to 15, then all second ones, normalised.
//! let views = Tensor::rand([2 * 16, 3, 32, 32], (Kind::Float, Device::Cpu));
//! let batch = Views::new(views, (0..16).collect());
//! let output = method.step(&batch, Progress { step: 0, steps: 100, epoch: 0, epochs: 10 });
//! println!("loss {}", output.loss.double_value(&[]));
//! // The gradients stand in the variables of method.groups(), for an optimizer to move; once it has:
//! method.after_step(Progress { step: 0, steps: 100, epoch: 0, epochs: 10 });
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod autoencoder;
mod barlow_twins;
mod branch;
mod build;
mod byol;
mod classifier;
#[cfg(test)]
mod composed;
mod dcl;
mod dino;
mod draw;
#[cfg(test)]
mod example;
mod exemplar;
#[cfg(test)]
mod golden;
mod jigsaw;
mod joint;
mod method;
mod moco;
mod mocov3;
mod nnclr;
mod npid;
mod objective;
mod outputs;
mod relative_patch;
mod rotation;
mod setting;
mod simclr;
mod simsiam;
mod step_output;
mod supcon;
mod supervised;
mod swav;
mod triplet;
mod vicreg;
mod views;

pub use branch::{Branch, Embedded, Predictor, TargetUpdate};
pub use build::{BuildError, build, objective, precision, setting};
pub use classifier::Classifier;
pub use jigsaw::{permutation_choice, permutation_set};
pub use kontrast_augment_torch::Views;
pub use kontrast_rng::Progress;
pub use method::Method;
pub use objective::{BatchInfo, CollapseCriterion, Encoders, LossOutput, Objective, Pretext, Reconstruction};
pub use outputs::Outputs;
pub use setting::{Labels, Setting, SharedEncoder};
pub use step_output::{Accuracy, Part, Predictions, StepOutput};
pub use views::{ViewError, ViewSpec, view_spec};
