//! Where the run takes place: device, threads, determinism.

use crate::others::busy_cores;
use crate::terminal::note;
use anyhow::{Context, bail};
use kontrast::config;
use kontrast::{Refusal, Runtime};
use kontrast_runlog::human::counted;
use kontrast_torch_ext::{CudaHalf, deterministic, keep_freed_memory, load_cuda};
use std::num::NonZero;
use std::time::Duration;
use tch::Device;

/// Cores that others keep busy from which a run takes fewer threads than there are cores.
const BUSY: f64 = 0.75;

/// How long is looked for other programs' work: what is over sooner does not decide how a run computes.
const LOOK: Duration = Duration::from_secs(1);

/// Loads libtorch's CUDA half where there is a GPU, makes libtorch deterministic, and has freed memory kept. `earlier` is
/// the number of threads of a run that goes on, `busy` looks for other programs' work.
pub(crate) fn prepare(
    wanted: &config::Infrastructure,
    earlier: Option<usize>,
    busy: impl Fn() -> f64,
) -> anyhow::Result<Runtime> {
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
                note(
                    "note: there is a GPU, but libtorch is the CPU profile; cargo xtask setup --cuda changes that",
                );
            }
            Device::Cpu
        }
        config::Device::Cuda(index) => cuda(index, &half)?,
    };
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let asked = wanted.threads.or_else(|| from_environment("OMP_NUM_THREADS"));
    let asked = asked.or(earlier.filter(|threads| (1..=cores).contains(threads)));
    // One thread waits for no other, and who says how threads wait takes the cores as they are.
    let any = asked == Some(1) || std::env::var_os("OMP_WAIT_POLICY").is_some();
    let busy = if any { 0.0 } else { busy() };
    let threads = asked.unwrap_or_else(|| free(cores, if device == Device::Cpu { busy } else { 0.0 }));
    let workers = wanted.workers.unwrap_or(cores);
    if asked.is_none() && threads < cores {
        note(format_args!("note: {}", fewer(threads, cores, busy)));
    }
    for warning in crowding(threads, workers, cores, busy) {
        note(format_args!("warning: {warning}"));
    }
    tch::set_num_threads(i32::try_from(threads).context("run.threads")?);
    deterministic(true);
    keep_freed_memory();
    Ok(Runtime { device, threads, workers })
}

/// Cores that other programs keep busy now.
pub(crate) fn busy() -> f64 {
    busy_cores(LOOK)
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

/// How many threads have a core each beside what other programs keep busy. A thread that waits for a core has all others
/// wait: beside one busy process, two threads on two cores are at a third of their pace, and one at two thirds.
fn free(cores: usize, busy: f64) -> usize {
    if busy < BUSY { cores } else { (cores as f64 - busy).round().max(1.0) as usize }
}

/// Why a run takes fewer threads than there are cores.
fn fewer(threads: usize, cores: usize, busy: f64) -> String {
    let threads = counted(threads as u64, "thread");
    format!(
        "other programs keep {busy:.1} of {cores} cores busy, so this run takes {threads}: --threads {cores} takes all"
    )
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
    let free = free(cores, busy);
    if threads > free && threads <= cores {
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
    use super::{crowding, fewer, free};

    #[test]
    fn field_a_run_beside_others_takes_the_threads_that_have_a_core_each() {
        for (cores, busy, expected) in
            [(2, 0.0, 2), (2, 0.7, 2), (2, 1.0, 1), (2, 2.0, 1), (2, 20.0, 1), (64, 3.2, 61), (1, 1.0, 1)]
        {
            assert_eq!(free(cores, busy), expected, "{busy} of {cores}");
        }
        let words = fewer(1, 2, 1.02);
        assert!(words.contains("1.0 of 2 cores busy, so this run takes 1 thread:"), "{words}");
    }

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
