//! `evaluate`: the scores of a run again, from its last checkpoint.

use crate::host::Host;
use crate::inventory::FOR_EVALUATE;
use crate::pretrain::{score, trainer};
use crate::record::Record;
use crate::session::Session;
use crate::words::{self, quoted};
use crate::{Refusal, evaluation};
use anyhow::{Context, bail};
use kontrast_config::{Experiment, LayerProbes, Loaded};
use kontrast_runlog::{Layout, RunDir, Status, Summary, atomic_write, read_summary};
use kontrast_training::{Resumed, Trainer};
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Evaluates the last checkpoint of a finished or interrupted run again.
///
/// `overrides` are of `[eval.layers]` alone, and change what the run's file has of it: the other scores are those that
/// the file asks for.
///
/// # Errors
/// Where there is no run, its images are others, or its checkpoint cannot be read.
pub fn evaluate(path: &Path, overrides: &[String], host: &dyn Host) -> anyhow::Result<Status> {
    require_run(path)?;
    let loaded = loaded(path, &Layout::of(path).config(), overrides)?;
    stoppable(&words::evaluate_command(path), host, |stop| evaluated(path, &loaded, None, stop, host))
}

/// Evaluates the last checkpoint by another `[eval]`, which the run's file says from then on.
pub(crate) fn by_another_eval(path: &Path, loaded: &Loaded, host: &dyn Host) -> anyhow::Result<Status> {
    stoppable(&words::evaluate_command(path), host, |stop| {
        evaluated(path, loaded, Some(&loaded.resolved), stop, host)
    })
}

/// Calls `work` with the flag that stops it; where it was stopped, says what is left, and that `again` is the command.
pub(crate) fn stoppable(
    again: &str,
    host: &dyn Host,
    work: impl FnOnce(&Arc<AtomicBool>) -> anyhow::Result<Status>,
) -> anyhow::Result<Status> {
    let interrupt = host.stop()?;
    match work(&interrupt) {
        Err(error) if interrupt.load(Ordering::Relaxed) => {
            host.out(&format_args!(
                "{error:#}; the scores are those of before, and {again} makes them again"
            ));
            Ok(Status::Interrupted)
        }
        ended => ended,
    }
}

/// A run that ended or was interrupted, at its last checkpoint.
pub(crate) struct Opened<'h> {
    pub(crate) session: Session<'h>,
    /// What the run's summary says, without scores.
    pub(crate) record: Record,
    pub(crate) trainer: Trainer,
    /// The summary as it was.
    pub(crate) earlier: Summary,
}

/// Opens a run, and holds it.
pub(crate) fn open<'h>(
    path: &Path,
    loaded: &Loaded,
    stop: &Arc<AtomicBool>,
    host: &'h dyn Host,
) -> anyhow::Result<Opened<'h>> {
    let layout = Layout::of(path);
    let earlier = read_summary(path)?;
    let dir = RunDir::acquire(path)?;
    let session = Session::new(loaded, host, Some(earlier.threads), Arc::clone(stop).into())?;
    session.inventory.require_same(&layout, FOR_EVALUATE)?;
    let method = session.method()?;
    evaluation::check(&session, method.encoder())?;
    let mut record = Record::new(dir, &session, earlier.command.clone(), earlier.parameters);
    record.stop_the_clock();
    let mut trainer = trainer(&session, method, &record);
    let resumed = trainer
        .resume()?
        .with_context(|| format!("{}: no checkpoint to evaluate", layout.checkpoints().display()))?;
    require_final(path, &earlier, &resumed)?;
    for warning in &resumed.warnings {
        host.note(&format_args!("warning: {warning}"));
    }
    // Scores of another step are of other weights.
    let kept = if resumed.step == earlier.steps { earlier.clone() } else { Summary::default() };
    record.summary = Summary {
        status: earlier.status,
        hint: earlier.hint.clone(),
        eval: kept.eval,
        layers: kept.layers,
        transfer: kept.transfer,
        pretext: kept.pretext,
        label_free: kept.label_free,
        reconstruction: kept.reconstruction,
        ..record.summary
    };
    record.totals(trainer.epoch(), trainer.step(), &trainer.totals());
    Ok(Opened { session, record, trainer, earlier })
}

/// `file` is what the run's own file says once the scores are there, where it is to say something else.
fn evaluated(
    path: &Path,
    loaded: &Loaded,
    file: Option<&str>,
    stop: &Arc<AtomicBool>,
    host: &dyn Host,
) -> anyhow::Result<Status> {
    let Opened { session, mut record, trainer, earlier } = open(path, loaded, stop, host)?;
    // Only those that an earlier evaluation was asked for stay, where this one is not asked for them.
    (record.summary.eval, record.summary.layers) = Default::default();
    score(&session, trainer.method(), &mut record)?;
    if record.summary.layers.is_empty() && record.summary.steps == earlier.steps {
        record.summary.layers = earlier.layers;
    }
    record.write()?;
    if let Some(file) = file {
        record.dir.require_held()?;
        atomic_write(&Layout::of(path).config(), file.as_bytes())?;
    }
    words::ended(&record, host);
    Ok(Status::Finished)
}

/// Whether a run directory is there, for what reads one.
pub(crate) fn require_run(path: &Path) -> Result<(), Refusal> {
    if Layout::of(path).config().exists() {
        return Ok(());
    }
    let hint = if path.is_file() { "; name the folder that the file lies in" } else { "" };
    let text =
        format!("{}: expected a run directory, which holds a config.toml, found none{hint}", path.display());
    Err(Refusal(text))
}

/// The run's experiment with other layer-wise probes, under the digest that its checkpoints bear.
fn loaded(run: &Path, file: &Path, overrides: &[String]) -> anyhow::Result<Loaded> {
    let own = Experiment::load(file, &[])?;
    if let Some(other) = overrides.iter().find(|set| key_of_layers(set).is_none()) {
        let text = format!(
            "--set {other}: expected a key of eval.layers; what else the run's scores follow from stands in {}",
            file.display()
        );
        return Err(Refusal(text).into());
    }
    if let (None, Some(set)) = (&own.experiment.eval.layers, overrides.first())
        && !is_whole(overrides)
    {
        let mut command = words::evaluate_command(run);
        let whole = format!("eval.layers={}", LayerProbes::EXAMPLE);
        for set in std::iter::once(&whole).chain(overrides) {
            let _ = write!(command, " --set {}", quoted(set));
        }
        let text = format!(
            "--set {set}: expected the whole table first, for {} has no [eval.layers] that this key could \
             change; such as: {command}",
            file.display()
        );
        return Err(Refusal(text).into());
    }
    Ok(Loaded { digest: own.digest, ..Experiment::load(file, overrides)? })
}

/// What an argument sets of `eval.layers`, empty where it is the table; none where it sets something else.
fn key_of_layers(set: &str) -> Option<&str> {
    let rest = set.split('=').next().unwrap_or_default().trim().strip_prefix("eval.layers")?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('.') }
}

/// Whether arguments bring the table, or each of the keys that it has to have.
fn is_whole(overrides: &[String]) -> bool {
    let keys: Vec<_> = overrides.iter().filter_map(|set| key_of_layers(set)?.split('.').next()).collect();
    let table: toml::Table =
        toml::from_str(&format!("layers = {}", LayerProbes::EXAMPLE)).expect("an example of the table");
    let needed =
        table.get("layers").and_then(toml::Value::as_table).into_iter().flat_map(|layers| layers.keys());
    keys.contains(&"") || needed.into_iter().all(|key| keys.contains(&key.as_str()))
}

/// The scores of a finished run are those of its last step, and of no earlier one.
fn require_final(path: &Path, earlier: &Summary, resumed: &Resumed) -> anyhow::Result<()> {
    if earlier.status == Status::Finished && resumed.step != earlier.steps {
        bail!(
            "{}: the checkpoint of the last step, {}, cannot be read, and the scores of step {} are not the run's; they \
             stay as they were. Put the file back, or train again: {} --force. {}",
            path.display(),
            earlier.steps,
            resumed.step,
            earlier.command,
            resumed.warnings.join(" ")
        );
    }
    Ok(())
}
