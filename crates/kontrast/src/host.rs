//! What a command asks of the program around it: where its lines go, device and threads, a flag that stops it.

use crate::{Kept, Refusal};
use kontrast_config::{self as config, Infrastructure};
use std::fmt::Display;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tch::Device;

/// The program around a command. The default methods print nothing, compute where the experiment says, and never stop
/// early; [`Silent`] has these alone.
pub trait Host {
    /// A line of the result.
    fn out(&self, _line: &dyn Display) {}

    /// A line of progress, a note or a warning.
    fn note(&self, _line: &dyn Display) {}

    /// A bar for long work, in indicatif's template language.
    fn bar(&self, _template: &str) -> Box<dyn Bar> {
        Box::new(Unseen)
    }

    /// The device and the threads of an experiment; `earlier` is the number of threads of a run that goes on. This one
    /// changes nothing of the process: libtorch has the threads that it has, loads no CUDA half and is not made deterministic. A
    /// run that is to go on bit for bit calls `kontrast_torch_ext::deterministic(true)` first, one on a GPU `load_cuda`.
    ///
    /// # Errors
    /// Where the experiment names a device that is not there.
    fn runtime(&self, wanted: &Infrastructure, _earlier: Option<usize>) -> anyhow::Result<Runtime> {
        Ok(Runtime::as_is(wanted)?)
    }

    /// The flag that asks to stop, which long work looks at.
    ///
    /// # Errors
    /// Where whoever is to set it cannot be listened to.
    fn stop(&self) -> anyhow::Result<Arc<AtomicBool>> {
        Ok(Arc::default())
    }

    /// What runs of this program share, where it runs several.
    fn kept(&self) -> Option<&Kept> {
        None
    }

    /// Says so as soon as that flag is set, where the work that looks at it may take a while until it does.
    fn when_stopped(&self, _words: &'static str) {}
}

/// A host that says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Host for Silent {}

/// Shows how far long work is.
pub trait Bar {
    /// Whether somebody sees it; otherwise a line now and then stands in.
    fn is_seen(&self) -> bool;

    /// Begins at so many of so many.
    fn begin(&self, done: u64, of: u64);

    /// So many are done.
    fn set(&self, done: u64);

    /// The words beside it.
    fn message(&self, words: &str);

    /// A line of its own: above the bar, or as a note where nobody sees one.
    fn line(&self, words: &str);

    /// Takes the bar away.
    fn finish(&self);
}

/// A bar that nobody sees.
struct Unseen;

impl Bar for Unseen {
    fn is_seen(&self) -> bool {
        false
    }

    fn begin(&self, _done: u64, _of: u64) {}

    fn set(&self, _done: u64) {}

    fn message(&self, _words: &str) {}

    fn line(&self, _words: &str) {}

    fn finish(&self) {}
}

/// Where an experiment computes.
#[derive(Clone, Debug)]
pub struct Runtime {
    /// Where tensors lie.
    pub device: Device,
    /// Threads of libtorch.
    pub threads: usize,
    /// Threads that render views.
    pub workers: usize,
}

impl Runtime {
    /// The device that an experiment names, with the threads that this process has.
    ///
    /// # Errors
    /// Where the device is a GPU that libtorch does not see.
    pub fn as_is(wanted: &Infrastructure) -> Result<Self, Refusal> {
        let seen = usize::try_from(tch::Cuda::device_count()).unwrap_or(0);
        let device = match wanted.device {
            config::Device::Auto if seen > 0 => Device::Cuda(0),
            config::Device::Cpu | config::Device::Auto => Device::Cpu,
            config::Device::Cuda(index) if index < seen => Device::Cuda(index),
            config::Device::Cuda(index) => {
                return Err(Refusal(format!(
                    "run.device = cuda:{index}: libtorch sees {seen} GPUs; where there is one, call \
                     kontrast_torch_ext::load_cuda first, or take run.device = \"cpu\""
                )));
            }
        };
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let threads = usize::try_from(tch::get_num_threads()).unwrap_or(1);
        Ok(Self { device, threads, workers: wanted.workers.unwrap_or(cores) })
    }

    /// The device as the log has it: `cpu`, `cuda:0`.
    pub fn device_name(&self) -> String {
        match self.device {
            Device::Cuda(index) => format!("cuda:{index}"),
            _ => "cpu".to_owned(),
        }
    }
}
