//! A temporary folder of configuration files.

use std::path::{Path, PathBuf};

use kontrast_config::{Experiment, Loaded};

/// A whole experiment, which other files of a test extend.
pub const BASE: &str = r#"name = "base"
seed = 0

[data]
name = "cifar10"
mean = [0.5, 0.5, 0.5]
std = [0.25, 0.25, 0.25]

[views.simclr]
size = 32
crop_scale = [0.2, 1.0]
crop_ratio = [0.75, 1.33]
flip = 0.5
strength = 1.0
jitter = { probability = 0.8, brightness = 0.4, contrast = 0.4, saturation = 0.4, hue = 0.1 }
grayscale = 0.2

[encoder.resnet18]
stem = "cifar"
width = 16

[method.simclr]
temperature = 0.2
projector = { widths = [128, 128], batch_norm = false }

[optimizer.sgd]
lr = { base = 0.06, per = 256 }
momentum = 0.9
weight_decay = 5e-4

[schedule.cosine]
warmup_epochs = 2
final = 0

[train]
batch = 256
epochs = 20
precision = "bf16"
channels_last = true

[eval]
knn = true
online_every = 5
validation = 0.2
"#;

/// The folder, which starts with `base.toml`.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        let folder = Self(tempfile::tempdir().expect("a temporary folder can be made"));
        folder.write("base.toml", BASE);
        folder
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("the path has a folder")).expect("it can be made");
        std::fs::write(&path, text).expect("the file can be written");
        path
    }

    /// Loads a file that extends the base by this text.
    pub fn load(&self, text: &str, overrides: &[&str]) -> Loaded {
        let path = self.write("mine.toml", &format!("extends = \"base.toml\"\n{text}"));
        load(&path, overrides).expect("the experiment loads")
    }

    /// The message about a file that extends the base by this text, the folder's own name cut off.
    pub fn refusal(&self, text: &str, overrides: &[&str]) -> String {
        let path = self.write("mine.toml", &format!("extends = \"base.toml\"\n{text}"));
        self.message(&path, overrides)
    }

    /// The message about a file, the folder's own name cut off.
    pub fn message(&self, path: &Path, overrides: &[&str]) -> String {
        let error = load(path, overrides).expect_err("the experiment is refused");
        self.strip(&error.to_string())
    }

    pub fn strip(&self, message: &str) -> String {
        message.replace(&format!("{}/", self.0.path().display()), "")
    }
}

pub fn load(path: &Path, overrides: &[&str]) -> Result<Loaded, kontrast_config::ConfigError> {
    let overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
    Experiment::load(path, &overrides)
}
