//! From images to normalised tensors, on two ways.
//!
//! [`Feed`] takes views that the CPU has rendered, as bytes. [`DeviceRenderer`] takes the images themselves, which lie
//! on the device, and carries the recipes out there, a batch at a time. [`Views`] are what either gives a method.

mod affine;
mod color;
mod equalize;
mod feed;
mod frame;
mod moves;
mod neighbourhood;
mod noise;
mod pointwise;
mod renderer;
mod resample;
mod schedule;
mod task;
mod views;

pub use feed::Feed;
pub use noise::normal;
pub use renderer::{DeviceRenderer, Grouping};
pub use views::Views;

// torch-ext makes libtorch findable at run time for whoever depends on this crate.
use kontrast_torch_ext as _;
