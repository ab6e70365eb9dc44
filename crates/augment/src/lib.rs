//! Views of images: a recipe is drawn, then rendered.
//!
#![doc = include_str!("../README.md")]
#![allow(
    clippy::inline_always,
    reason = "what a kernel calls has to be compiled for the kernel's instruction set"
)]

pub mod audit;
mod canvas;
mod check;
mod clamp;
mod error;
mod image;
mod plan;
mod pointwise;
mod recipe;
mod render;
mod resample;
mod step;
mod transform;

pub use error::PlanError;
pub use image::{ImageRef, MOST_CHANNELS, colours, has_alpha};
pub use kontrast_rng::KeyedRng;
pub use plan::ViewPlan;
pub use recipe::{Fill, Op, Recipe, Sampling};
pub use render::{Scratch, render_float_into, render_into};
pub use step::{Choice, Step};
pub use transform::auto_augment::Policy;
pub use transform::autocontrast::FLAT;
pub use transform::erase::Filling;
pub use transform::grayscale::WEIGHTS as GRAYSCALE_WEIGHTS;
pub use transform::resize::by_short_side;
