//! Where the run takes place: device, threads, determinism.

use crate::{Refusal, say};
use anyhow::{Context, bail};
use kontrast_config as config;
use kontrast_torch_ext::{CudaHalf, deterministic, keep_freed_memory, load_cuda};
use std::num::NonZero;
use tch::Device;

/// The place of a run.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) device: Device,
    /// The device as the log has it.
    pub(crate) words: String,
    /// Threads of libtorch.
    pub(crate) threads: usize,
    /// Threads that render views.
    pub(crate) workers: usize,
}

/// Loads libtorch's CUDA half where there is a GPU, makes libtorch deterministic, and has freed memory kept.
pub(crate) fn prepare(wanted: &config::Infrastructure) -> anyhow::Result<Place> {
    let half = match wanted.device {
        config::Device::Cpu => CudaHalf::NoGpu,
        config::Device::Auto | config::Device::Cuda(_) => {
            load_cuda().context("libtorch's CUDA half does not load")?
        }
    };
    let device = match wanted.device {
        config::Device::Cpu => Device::Cpu,
        config::Device::Auto if half == CudaHalf::Loaded && tch::Cuda::is_available() => Device::Cuda(0),
        config::Device::Auto => {
            if half == CudaHalf::CpuProfile {
                say::note(
                    "note: there is a GPU, but libtorch is the CPU profile; cargo xtask setup --cuda changes that",
                );
            }
            Device::Cpu
        }
        config::Device::Cuda(index) => cuda(index, &half)?,
    };
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let threads = wanted.threads.unwrap_or(cores);
    tch::set_num_threads(i32::try_from(threads).context("run.threads")?);
    deterministic(true);
    keep_freed_memory();
    let words = if let Device::Cuda(index) = device { format!("cuda:{index}") } else { "cpu".to_owned() };
    Ok(Place { device, words, threads, workers: wanted.workers.unwrap_or(cores) })
}

fn cuda(index: usize, half: &CudaHalf) -> anyhow::Result<Device> {
    match half {
        CudaHalf::NoGpu => {
            let text = format!(
                "run.device = cuda:{index}: no GPU is seen here; leave --device out, or use --device cpu"
            );
            return Err(Refusal(text).into());
        }
        CudaHalf::CpuProfile => {
            bail!(
                "run.device = cuda:{index}: libtorch is the CPU profile; install the other with: cargo xtask setup --cuda"
            )
        }
        CudaHalf::Loaded => {}
    }
    let count = usize::try_from(tch::Cuda::device_count()).unwrap_or(0);
    if index >= count {
        bail!(
            "run.device = cuda:{index}: libtorch sees {count} GPUs, counted from 0; check the driver, or use --device cpu"
        );
    }
    Ok(Device::Cuda(index))
}
