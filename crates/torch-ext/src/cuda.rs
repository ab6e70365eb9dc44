//! libtorch's CUDA half: never linked, loaded when a GPU is there, so that one binary serves both kinds of machine.

use crate::ffi::{checked, kontrast_free_device_memory, kontrast_load_cuda, kontrast_peak_device_memory};
use std::path::Path;
use tch::{Device, TchError};

/// What came of looking for the CUDA half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CudaHalf {
    /// Loaded; libtorch can use the GPU.
    Loaded,
    /// The machine shows no NVIDIA GPU.
    NoGpu,
    /// There is a GPU, but the installed libtorch is the CPU profile.
    CpuProfile,
}

/// Loads `libtorch_cuda.so` from beside the `libtorch_cpu.so` in use, if a GPU is there. Call it before any other
/// function of libtorch.
///
/// # Errors
/// The loader's own message where the library is there and cannot be loaded.
pub fn load_cuda() -> Result<CudaHalf, TchError> {
    // The driver makes this file; WSL has its own device.
    if !["/dev/nvidiactl", "/dev/dxg"].iter().any(|path| Path::new(path).exists()) {
        return Ok(CudaHalf::NoGpu);
    }
    let mut loaded = 0;
    // SAFETY: the out-pointer lives through the call; the library's initialisers are libtorch's own.
    checked(unsafe { kontrast_load_cuda(&raw mut loaded) })?;
    Ok(if loaded == 1 { CudaHalf::Loaded } else { CudaHalf::CpuProfile })
}

/// Most bytes that libtorch has held on `device` at once; none for the CPU.
pub fn peak_device_memory(device: Device) -> Option<u64> {
    let Device::Cuda(index) = device else { return None };
    let mut bytes = 0;
    // SAFETY: the out-pointer lives through the call.
    checked(unsafe { kontrast_peak_device_memory(i32::try_from(index).ok()?, &raw mut bytes) }).ok()?;
    Some(bytes)
}

/// Bytes that are free on `device`, as its driver counts them; none for the CPU, and where the driver does not tell.
pub fn free_device_memory(device: Device) -> Option<u64> {
    let Device::Cuda(index) = device else { return None };
    let mut bytes = 0;
    // SAFETY: the out-pointer lives through the call.
    checked(unsafe { kontrast_free_device_memory(i32::try_from(index).ok()?, &raw mut bytes) }).ok()?;
    Some(bytes)
}
