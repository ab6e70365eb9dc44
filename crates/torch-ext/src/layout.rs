//! Switches that change how libtorch computes, never what: memory format and deterministic algorithms.

use crate::ffi::{checked, kontrast_channels_last, kontrast_deterministic};
use tch::Tensor;

/// The same `[n, c, h, w]` tensor with channels-last strides; shares memory where it has them already.
pub fn channels_last(tensor: &Tensor) -> Tensor {
    let mut out = std::ptr::null_mut();
    // SAFETY: the tensor lives through the call; on success `out` is a new tensor that is ours.
    unsafe {
        checked(kontrast_channels_last(tensor.as_ptr(), &raw mut out)).expect("a tensor of four dimensions");
        Tensor::from_ptr(out)
    }
}

/// Makes the whole process choose deterministic algorithms: without them the backward pass of an indexing
/// operation differs in every run, and resume cannot be bit-equal.
pub fn deterministic(on: bool) {
    // SAFETY: a plain integer.
    checked(unsafe { kontrast_deterministic(i32::from(on)) }).expect("a switch of libtorch's context");
}
