//! The training loop: batches in, steps out, with checkpoints, exact resume, diagnosis and throughput.
//!
#![doc = include_str!("../README.md")]

mod checkpoint;
mod device_images;
mod diagnosis;
mod feed;
mod meter;
mod observer;
mod recipe;
mod spec;
mod text_source;
mod trainer;

pub use checkpoint::{CheckpointError, Checkpoints, Position, Restored};
pub use device_images::{DeviceImages, FeedError};
pub use diagnosis::{Alarm, Diagnosis, Loss, Monitor};
pub use meter::Totals;
pub use observer::{Observer, StepRecord};
pub use spec::TrainerSpec;
pub use text_source::TextSource;
pub use trainer::{Outcome, Resumed, Trainer};
