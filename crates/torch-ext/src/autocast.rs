//! bf16 autocast as a guard: matrix products and convolutions inside its scope run in bf16, on CPU and CUDA.

use crate::ffi::{checked, kontrast_autocast_enter, kontrast_autocast_exit};
use libc::c_int;
use std::marker::PhantomData;
use tch::Device;

/// In what precision an encoder runs; losses and optimizers are always fp32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// 32-bit floating point throughout.
    Fp32,
    /// bf16 where autocast allows it, with fp32 weights.
    Bf16,
}

/// While it lives, autocast to bf16 is on for this thread. Guards nest; each restores what was before it.
#[must_use = "autocast ends when the guard is dropped"]
#[derive(Debug)]
pub struct Autocast {
    cuda: c_int,
    was_enabled: c_int,
    was_dtype: c_int,
    // The state is the thread's own, so the guard must not leave it.
    not_send: PhantomData<*const ()>,
}

impl Autocast {
    /// Starts autocast on `device` if `precision` is bf16; with fp32 there is nothing to guard.
    pub fn new(device: Device, precision: Precision) -> Option<Self> {
        if precision == Precision::Fp32 {
            return None;
        }
        let cuda = c_int::from(device.is_cuda());
        let (mut was_enabled, mut was_dtype) = (0, 0);
        // SAFETY: both out-pointers live through the call.
        let entered = unsafe { kontrast_autocast_enter(cuda, &raw mut was_enabled, &raw mut was_dtype) };
        checked(entered).expect("libtorch has autocast for CPU and CUDA");
        Some(Self { cuda, was_enabled, was_dtype, not_send: PhantomData })
    }
}

impl Drop for Autocast {
    fn drop(&mut self) {
        // SAFETY: plain integers that `enter` gave us.
        let left = unsafe { kontrast_autocast_exit(self.cuda, self.was_enabled, self.was_dtype) };
        debug_assert!(checked(left).is_ok());
    }
}
