//! Weights that a run begins from: read and compared with the encoder before images are, and entered once the method is
//! made.

use crate::Refusal;
use crate::host::Host;
use kontrast_config::{Experiment, Loaded, Weights};
use kontrast_methods::{Method, setting};
use kontrast_models::{Artifact, Init, Taken};
use kontrast_runlog::human::counted;
use kontrast_runlog::{Layout, StartWeights};
use kontrast_torch_ext::StateDict;
use kontrast_training::Checkpoints;
use sha2::{Digest, Sha256};
use std::path::Path;
use tch::{Device, nn};

/// What the names of a method's state begin with in a checkpoint.
const METHOD: &str = "method";

/// Weights of a file that fit the encoder.
pub(crate) struct Start {
    key: String,
    taken: Taken,
    /// What a checkpoint holds beside its encoder, where heads are asked for.
    heads: Option<StateDict>,
}

/// Reads the weights that an experiment begins from; none where they are drawn, or a checkpoint has everything.
///
/// # Errors
/// Where the file cannot be read, is not the one that the experiment means, or holds another encoder.
pub(crate) fn read(
    loaded: &Loaded,
    run: &Path,
    resume: bool,
    host: &dyn Host,
) -> anyhow::Result<Option<Start>> {
    let experiment = &loaded.experiment;
    let Some(weights) = experiment.encoder.weights() else { return Ok(None) };
    if resume && goes_on(loaded, run) {
        return Ok(None);
    }
    let key = format!("encoder.{}.weights", experiment.encoder.name());
    let start = of_file(experiment, weights, &key)?;
    let file = weights.file.display();
    host.note(&format_args!("note: {key} = {file}: {}", start.taken.in_words()));
    for note in &start.taken.notes {
        host.note(&format_args!("note: {file}: {note}"));
    }
    Ok(Some(start))
}

/// Whether there is a checkpoint to go on from. What is wrong with one the trainer says.
fn goes_on(loaded: &Loaded, run: &Path) -> bool {
    let checkpoints = Checkpoints::new(Layout::of(run).checkpoints(), 1);
    !matches!(checkpoints.latest(&loaded.digest, loaded.experiment.seed), Ok(None))
}

fn of_file(experiment: &Experiment, weights: &Weights, key: &str) -> anyhow::Result<Start> {
    let file = &weights.file;
    let refused = |why: String| Refusal(format!("{key} = {}: {why}", file.display()));
    let bytes = std::fs::read(file)
        .map_err(|error| refused(format!("cannot be read: {error}; put the file back, or name another")))?;
    let found = hex::encode(Sha256::digest(&bytes));
    if let Some(expected) = weights.sha256.as_ref().filter(|expected| **expected != found) {
        return Err(refused(format!(
            "expected the file with the SHA-256 {expected:.12}..., found {found:.12}...; put that file back, or leave out sha256"
        ))
        .into());
    }
    let artifact = Artifact::of_bytes(file, &bytes).map_err(|error| Refusal(format!("{key}: {error}")))?;
    // Only the shape matters here, not how many images there are.
    let spec = setting(experiment, experiment.train.batch, Device::Cpu)?.encoder;
    let encoder = spec.build(&nn::VarStore::new(Device::Cpu), Init::new(experiment.seed));
    let taken = artifact
        .weights_for(&*encoder, weights.tower.as_deref())
        .map_err(|error| Refusal(format!("{key}: {error}")))?;
    let heads = weights.heads.then(|| artifact.state().under(METHOD));
    if heads.as_ref().is_some_and(StateDict::is_empty) {
        let why = "heads = true needs a checkpoint of Kontrast, and the file holds no method's state; leave heads out";
        return Err(refused(why.to_owned()).into());
    }
    Ok(Start { key: key.to_owned(), taken, heads })
}

impl Start {
    /// Enters the weights into a method.
    ///
    /// # Errors
    /// Where heads are asked for and the file has none that fits.
    pub(crate) fn enter(&self, method: &mut Method, host: &dyn Host) -> anyhow::Result<()> {
        let started = method.start_from(&self.taken.state, self.heads.as_ref())?;
        let Self { key, .. } = self;
        if self.heads.is_none() {
            return Ok(());
        }
        if started.taken.is_empty() {
            let text = format!(
                "{key}.heads = true: the file has no head of the method's names and shapes ({}); leave heads out, or give \
                 the method the widths of the run that wrote the file",
                started.drawn.join(", ")
            );
            return Err(Refusal(text).into());
        }
        let drawn = if started.drawn.is_empty() {
            String::new()
        } else {
            format!("; drawn, since the file has none of their shapes: {}", started.drawn.join(", "))
        };
        let (count, names) = (counted(started.taken.len() as u64, "head"), started.taken.join(", "));
        host.note(&format_args!("note: {key}.heads: took {count}, {names}{drawn}"));
        Ok(())
    }
}

/// What a run's summary says of the weights that it began from.
pub(crate) fn in_summary(experiment: &Experiment) -> Option<StartWeights> {
    experiment.encoder.weights().map(|weights| StartWeights {
        file: weights.file.display().to_string(),
        sha256: weights.sha256.clone().unwrap_or_default(),
        heads: weights.heads,
    })
}
