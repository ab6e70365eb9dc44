//! A folder with an experiment file in it, and the program run there.

use image::{Rgb, RgbImage};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// An experiment that trains for a second or two: 8 steps of 16 drawn shapes.
pub(crate) const TINY: &str = r#"
name = "tiny"
seed = 3

[data]
name = "synthetic"
synthetic = { train = 64, test = 40, classes = 4, size = 16 }
mean = [0.5, 0.5, 0.5]
std = [0.25, 0.25, 0.25]

[views.simclr]
size = 16
crop_scale = [0.3, 1.0]
crop_ratio = [0.75, 1.3333333333333333]
flip = 0.5
strength = 0.5
jitter = { probability = 0.8, brightness = 0.8, contrast = 0.8, saturation = 0.8, hue = 0.2 }
grayscale = 0.2

[encoder.resnet18]
stem = "cifar"
width = 4

[method.simclr]
temperature = 0.5
projector = { widths = [16, 16], batch_norm = true }

[optimizer.sgd]
lr = 0.05
momentum = 0.9
weight_decay = 5e-4

[schedule.cosine]
warmup_epochs = 0.5
final = 0.0

[train]
batch = 16
epochs = 2
precision = "bf16"
channels_last = true

[eval]
knn = true
online_every = 0
validation = 0.25

[run]
device = "cpu"
threads = 1
workers = 1
"#;

/// What a run of the program came to.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    fn of(output: &Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Asserts the exit code and the parts of the message, and that nothing looks like a backtrace.
    #[track_caller]
    pub(crate) fn says(&self, code: i32, parts: &[&str]) {
        let Self { stdout, stderr, .. } = self;
        assert_eq!(self.code, Some(code), "exit code\n--- stdout\n{stdout}\n--- stderr\n{stderr}");
        for part in parts {
            assert!(stderr.contains(part) || stdout.contains(part), "{part:?} is not in\n{stdout}\n{stderr}");
        }
        for trace in ["stack backtrace", "panicked at", "RUST_BACKTRACE", "Exception raised"] {
            assert!(!stderr.contains(trace), "a backtrace:\n{stderr}");
        }
    }
}

/// A temporary folder with `tiny.toml`.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        place.write("tiny.toml", TINY);
        place
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// The program with a cache of its own, backtraces asked for: it must not show any.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kontrast"));
        command.args(arguments).current_dir(self.path()).stdin(Stdio::null());
        command.env("KONTRAST_HOME", self.path().join("cache")).env("RUST_BACKTRACE", "1");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(&self.command(arguments).output().unwrap())
    }

    /// A folder `colours` with twelve images in each split: two classes that differ in their colour.
    pub(crate) fn colours(&self, splits: &[&str]) {
        for split in splits {
            for index in 0..12_u8 {
                let (class, colour) = if index.is_multiple_of(2) { ("red", 0) } else { ("blue", 2) };
                let path = self.write(&format!("colours/{split}/{class}/{index}.png"), "");
                let mut pixel = [index * 3; 3];
                pixel[colour] = 200;
                RgbImage::from_pixel(16, 16, Rgb(pixel)).save(path).unwrap();
            }
        }
    }

    /// `kontrast pretrain tiny.toml` with more arguments.
    pub(crate) fn tiny(&self, more: &[&str]) -> Ended {
        self.run(&[&["pretrain", "tiny.toml"], more].concat())
    }

    /// The one run directory there is.
    pub(crate) fn run_dir(&self) -> PathBuf {
        let mut entries = fs::read_dir(self.path().join("runs")).unwrap();
        let path = entries.next().expect("a run directory").unwrap().path();
        assert!(entries.next().is_none(), "one run directory");
        path
    }

    pub(crate) fn summary(&self) -> serde_json::Value {
        serde_json::from_slice(&fs::read(self.run_dir().join("summary.json")).unwrap()).unwrap()
    }

    /// Checkpoint files of the run, oldest first.
    pub(crate) fn checkpoints(&self, extension: &str) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = fs::read_dir(self.run_dir().join("checkpoints"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|found| found == extension))
            .collect();
        files.sort();
        files
    }

    /// The bytes of every tensor in the newest checkpoint: all but the header, which holds times.
    pub(crate) fn weights(&self) -> Vec<u8> {
        let bytes = fs::read(self.checkpoints("safetensors").last().expect("a checkpoint")).unwrap();
        let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        bytes[8 + header..].to_vec()
    }
}
