//! A small but whole training: SimCLR with a ResNet-18 of width 8 on drawn shapes, in bf16, 4 epochs of 4 steps.

use crate::listener::Listener;
use kontrast_augment::ImageRef;
use kontrast_config::{Experiment, Loaded};
use kontrast_data::{DataError, Dataset, Labelled, Shapes};
use kontrast_methods::{Labels, Method};
use kontrast_torch_ext::StateDict;
use kontrast_training::{Checkpoints, Outcome, Trainer, TrainerSpec};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tch::Device;

const SMOKE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../configs/smoke/simclr.toml");
const SMALL: [&str; 9] = [
    "data.synthetic.train=64",
    "views.simclr.size=16",
    "encoder.resnet18.width=8",
    "method.simclr.projector={ widths = [32, 16], batch_norm = true }",
    "schedule.cosine.warmup_epochs=0.5",
    "train.batch=16",
    "train.epochs=4",
    "train.precision=bf16",
    "train.keep=2",
];

pub const STEPS: u64 = 16;
/// One, since tests share the cores with each other; `process` holds resume with two.
pub const THREADS: usize = 1;

/// An experiment, and the folder that holds its checkpoints.
pub struct Fixture {
    pub loaded: Loaded,
    folder: PathBuf,
    /// What the trainer is told of libtorch's threads.
    pub threads: usize,
    /// Steps between records.
    pub log_every: u64,
    /// Fingerprint of the images, as the trainer is told it.
    pub images: String,
    /// Images that can be read, of the 64.
    pub readable: usize,
}

impl Fixture {
    pub fn new(folder: &Path, changes: &[&str]) -> Self {
        Self::with_threads(folder, changes, THREADS)
    }

    /// For a process of its own: the number of threads is the whole process's.
    pub fn with_threads(folder: &Path, changes: &[&str], threads: usize) -> Self {
        tch::set_num_threads(threads as i32);
        kontrast_torch_ext::deterministic(true);
        let overrides: Vec<String> = SMALL.iter().chain(changes).map(ToString::to_string).collect();
        let loaded =
            Experiment::load(Path::new(SMOKE), &overrides).expect("the smoke experiment, made smaller");
        Self { loaded, folder: folder.to_owned(), threads, log_every: 1, images: String::new(), readable: 64 }
    }

    pub fn checkpoints(&self) -> Checkpoints {
        Checkpoints::new(&self.folder, self.loaded.experiment.train.keep)
    }

    pub fn method(&self) -> Method {
        let experiment = &self.loaded.experiment;
        let setting = kontrast_methods::setting(experiment, 64, Device::Cpu).expect("a plan to draw from");
        let labels = experiment.method.needs_labels().then(|| {
            let shapes = Shapes::train(64, 4, 32, experiment.seed).expect("drawn shapes");
            Labels::new(&(0..64).map(|image| shapes.label(image)).collect::<Vec<_>>(), 4)
        });
        kontrast_methods::build(&experiment.method, &setting, labels.as_ref())
            .expect("labels where they are wanted")
    }

    pub fn trainer(&self) -> Trainer {
        self.trainer_of(self.method())
    }

    pub fn trainer_of(&self, method: Method) -> Trainer {
        let experiment = &self.loaded.experiment;
        let inner = Shapes::train(64, 4, 32, experiment.seed).expect("drawn shapes");
        let shapes = Unplugged { inner, readable: self.readable };
        let views = method.views();
        let spec = TrainerSpec {
            log_every: self.log_every,
            digest: self.loaded.digest.clone(),
            images: self.images.clone(),
            threads: self.threads,
            ..TrainerSpec::of(experiment, Arc::new(shapes), views, self.checkpoints(), Device::Cpu)
        };
        Trainer::new(spec, method, experiment)
    }

    /// Trains to the end without a stop.
    pub fn finish(&self) {
        let mut listener = Listener::default();
        let outcome = listener.run(&mut self.trainer()).expect("a training that nothing disturbs");
        assert_eq!(outcome, Outcome::Finished);
    }

    /// Weights, running statistics and optimizer state of the newest checkpoint, with its step.
    pub fn last(&self) -> (u64, StateDict) {
        let restored = self.checkpoints().latest(&self.loaded.digest, self.loaded.experiment.seed);
        let restored = restored.expect("whole checkpoints").expect("at least one");
        (restored.position.step, restored.state)
    }
}

/// Drawn shapes on a disk that is gone for the images from `readable` on.
struct Unplugged {
    inner: Shapes,
    readable: usize,
}

impl Dataset for Unplugged {
    fn len(&self) -> usize {
        self.inner.len()
    }

    fn size(&self, index: usize) -> Result<(usize, usize), DataError> {
        self.inner.size(index)
    }

    fn image<'a>(&'a self, index: usize, buffer: &'a mut Vec<u8>) -> Result<ImageRef<'a>, DataError> {
        if index < self.readable {
            return self.inner.image(index, buffer);
        }
        let source = std::io::Error::from_raw_os_error(5);
        Err(DataError::Io { path: format!("disk/{index}.png").into(), source })
    }
}

/// Asserts that every tensor has the same bits.
#[track_caller]
pub fn assert_same_bits(found: &StateDict, expected: &StateDict) {
    assert_eq!(found.len(), expected.len());
    for ((name, found), (of, expected)) in found.iter().zip(expected.iter()) {
        let bytes = |tensor: &tch::Tensor| {
            let alone: StateDict = [(String::new(), tensor.shallow_clone())].into_iter().collect();
            alone.to_bytes(None).expect("plain tensors")
        };
        assert_eq!(name, of);
        assert!(bytes(found) == bytes(expected), "{name} differs");
    }
}
