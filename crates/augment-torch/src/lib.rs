//! From images to normalised tensors, on two ways.
//!
//! [`ToTensor`] takes views that the CPU has rendered, as bytes. [`DeviceRenderer`] takes the images themselves, which
//! lie on the device, and carries the recipes out there, a batch at a time. [`Views`] are what either gives a method.

mod affine;
mod color;
mod color_space;
mod equalize;
mod frame;
mod moves;
mod neighbourhood;
mod noise;
mod pointwise;
mod renderer;
mod resample;
mod schedule;
mod task;
mod to_tensor;
mod views;

pub use color_space::ColorSpace;
pub use noise::normal;
pub use renderer::{DeviceRenderer, Grouping};
pub use to_tensor::ToTensor;
pub use views::Views;

// torch-ext makes libtorch findable at run time for whoever depends on this crate.
use kontrast_torch_ext as _;
