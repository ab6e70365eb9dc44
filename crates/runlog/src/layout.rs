//! Where things lie in a run directory.

use std::path::{Path, PathBuf};

/// The names in a run directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// The layout of this run directory, which need not exist.
    pub fn of(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The run directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The resolved configuration.
    pub fn config(&self) -> PathBuf {
        self.root.join("config.toml")
    }

    /// The permutations of a jigsaw; where several are put together, numbered from the second on.
    pub fn permutations(&self, number: usize) -> PathBuf {
        match number {
            0 => self.root.join("permutations.toml"),
            _ => self.root.join(format!("permutations-{}.toml", number + 1)),
        }
    }

    /// The images that the run is made of, a line each, where they have names.
    pub fn images(&self) -> PathBuf {
        self.root.join("images.tsv")
    }

    /// The event log, append-only but for what a resume or a new start takes out.
    pub fn events(&self) -> PathBuf {
        self.root.join("events.jsonl")
    }

    /// The summary, a promise to scripts.
    pub fn summary(&self) -> PathBuf {
        self.root.join("summary.json")
    }

    /// The class that each score gives each test image of a data set.
    pub fn predictions(&self, dataset: &str) -> PathBuf {
        self.root.join("predictions").join(format!("{dataset}.safetensors"))
    }

    /// The page for people.
    pub fn report(&self) -> PathBuf {
        self.root.join("report.html")
    }

    /// The folder of checkpoints.
    pub fn checkpoints(&self) -> PathBuf {
        self.root.join("checkpoints")
    }

    /// The folder of pictures.
    pub fn figures(&self) -> PathBuf {
        self.root.join("figures")
    }

    /// The folder that TensorBoard reads.
    pub fn tensorboard(&self) -> PathBuf {
        self.root.join("tensorboard")
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.root.join(".lock")
    }
}
