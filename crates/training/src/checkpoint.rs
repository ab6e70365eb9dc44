//! Checkpoints: a safetensors file, then a small JSON with its checksum. Without the JSON there is no checkpoint.

use crate::Totals;
use kontrast_models::Header;
use kontrast_runlog::{Held, RunlogError, atomic_write};
use kontrast_torch_ext::{StateDict, StateError, metadata};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Key of the position in the metadata of the safetensors file.
const POSITION: &str = "kontrast";

/// Where a run stood when its checkpoint was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// Steps done.
    pub step: u64,
    /// Whole epochs done.
    pub epoch: u32,
    /// Digest of the configuration.
    pub digest: String,
    /// Seed of the run.
    pub seed: u64,
    /// Fingerprint of the images that it is trained and judged on.
    #[serde(default)]
    pub images: String,
    /// Threads of libtorch: another number gives other sums, so resume is bit-equal only with this one.
    pub threads: usize,
    /// Sums since the start of the run.
    pub totals: Totals,
}

/// What the JSON says of the safetensors file beside it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seal {
    file: String,
    bytes: u64,
    sha256: String,
}

/// What is wrong with a checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The file and its seal do not agree.
    #[error(
        "{}: expected {expected}, found {found}; the checkpoint is damaged", path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the seal says.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A checkpoint of another configuration or seed.
    #[error(
        "{}: made by the configuration {found}, this one is {expected}; resume with the configuration that made it, \
         or start again with --force", path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Digest and seed of this run.
        expected: String,
        /// Digest and seed in the checkpoint.
        found: String,
    },
    /// A checkpoint of a run on other images.
    #[error(
        "{}: made with the images {found:.8}, these are {expected:.8}; put them back as they were (names, order, sizes, \
         labels, which are held out), or start again with --force", path.display()
    )]
    OtherImages {
        /// The file.
        path: PathBuf,
        /// Fingerprint of the images of this run.
        expected: String,
        /// That in the checkpoint.
        found: String,
    },
    /// A checkpoint of more steps than the run has.
    #[error(
        "{}: stands at step {step}, and the run has {steps}; its images or its batch were others. Put them back, or start \
         again with --force", path.display()
    )]
    BeyondTheEnd {
        /// The file.
        path: PathBuf,
        /// Steps done.
        step: u64,
        /// Steps of the whole run.
        steps: u64,
    },
    /// Every checkpoint there is damaged.
    #[error("{}: none of the {count} checkpoints can be read; put one back, or start again with --force. The newest: {newest}", folder.display())]
    NoneLeft {
        /// The folder.
        folder: PathBuf,
        /// How many there are.
        count: usize,
        /// What is wrong with the newest.
        newest: Box<CheckpointError>,
    },
    /// The tensors are not those of this network.
    #[error(
        "{}: {source}; resume with the version of Kontrast that made it, or start again with --force", path.display()
    )]
    State {
        /// The file.
        path: PathBuf,
        /// What differs.
        source: StateError,
    },
    /// The file system, where a file is written.
    #[error(transparent)]
    Files(#[from] RunlogError),
    /// The file system, where a folder is made or listed, and a file read or removed.
    #[error(
        "{}: {source}; see that the file and its folder may be read and written, then go on with --resume", path.display()
    )]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A checkpoint that was read whole.
#[derive(Debug)]
pub struct Restored {
    /// Method and optimizer, under `method` and `optimizer`.
    pub state: StateDict,
    /// Where it stood.
    pub position: Position,
    /// Its file.
    pub file: PathBuf,
    /// Newer checkpoints that could not be read, in words.
    pub passed_over: Vec<String>,
}

/// The folder of a run's checkpoints.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    folder: PathBuf,
    keep: usize,
    /// Asked before each checkpoint, where they are a run's.
    held: Option<Held>,
}

impl Checkpoints {
    /// Checkpoints in `folder`, of which the last `keep` stay.
    pub fn new(folder: impl Into<PathBuf>, keep: usize) -> Self {
        Self { folder: folder.into(), keep: keep.max(1), held: None }
    }

    /// The same in a run's directory: once that is moved or deleted, no checkpoint is written.
    #[must_use]
    pub fn of_run(self, held: Held) -> Self {
        Self { held: Some(held), ..self }
    }

    /// Writes a checkpoint, whose header says which encoders it holds, and removes those before the last few.
    ///
    /// # Errors
    /// Where the disk is full or cannot be written; earlier checkpoints are then as they were.
    pub fn save(
        &self,
        state: &StateDict,
        position: &Position,
        header: &Header,
    ) -> Result<PathBuf, CheckpointError> {
        if let Some(held) = &self.held {
            held.require()?;
        }
        match fs::create_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => made.map_err(|e| io_error(&self.folder, e))?,
        }
        let file = self.folder.join(format!("step-{:09}.safetensors", position.step));
        let text = serde_json::to_string(position).expect("plain numbers and text");
        let metadata = [(POSITION.to_owned(), text), (Header::KEY.to_owned(), header.to_text())];
        let metadata = HashMap::from(metadata);
        let bytes = state
            .to_bytes(Some(metadata))
            .map_err(|source| CheckpointError::State { path: file.clone(), source })?;
        let seal = Seal { file: name_of(&file), bytes: bytes.len() as u64, sha256: sha256(&bytes) };
        // A step that is written again, after a resume, has no seal until it is whole.
        let sealed = file.with_extension("json");
        if sealed.exists() {
            fs::remove_file(&sealed).map_err(|e| io_error(&sealed, e))?;
        }
        atomic_write(&file, &bytes)?;
        atomic_write(&sealed, serde_json::to_string(&seal).expect("plain text").as_bytes())?;
        self.prune(&sealed)?;
        Ok(file)
    }

    /// The newest checkpoint that is whole, or none where there is none at all.
    ///
    /// # Errors
    /// Where every checkpoint is damaged, or the newest belongs to another configuration.
    pub fn latest(&self, digest: &str, seed: u64) -> Result<Option<Restored>, CheckpointError> {
        let seals = self.seals()?;
        let mut failures = Vec::new();
        for sealed in seals.iter().rev() {
            match read(sealed) {
                Ok((state, position, file)) => {
                    if position.digest != digest || position.seed != seed {
                        let words = |digest: &str, seed: u64| format!("{digest:.8} with seed {seed}");
                        let (expected, found) = (words(digest, seed), words(&position.digest, position.seed));
                        return Err(CheckpointError::Foreign { path: file, expected, found });
                    }
                    let passed_over = failures.iter().map(CheckpointError::to_string).collect();
                    return Ok(Some(Restored { state, position, file, passed_over }));
                }
                Err(error) => failures.push(error),
            }
        }
        let count = failures.len();
        match failures.into_iter().next() {
            None => Ok(None),
            Some(newest) => Err(CheckpointError::NoneLeft {
                folder: self.folder.clone(),
                count,
                newest: Box::new(newest),
            }),
        }
    }

    /// The JSON files, oldest first: names hold the step with leading zeros.
    fn seals(&self) -> Result<Vec<PathBuf>, CheckpointError> {
        let mut seals = self.files("step-", "json")?;
        seals.sort();
        Ok(seals)
    }

    /// The files whose names begin and end so, in any order.
    fn files(&self, beginning: &str, extension: &str) -> Result<Vec<PathBuf>, CheckpointError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(io_error(&self.folder, error)),
        };
        let mut files = Vec::new();
        for entry in entries {
            let path = entry.map_err(|e| io_error(&self.folder, e))?.path();
            let ends_so = path.extension().is_some_and(|found| found == extension);
            if ends_so && name_of(&path).starts_with(beginning) {
                files.push(path);
            }
        }
        Ok(files)
    }

    /// Removes all but the last few up to `newest`; the seal first, so that no sealed checkpoint lacks its file.
    /// Those beyond it are void: the training went back before them.
    fn prune(&self, newest: &Path) -> Result<(), CheckpointError> {
        let seals = self.seals()?;
        let end = seals.partition_point(|sealed| sealed.as_path() <= newest);
        let kept = &seals[end.saturating_sub(self.keep)..end];
        let mut void: Vec<PathBuf> = seals.iter().filter(|sealed| !kept.contains(sealed)).cloned().collect();
        // Tensors without a seal: those just unsealed, and what a kill left behind.
        void.extend(self.files("step-", "safetensors")?);
        void.extend(self.files(".step-", "tmp")?);
        void.retain(|path| !kept.contains(&path.with_extension("json")));
        for path in void {
            fs::remove_file(&path).map_err(|e| io_error(&path, e))?;
        }
        Ok(())
    }
}

/// Reads and verifies the checkpoint of one JSON file.
fn read(sealed: &Path) -> Result<(StateDict, Position, PathBuf), CheckpointError> {
    let text = fs::read(sealed).map_err(|e| io_error(sealed, e))?;
    let seal: Seal = serde_json::from_slice(&text).map_err(|e| CheckpointError::Damaged {
        path: sealed.to_owned(),
        expected: "the checksum of a checkpoint as JSON".to_owned(),
        found: e.to_string(),
    })?;
    let file = sealed.with_extension("safetensors");
    let bytes = fs::read(&file).map_err(|e| io_error(&file, e))?;
    let damaged =
        |expected: String, found: String| CheckpointError::Damaged { path: file.clone(), expected, found };
    if bytes.len() as u64 != seal.bytes {
        return Err(damaged(format!("{} bytes", seal.bytes), format!("{} bytes", bytes.len())));
    }
    if seal.file != name_of(&file) {
        return Err(damaged(format!("the checksum of {}", name_of(&file)), format!("that of {}", seal.file)));
    }
    let found = sha256(&bytes);
    if found != seal.sha256 {
        return Err(damaged(format!("the SHA-256 {}", seal.sha256), found));
    }
    let of_state = |source| CheckpointError::State { path: file.clone(), source };
    let state = StateDict::from_bytes(&bytes).map_err(of_state)?;
    let position = position(&bytes)
        .ok_or_else(|| damaged(format!("a position under {POSITION} in the metadata"), "none".to_owned()))?;
    Ok((state, position, file))
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn io_error(path: &Path, source: io::Error) -> CheckpointError {
    CheckpointError::Io { path: path.to_owned(), source }
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The position in the metadata of a safetensors file.
fn position(bytes: &[u8]) -> Option<Position> {
    serde_json::from_str(metadata(bytes).ok()?.get(POSITION)?).ok()
}
