//! From images to normalised tensors, on two ways.
//!
#![doc = include_str!("../README.md")]

mod affine;
mod color;
mod color_space;
mod equalize;
mod frame;
mod moves;
mod neighbourhood;
mod noise;
mod numbers;
mod pointwise;
mod renderer;
mod resample;
mod schedule;
mod task;
mod to_tensor;
mod views;

pub use color_space::ColorSpace;
pub use noise::normal;
pub use renderer::DeviceRenderer;
pub use schedule::Grouping;
pub use to_tensor::ToTensor;
pub use views::Views;

// torch-ext makes libtorch findable at run time for whoever depends on this crate.
use kontrast_torch_ext as _;
