//! The C border of the shim: declarations, and the text of a C++ exception as a Rust error.

use libc::{c_char, c_int, size_t};
use tch::{TchError, Tensor};
use torch_sys::C_tensor;

unsafe extern "C" {
    pub(crate) fn kontrast_free(text: *mut c_char);
    pub(crate) fn kontrast_autocast_enter(
        cuda: c_int,
        was_enabled: *mut c_int,
        was_dtype: *mut c_int,
    ) -> *mut c_char;
    pub(crate) fn kontrast_autocast_exit(cuda: c_int, was_enabled: c_int, was_dtype: c_int) -> *mut c_char;
    pub(crate) fn kontrast_deterministic(on: c_int) -> *mut c_char;
    pub(crate) fn kontrast_channels_last(tensor: *const C_tensor, out: *mut *mut C_tensor) -> *mut c_char;
    pub(crate) fn kontrast_forget_gradients(variables: *const *const C_tensor, n: size_t) -> *mut c_char;
    pub(crate) fn kontrast_fused_sgd(
        variables: *const *const C_tensor,
        gradients: *const *const C_tensor,
        buffers: *const *const C_tensor,
        n: size_t,
        lr: f64,
        momentum: f64,
        weight_decay: f64,
        nesterov: c_int,
    ) -> *mut c_char;
    pub(crate) fn kontrast_fused_adamw(
        variables: *const *const C_tensor,
        gradients: *const *const C_tensor,
        means: *const *const C_tensor,
        squares: *const *const C_tensor,
        steps: *const *const C_tensor,
        n: size_t,
        lr: f64,
        beta1: f64,
        beta2: f64,
        weight_decay: f64,
        eps: f64,
    ) -> *mut c_char;
    pub(crate) fn kontrast_script(
        source: *const c_char,
        names: *const *const c_char,
        tensors: *const *const C_tensor,
        buffers: *const c_int,
        n: size_t,
        note: *const c_char,
        text: *const c_char,
        out: *mut *mut c_char,
        length: *mut size_t,
    ) -> *mut c_char;
    pub(crate) fn kontrast_peak_device_memory(device: c_int, bytes: *mut u64) -> *mut c_char;
    pub(crate) fn kontrast_free_device_memory(device: c_int, bytes: *mut u64) -> *mut c_char;
    pub(crate) fn kontrast_load_cuda(loaded: *mut c_int) -> *mut c_char;
}

/// Turns what a shim function returned into a `Result`, and frees the text.
pub(crate) fn checked(text: *mut c_char) -> Result<(), TchError> {
    if text.is_null() {
        return Ok(());
    }
    // SAFETY: the shim returns null or a NUL-terminated string made by strdup, which is ours to free.
    let message = unsafe {
        let message = std::ffi::CStr::from_ptr(text).to_string_lossy().into_owned();
        kontrast_free(text);
        message
    };
    Err(TchError::Torch(message))
}

/// The addresses behind a list of tensors, in the list's order.
pub(crate) fn pointers(tensors: &[Tensor]) -> Vec<*const C_tensor> {
    tensors.iter().map(Tensor::as_ptr).collect()
}
