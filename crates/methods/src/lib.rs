//! Methods of self-supervised learning, a file each: what is done with a batch of views, and which variables learn from
//! it.
//!
#![doc = include_str!("../README.md")]

mod amdim;
mod autoencoder;
mod barlow_twins;
mod branch;
mod build;
mod byol;
mod classifier;
mod clip;
mod cmc;
#[cfg(test)]
mod composed;
mod cpc;
mod dcl;
mod dino;
mod draw;
#[cfg(test)]
mod example;
mod exemplar;
#[cfg(test)]
mod golden;
mod groups;
mod jigsaw;
mod joint;
mod mae;
mod method;
mod mining;
mod moco;
mod mocov3;
mod nnclr;
mod noise_bank;
mod npid;
mod nt_logistic;
mod objective;
mod outputs;
mod relative_patch;
mod rotation;
mod setting;
mod simclr;
mod simsiam;
mod start;
mod step_output;
mod supcon;
mod supervised;
mod swav;
mod triplet;
mod vicreg;
mod views;

pub use branch::{Branch, Embedded, Predictor, TargetUpdate};
pub use build::{BuildError, build, color_space, device_renderer, objective, precision, setting, to_tensor};
pub use classifier::Classifier;
pub use clip::{Clip, ClipSpec, LARGEST_SCALE};
pub use groups::ImageGroups;
pub use jigsaw::{permutation_choice, permutation_set};
pub use kontrast_augment_torch::Views;
pub use kontrast_rng::Progress;
pub use method::Method;
pub use objective::{
    BatchInfo, CollapseCriterion, Encoders, LossOutput, Objective, Pretext, Reconstructed, Reconstruction,
    TextSpace,
};
pub use outputs::Outputs;
pub use setting::{Labels, Setting, SharedEncoder, TextSetting};
pub use start::StartedHeads;
pub use step_output::{Accuracy, Part, Predictions, StepOutput};
pub use views::{ViewError, ViewSpec, view_spec};
