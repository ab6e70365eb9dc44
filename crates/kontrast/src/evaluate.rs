//! `evaluate`: the scores of a run again, from its last checkpoint, or further ones.

use crate::encoder_file::EncoderOptions;
use crate::evaluate_file::{evaluate_file, show};
use crate::host::Host;
use crate::inventory::FOR_EVALUATE;
use crate::pretrain::{log_scores, of_run, score, trainer};
use crate::record::Record;
use crate::session::Session;
use crate::transfer::transfer;
use crate::words;
use crate::{Refusal, evaluation, slow};
use anyhow::{Context, bail};
use clap::Args;
use clap::builder::PossibleValuesParser;
use kontrast_config::{Experiment, LayerProbes, Loaded, PROTOCOLS};
use kontrast_data::Unreadable;
use kontrast_eval::Model;
use kontrast_models::Encoder;
use kontrast_runlog::human::quoted;
use kontrast_runlog::{Evaluation, Layout, RunDir, Status, Summary, atomic_write, read_summary};
use kontrast_training::{Resumed, Trainer};
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a person should know where features of a run take long.
const FEATURES_IN_BF16: &str = "warning: the run was trained in bf16, and so are its features computed; this CPU has no \
                                instructions for it, and takes several times as long as in fp32";

/// Options of `evaluate`.
#[derive(Args, Debug)]
pub struct Evaluate {
    /// What is scored
    #[command(flatten)]
    pub with: EncoderOptions,
    /// Run this protocol instead of those of the run's file, as rows beside the run's; may be given several times
    #[arg(long = "protocol", value_name = "NAME", value_parser = PossibleValuesParser::new(PROTOCOLS.map(|info| info.key)))]
    pub protocols: Vec<String>,
    /// Changes a key of a protocol that --protocol names, e.g. eval.clustering.runs=10, or without --protocol one of the
    /// layer-wise probes; other keys are refused
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub overrides: Vec<String>,
    /// Score on another data set instead, as rows beside the run's own: cifar10, cifar100, stl10, fashion-mnist, a folder
    /// with train/CLASS and test/CLASS in it, or a pack or a CSV file of such
    #[arg(long, value_name = "DATASET")]
    pub on: Option<String>,
    /// Score one of the networks that the encoder puts together, first or rest for one with `split`; the scores are shown and stored
    /// nowhere
    #[arg(long, value_name = "NAME", conflicts_with = "on")]
    pub part: Option<String>,
    /// Leave out images of that folder that cannot be read, instead of stopping
    #[arg(long, requires = "on")]
    pub skip_unreadable: bool,
}

/// Evaluates the last checkpoint of a finished or interrupted run again, by the protocols of its file, or by others whose
/// scores stand beside these; a file of weights on a data set, whose scores are shown and stored nowhere.
///
/// # Errors
/// Where there is no run or file, its images are others, or its checkpoint cannot be read.
pub fn evaluate(asked: &Evaluate, host: &dyn Host) -> anyhow::Result<Status> {
    let path = &asked.with.file.encoder;
    if path.is_file() {
        return evaluate_file(asked, host);
    }
    require_run(path)?;
    if let Some(option) = asked.with.given() {
        let text = format!(
            "{option}: a run is scored as it was trained; name its checkpoint, {}, to score it otherwise",
            Layout::of(path).checkpoints().join("step-N.safetensors").display()
        );
        return Err(Refusal(text).into());
    }
    let mut loaded = loaded(path, asked)?;
    if let Some(dataset) = &asked.on {
        return transfer(path, dataset, &loaded, asked.unreadable(), host);
    }
    let again = words::evaluate_command(path);
    if let Some(part) = &asked.part {
        return stoppable(&format!("{again} --part {part}"), host, |stop| {
            of_part(path, part, &loaded, stop, host)
        });
    }
    if asked.protocols.is_empty() {
        return stoppable(&again, host, |stop| evaluated(path, &loaded, None, stop, host));
    }
    // What is left to score with is what was asked for, and it is checked with the images.
    loaded.notes.clear();
    let again = asked.protocols.iter().fold(again, |again, name| format!("{again} --protocol {name}"));
    stoppable(&again, host, |stop| added(path, &loaded, stop, host))
}

impl Evaluate {
    pub(crate) fn unreadable(&self) -> Unreadable {
        if self.skip_unreadable { Unreadable::Skip } else { Unreadable::Refuse }
    }

    /// The protocols that were asked for.
    pub(crate) fn keys(&self) -> Vec<&str> {
        self.protocols.iter().map(String::as_str).collect()
    }
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
    let session = Session::new(loaded, host, Some(&earlier), Arc::clone(stop).into())?;
    session.inventory.require_same(&layout, FOR_EVALUATE)?;
    if slow::warning(session.experiment.train.precision, &session.runtime).is_some() {
        host.note(&FEATURES_IN_BF16);
    }
    let method = session.method()?;
    let mut record = Record::new(dir, &session, earlier.command.clone(), earlier.parameters);
    record.stop_the_clock();
    let mut trainer = trainer(&session, method, of_run(&record, &session));
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
    Ok(Opened { session, record, trainer })
}

/// `file` is what the run's own file says once the scores are there, where it is to say something else.
fn evaluated(
    path: &Path,
    loaded: &Loaded,
    file: Option<&str>,
    stop: &Arc<AtomicBool>,
    host: &dyn Host,
) -> anyhow::Result<Status> {
    let Opened { session, mut record, trainer } = open(path, loaded, stop, host)?;
    evaluation::check(&session, trainer.method().into())?;
    if file.is_some() {
        // Scores that the new file does not ask for are nobody's.
        record.summary.eval = Evaluation::default();
    }
    score(&session, trainer.method(), &mut record)?;
    record.write()?;
    if let Some(file) = file {
        record.dir.require_held()?;
        atomic_write(&Layout::of(path).config(), file.as_bytes())?;
    }
    words::ended(&record, host);
    Ok(Status::Finished)
}

/// Shows the scores of one of the networks that the encoder puts together.
fn of_part(
    path: &Path,
    name: &str,
    loaded: &Loaded,
    stop: &Arc<AtomicBool>,
    host: &dyn Host,
) -> anyhow::Result<Status> {
    let Opened { session, trainer, .. } = open(path, loaded, stop, host)?;
    let random_init = session.method()?;
    let (part, random_init) = (part(trainer.method().encoder(), name)?, part(random_init.encoder(), name)?);
    let model = Model::from(&*part);
    evaluation::check(&session, model)?;
    let splits = evaluation::labelled(&session).ok_or_else(|| without_labels(path))?;
    let dataset = loaded.experiment.data.name.as_str();
    let scores = evaluation::scored_beside(&session, dataset, &splits, (model, Model::from(&*random_init)))?;
    show(&scores, &splits, host);
    Ok(Status::Finished)
}

/// One of the networks that an encoder puts together.
fn part(encoder: &dyn Encoder, name: &str) -> Result<Box<dyn Encoder>, Refusal> {
    let (known, parts): (Vec<_>, Vec<_>) = encoder.parts().into_iter().unzip();
    if let Some(at) = known.iter().position(|&known| known == name) {
        return Ok(parts.into_iter().nth(at).expect("as many parts as names"));
    }
    let known = match &known[..] {
        [] => "the encoder is one network, and has no parts".to_owned(),
        known => format!("expected {}", known.join(" or ")),
    };
    Err(Refusal(format!("--part {name}: {known}")))
}

/// Adds the scores of some protocols to those that the run has.
fn added(path: &Path, loaded: &Loaded, stop: &Arc<AtomicBool>, host: &dyn Host) -> anyhow::Result<Status> {
    let Opened { session, mut record, trainer } = open(path, loaded, stop, host)?;
    evaluation::check(&session, trainer.method().into())?;
    let splits = evaluation::labelled(&session).ok_or_else(|| without_labels(path))?;
    let dataset = loaded.experiment.data.name.as_str();
    let scores = evaluation::scored(&session, dataset, &splits, trainer.method().into())?;
    log_scores(&mut record, &scores.evaluation(), host)?;
    record.enter(&scores, &*splits.1)?;
    record.write()?;
    words::ended(&record, host);
    Ok(Status::Finished)
}

/// Protocols were asked for, and there is nothing that they could score by.
fn without_labels(path: &Path) -> Refusal {
    Refusal(format!(
        "{}: expected training and test images with labels, which protocols need, found none; --on names another data set",
        path.display()
    ))
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

/// The run's experiment, with the protocols and the settings that were asked for, under the digest that its checkpoints
/// bear.
fn loaded(run: &Path, asked: &Evaluate) -> anyhow::Result<Loaded> {
    let (file, overrides) = (Layout::of(run).config(), &asked.overrides);
    let own = Experiment::load(&file, &[])?;
    let keys = asked.keys();
    let of_protocols = |set: &String| match &keys[..] {
        [] => key_of_layers(set).is_some(),
        keys => protocol_of(set, keys).is_some(),
    };
    if let Some(other) = overrides.iter().find(|set| !of_protocols(set)) {
        let text = format!(
            "--set {other}: expected a key of a protocol that --protocol names, or without --protocol one of eval.layers; what \
             else the run's scores follow from stands in {}",
            file.display()
        );
        return Err(Refusal(text).into());
    }
    if let (None, Some(set)) = (&own.experiment.eval.layers, overrides.first())
        && keys.is_empty()
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
    // The usual settings first, which arguments change.
    let lacking =
        PROTOCOLS.iter().filter(|info| keys.contains(&info.key) && !own.experiment.eval.asks_for(info.key));
    let mut sets: Vec<String> = lacking.map(|info| format!("eval.{}={}", info.key, info.usual)).collect();
    sets.extend(overrides.iter().cloned());
    let mut loaded = Loaded { digest: own.digest, ..Experiment::load(&file, &sets)? };
    if !keys.is_empty() {
        loaded.experiment.eval = loaded.experiment.eval.only(&keys);
    }
    Ok(loaded)
}

/// Which of these protocols an argument sets a key of.
fn protocol_of<'k>(set: &str, keys: &[&'k str]) -> Option<&'k str> {
    let key = set.split('=').next().unwrap_or_default().trim().strip_prefix("eval.")?;
    keys.iter().copied().find(|&known| key.split('.').next() == Some(known))
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
