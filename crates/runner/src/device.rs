//! Where the run takes place: device, threads, determinism.

use crate::others::busy_cores;
use crate::{Refusal, log};
use anyhow::{Context, bail};
use kontrast_config as config;
use kontrast_torch_ext::{CudaHalf, deterministic, keep_freed_memory, load_cuda};
use std::num::NonZero;
use tch::Device;

/// The place of a run.
#[derive(Clone, Debug)]
pub(crate) struct Runtime {
    pub(crate) device: Device,
    /// The device as the log has it.
    pub(crate) words: String,
    /// Threads of libtorch.
    pub(crate) threads: usize,
    /// Threads that render views.
    pub(crate) workers: usize,
}

/// Loads libtorch's CUDA half where there is a GPU, makes libtorch deterministic, and has freed memory kept.
pub(crate) fn prepare(wanted: &config::Infrastructure) -> anyhow::Result<Runtime> {
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
                log::note(
                    "note: there is a GPU, but libtorch is the CPU profile; cargo xtask setup --cuda changes that",
                );
            }
            Device::Cpu
        }
        config::Device::Cuda(index) => cuda(index, &half)?,
    };
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let threads = wanted.threads.or_else(|| from_environment("OMP_NUM_THREADS")).unwrap_or(cores);
    let workers = wanted.workers.unwrap_or(cores);
    for warning in crowding(threads, workers, cores, busy_cores()) {
        log::note(format_args!("warning: {warning}"));
    }
    tch::set_num_threads(i32::try_from(threads).context("run.threads")?);
    deterministic(true);
    keep_freed_memory();
    let words = if let Device::Cuda(index) = device { format!("cuda:{index}") } else { "cpu".to_owned() };
    Ok(Runtime { device, words, threads, workers })
}

/// The pool that decodes images and renders those that are judged. It is started here, since starting it at its first
/// use would panic where the system gives no threads.
pub(crate) fn shared_pool() -> Result<(), Refusal> {
    let pool = rayon::ThreadPoolBuilder::new().build_global();
    pool.map_err(|error| {
        Refusal(format!(
            "the threads that decode images cannot be started: {error}; allow more processes (ulimit -u, or the \
             container's pids limit), or have RAYON_NUM_THREADS say fewer"
        ))
    })
}

/// A number that every program on OpenMP obeys, where it is one; the first of a list, which is that of the outermost loop.
fn from_environment(name: &str) -> Option<usize> {
    std::env::var(name).ok()?.split(',').next()?.trim().parse().ok().filter(|&count| count > 0)
}

/// What a person should know of threads that have to share cores: the slowest of them sets the pace of all.
fn crowding(threads: usize, workers: usize, cores: usize, busy: f64) -> Vec<String> {
    let mut warnings = Vec::new();
    for (key, count) in [("run.threads", threads), ("run.workers", workers)] {
        if count > cores {
            warnings.push(format!(
                "{key} = {count} on {cores} cores: they take turns, which is slower than {cores}"
            ));
        }
    }
    let free = (cores as f64 - busy).round().max(1.0) as usize;
    if busy >= 0.75 && threads > free && threads <= cores {
        warnings.push(format!(
            "other programs keep {busy:.1} of {cores} cores busy; if that goes on, {threads} threads wait for each other, and \
             --threads {free} is quicker (results of another number of threads agree but for rounding)"
        ));
    }
    warnings
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

#[cfg(test)]
mod tests {
    use super::crowding;

    #[test]
    fn field_threads_without_cores_of_their_own_are_warned_of() {
        for (threads, workers, busy, expected) in [
            (3, 2, 0.0, "run.threads = 3 on 2 cores"),
            (2, 5, 0.0, "run.workers = 5 on 2 cores"),
            (2, 2, 1.1, "--threads 1 is quicker"),
            (2, 2, 2.0, "--threads 1 is quicker"),
        ] {
            let warnings = crowding(threads, workers, 2, busy);
            assert!(warnings.len() == 1 && warnings[0].contains(expected), "{warnings:?}");
        }
        for (threads, busy) in [(2, 0.0), (2, 0.4), (1, 3.0)] {
            assert_eq!(crowding(threads, 2, 2, busy), Vec::<String>::new());
        }
    }
}
