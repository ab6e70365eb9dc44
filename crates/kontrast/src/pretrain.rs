//! One run from the experiment file to its report.

use crate::evaluation::FinalScores;
use crate::host::Host;
use crate::inventory::{FOR_RESUME, Inventory};
use crate::observer::Watch;
use crate::pretext;
use crate::progress::ProgressLine;
use crate::reconstruction;
use crate::record::Record;
use crate::session::Session;
use crate::{
    Refusal, data, embedding_map, estimate, evaluate, evaluation, figures, panic_words, slow, start, words,
};
use kontrast_config::{Eval, Experiment, Loaded};
use kontrast_eval::EvalError;
use kontrast_methods::Method;
use kontrast_runlog::human;
use kontrast_runlog::{
    Evaluation, Event, Layout, RunDir, ScalarWriter, Status, Summary, atomic_write, now, read_summary,
};
use kontrast_training::{Checkpoints, Outcome, Resumed, Trainer, TrainerSpec};
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// An experiment to be trained.
#[derive(Clone, Debug)]
pub struct Pretrain {
    /// The experiment.
    pub loaded: Loaded,
    /// Go on from the last checkpoint, or start where there is none.
    pub resume: bool,
    /// Throw away what an earlier run left, and start again.
    pub force: bool,
    /// What the report shows as the command that repeats the run.
    pub command: String,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Finished, interrupted, diverged, collapsed or failed.
    pub status: Status,
    /// Its directory; nothing lies there where it was stopped before it began.
    pub directory: PathBuf,
}

/// Trains what the file says, evaluates it and writes the report.
///
/// # Errors
/// Where the experiment and the images do not allow a training, another run is in the way, or one that fails: its
/// directory says so too.
pub fn pretrain(asked: &Pretrain, host: &dyn Host) -> anyhow::Result<Ended> {
    let loaded = &asked.loaded;
    let experiment = &loaded.experiment;
    let path = RunDir::path_for(&experiment.run.out, &experiment.name, &loaded.digest, experiment.seed);
    if let Some(status) = already_ended(asked, &path, host)? {
        return Ok(Ended { status, directory: path });
    }
    if asked.resume && !Layout::of(&path).config().exists() {
        words::nothing_to_resume(loaded, &path, host)?;
    }
    if RunDir::is_owned(&path) {
        // The images may take a while, and the answer is known.
        RunDir::acquire(&path)?;
    }
    let interrupt = host.stop()?;
    // Before the images, which may take a while.
    let start = start::read(loaded, &path, asked.resume, host)?;
    // Before the run directory: what is wrong with the images or the network leaves none behind.
    let session =
        match Session::new(loaded, host, before(asked, &path).as_ref(), Arc::clone(&interrupt).into()) {
            // A download that Ctrl-C cut short is no failure of the download.
            Err(_) if interrupt.load(Ordering::Relaxed) => {
                return Ok(Ended { status: Status::Interrupted, directory: path });
            }
            session => session?,
        };
    if let Some(warning) = slow::warning(experiment.train.precision, &session.runtime) {
        host.note(&format_args!("warning: {warning}"));
    }
    estimate::require_room(&session)?;
    let mut method = session.method()?;
    evaluation::check(&session, (&method).into())?;
    if let Some(start) = start {
        start.enter(&mut method, host)?;
    }
    let of_encoder = experiment.encoder.notes(&experiment.method);
    for warning in
        experiment.method.notes(session.trained_on.len(), &experiment.train).iter().chain(&of_encoder)
    {
        host.note(&format_args!("warning: {warning}"));
    }
    if asked.resume {
        session.inventory.require_same(&Layout::of(&path), FOR_RESUME)?;
    }
    let dir = acquire(loaded, &path, asked.resume)?;
    host.out(&format_args!("run directory: {}", path.display()));
    let status = run(asked, &session, method, dir, &interrupt)?;
    Ok(Ended { status, directory: path })
}

/// What the run that is to go on says of itself: it would not go on bit for bit with other threads.
fn before(asked: &Pretrain, path: &Path) -> Option<Summary> {
    read_summary(path).ok().filter(|_| asked.resume)
}

/// The run directory, empty unless a run is to go on there.
fn acquire(loaded: &Loaded, path: &Path, resume: bool) -> anyhow::Result<RunDir> {
    let out = &loaded.experiment.run.out;
    std::fs::create_dir_all(out).map_err(|error| {
        let text =
            format!("run.out = {}: cannot be made: {error}; name another folder with --out", out.display());
        Refusal(text)
    })?;
    let mut dir = RunDir::acquire(path)?;
    if !resume {
        dir.clear()?;
    }
    Ok(dir)
}

/// A run that ended says so again and is not touched; one under way needs a word from the user.
fn already_ended(asked: &Pretrain, path: &Path, host: &dyn Host) -> anyhow::Result<Option<Status>> {
    let loaded = &asked.loaded;
    let layout = Layout::of(path);
    if asked.force || !layout.config().exists() {
        return Ok(None);
    }
    if let Ok(summary) = read_summary(path)
        && summary.status.is_final()
    {
        require_its_images(loaded, &layout, &summary, host)?;
        if summary.status == Status::Finished && asks_other_scores(loaded, &layout) {
            host.out(&format_args!(
                "{}: {} already, and [eval] asks for other scores: they are made from its last checkpoint",
                path.display(),
                summary.status
            ));
            return evaluate::by_another_eval(path, loaded, host).map(Some);
        }
        host.out(&format_args!("{}: {} already; --force trains it again", path.display(), summary.status));
        words::summary(&summary, host);
        words::page(&layout, host);
        return Ok(Some(summary.status));
    }
    if asked.resume {
        return Ok(None);
    }
    let text = format!(
        "{}: an unfinished run lies there; --resume goes on from its last checkpoint, --force starts again",
        path.display()
    );
    Err(Refusal(text).into())
}

/// The images' place is no part of a run's name: where the file names another than the run's, they have to be the same.
fn require_its_images(
    loaded: &Loaded,
    layout: &Layout,
    summary: &Summary,
    host: &dyn Host,
) -> anyhow::Result<()> {
    let (Ok(own), Some(fingerprint)) = (Experiment::load(&layout.config(), &[]), &summary.images_fingerprint)
    else {
        return Ok(());
    };
    let (own, asked) = (&own.experiment.data, &loaded.experiment.data);
    if own.root == asked.root
        || Inventory::of(&data::open(asked, loaded.experiment.seed, host)?)?.fingerprint == *fingerprint
    {
        return Ok(());
    }
    let named =
        |root: &Option<PathBuf>| root.as_ref().map(|root| root.display().to_string()).unwrap_or_default();
    let text = format!(
        "{}: this run is of the images in {}, and those in {} are others; give theirs another name with --set name=..., or \
         replace the run with --force",
        layout.root().display(),
        named(&own.root),
        named(&asked.root)
    );
    Err(Refusal(text).into())
}

/// Whether the file asks for other scores at the end than those that the run has.
fn asks_other_scores(loaded: &Loaded, layout: &Layout) -> bool {
    let at_the_end = |eval: &Eval| Eval { online_every: 0, ..eval.clone() };
    Experiment::load(&layout.config(), &[])
        .is_ok_and(|own| at_the_end(&own.experiment.eval) != at_the_end(&loaded.experiment.eval))
}

fn run(
    asked: &Pretrain,
    session: &Session<'_>,
    method: Method,
    dir: RunDir,
    interrupt: &AtomicBool,
) -> anyhow::Result<Status> {
    let parameters =
        method.groups().iter().flat_map(|group| &group.variables).map(|(_, v)| v.numel() as u64).sum();
    let mut record = Record::new(dir, session, asked.command.clone(), parameters);
    atomic_write(&record.dir.layout().config(), asked.loaded.resolved.as_bytes())?;
    session.inventory.write(record.dir.layout())?;
    for (number, set) in session.permutations()?.iter().enumerate() {
        atomic_write(&record.dir.layout().permutations(number), set.to_toml().as_bytes())?;
    }
    let trained = AssertUnwindSafe(|| train(session, method, &mut record, interrupt));
    let ended = std::panic::catch_unwind(trained).unwrap_or_else(|panic| {
        // The panic hook has told the person; the run has to tell whoever opens it later.
        let what = panic_words(&*panic);
        let _ = record.end(Status::Failed, Some(what));
        std::panic::resume_unwind(panic)
    });
    match ended {
        Ok((status, hint)) => {
            record.end(status, hint)?;
        }
        Err(error) if interrupt.load(Ordering::Relaxed) => {
            let hint = format!("{error:#}; go on with: {}", words::resume(&record.summary.command));
            record.end(Status::Interrupted, Some(hint))?;
        }
        Err(error) if matches!(error.downcast_ref(), Some(EvalError::NotFinite { .. })) => {
            record.end(Status::Diverged, Some(error.to_string()))?;
        }
        Err(error) => {
            // A directory that is gone is the cause of whatever could not be written there.
            record.dir.require_held()?;
            // The disk may be what failed: the first error is the one to show.
            let causes = human::causes(error.chain().map(ToString::to_string));
            let _ = record.end(Status::Failed, Some(causes));
            return Err(error);
        }
    }
    words::ended(&record, session.host);
    Ok(record.summary.status)
}

fn train(
    session: &Session<'_>,
    method: Method,
    record: &mut Record,
    interrupt: &AtomicBool,
) -> anyhow::Result<(Status, Option<String>)> {
    let host = session.host;
    let mut trainer = trainer(session, method, of_run(record, session));
    let steps = trainer.steps();
    let resumed = trainer.resume()?;
    let event = if let Some(resumed) = &resumed {
        for warning in &resumed.warnings {
            host.note(&format_args!("warning: {warning}"));
        }
        host.out(&format_args!("resumed at step {} of {steps}", resumed.step));
        Event::Resume {
            time: now(),
            step: resumed.step,
            epoch: resumed.epoch,
            threads: session.runtime.threads,
        }
    } else {
        figures::views(session, &record.dir.layout().figures().join("views.png"))?;
        start(session, record, steps)
    };
    record.dir.append(&event)?;
    if let Some(Resumed { step, epoch, file, .. }) = &resumed {
        // A kill may have come between the checkpoint and its event; where the log has it, it is not said twice.
        let file = record.relative(file);
        record.dir.append(&Event::Checkpoint { step: *step, epoch: *epoch, file })?;
    }
    record.totals(trainer.epoch(), trainer.step(), &trainer.totals());
    record.write()?;
    host.out(&words::opening(session, record, steps));
    let scalars = scalars(record, trainer.step(), host)?;
    let progress = ProgressLine::new(steps, trainer.step(), session.experiment.train.epochs, host);
    let mut watch = Watch { session, record, scalars, progress };
    let outcome = trainer.run(&mut watch, interrupt);
    watch.progress.finish();
    record.totals(trainer.epoch(), trainer.step(), &trainer.totals());
    match outcome? {
        Outcome::Finished => {
            score(session, trainer.method(), record)?;
            Ok((Status::Finished, None))
        }
        Outcome::Interrupted => {
            let command = words::resume(&record.summary.command);
            let hint = format!("checkpoint of step {} written; go on with: {command}", trainer.step());
            Ok((Status::Interrupted, Some(hint)))
        }
        Outcome::Diverged(hint) => Ok((Status::Diverged, Some(hint))),
        Outcome::Collapsed(hint) => {
            // Its scores say how much it learned all the same, and fill the cell of an ablation.
            match score(session, trainer.method(), record) {
                Err(error) if !interrupt.load(Ordering::Relaxed) => {
                    let causes = human::causes(error.chain().map(ToString::to_string));
                    Ok((Status::Collapsed, Some(format!("{hint}; it was not scored: {causes}"))))
                }
                scored => scored.map(|()| (Status::Collapsed, Some(hint))),
            }
        }
    }
}

/// The checkpoints of a run, below its directory.
pub(crate) fn of_run(record: &Record, session: &Session<'_>) -> Checkpoints {
    let checkpoints = Checkpoints::new(record.dir.layout().checkpoints(), session.experiment.train.keep);
    checkpoints.of_run(record.dir.held())
}

pub(crate) fn trainer(session: &Session<'_>, method: Method, checkpoints: Checkpoints) -> Trainer {
    let (experiment, dataset) = (&session.experiment, Arc::clone(&session.trained_on));
    let mut spec = TrainerSpec::of(experiment, dataset, method.views(), checkpoints, session.runtime.device);
    spec.loader.workers = session.runtime.workers;
    let spec = TrainerSpec {
        digest: session.digest.clone(),
        images: session.inventory.fingerprint.clone(),
        threads: session.runtime.threads,
        texts: session.texts.as_ref().map(|texts| texts.source(experiment.seed)),
        ..spec
    };
    Trainer::new(spec, method, experiment)
}

/// Scores, figures and pictures of the trained encoder.
pub(crate) fn score(session: &Session<'_>, method: &Method, record: &mut Record) -> anyhow::Result<()> {
    session.host.out(&if evaluation::labelled(session).is_some() {
        "evaluating: k-NN and probes of the trained encoder and one with random weights, and of raw pixels"
    } else {
        "evaluating: figures that need no labels"
    });
    let FinalScores { scores, label_free } = evaluation::at_the_end(session, method.into())?;
    if let Some(scores) = &scores {
        log_scores(record, &scores.evaluation(), session.host)?;
    }
    let pictures = record.dir.layout().figures();
    record.summary.pretext = pretext::accuracy(session, method, &pictures)?;
    if let (Some(scores), Some(splits)) = (&scores, evaluation::labelled(session)) {
        record.enter(scores, &*splits.1)?;
    } else if let Some(scores) = &scores {
        scores.enter(&mut record.summary);
    }
    record.summary.label_free = Some(label_free);
    record.dir.require_held()?;
    record.summary.reconstruction =
        reconstruction::measured(session, method, &pictures.join("reconstructions.png"))?;
    figures::neighbours(session, method.encoder(), &pictures.join("neighbours.png"))?;
    embedding_map::write(session, method.encoder(), &pictures)
}

/// Scores and baselines for TensorBoard, and the scores as an event.
pub(crate) fn log_scores(record: &mut Record, scores: &Evaluation, host: &dyn Host) -> anyhow::Result<()> {
    if scores.trained.is_empty() {
        return Ok(());
    }
    let accuracies = scores.trained.iter().filter(|(_, score)| score.top1.is_finite());
    let top1 = accuracies.map(|(name, score)| (name.clone(), score.top1)).collect();
    let (step, epoch) = (record.summary.steps, record.summary.epochs);
    let mut scalars = scalars(record, step, host)?;
    let all = [("", &scores.trained), ("_random_init", &scores.random_init), ("_pixels", &scores.pixels)];
    for (whose, scores) in all {
        for (name, score) in scores {
            if score.top1.is_finite() {
                scalars.write(step, &[(&format!("eval{whose}/{name}_top1"), score.top1)])?;
            }
            for (metric, measure) in &score.metrics {
                scalars.write(step, &[(&format!("eval{whose}/{name}_{metric}"), measure.value)])?;
            }
        }
    }
    Ok(record.dir.append(&Event::Score { step, epoch, top1 })?)
}

/// The run's curves, from this step on.
fn scalars(record: &Record, step: u64, host: &dyn Host) -> anyhow::Result<ScalarWriter> {
    record.dir.require_held()?;
    let scalars = ScalarWriter::open(&record.dir.layout().tensorboard(), step)?;
    if let Some(note) = scalars.note() {
        host.note(&format_args!("note: {note}"));
    }
    Ok(scalars)
}

fn start(session: &Session<'_>, record: &Record, steps: u64) -> Event {
    Event::Start {
        time: now(),
        command: record.summary.command.clone(),
        digest: session.digest.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        device: session.runtime.device_name(),
        threads: session.runtime.threads,
        parameters: record.summary.parameters,
        train_images: session.trained_on.len(),
        steps,
    }
}
