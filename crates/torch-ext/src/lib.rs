//! What `tch` lacks, through a small C++ shim: bf16 autocast on CPU and CUDA, loading libtorch's CUDA half,
//! fused optimizer updates, channels-last tensors, deterministic algorithms, TorchScript of a source text, strict state
//! dictionaries, memory kept from step to step, and what memory there is. [`Texts`] stands here since networks and batches
//! both speak of it, and [`Parameter`] since networks say it and optimizers read it.
//!
#![doc = include_str!("../README.md")]

mod allocator;
mod autocast;
mod counter;
mod cuda;
mod draws;
mod ffi;
mod fused;
mod layout;
mod memory;
mod parameter;
mod script;
mod state;
mod texts;
mod values;

pub use allocator::keep_freed_memory;
pub use autocast::{Autocast, Precision};
pub use counter::counter_bits;
pub use cuda::{CudaHalf, free_device_memory, load_cuda, peak_device_memory};
pub use draws::Draws;
pub use fused::{AdamwStep, SgdStep, forget_gradients, fused_adamw, fused_sgd};
pub use layout::{channels_last, deterministic};
pub use memory::{available_memory, peak_memory, reset_peak_memory};
pub use parameter::{Parameter, Role};
pub use script::torch_script;
pub use state::{StateDict, StateError, metadata};
pub use texts::Texts;
pub use values::with_values;
