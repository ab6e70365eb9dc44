//! One run from the experiment file to its report.

use crate::arguments::Pretrain;
use crate::evaluation::at_the_end;
use crate::observer::Watch;
use crate::progress::Progress;
use crate::record::Record;
use crate::stage::Stage;
use crate::{Refusal, figures, interrupt};
use anyhow::Context;
use kontrast_config::{Experiment, Loaded};
use kontrast_methods::Method;
use kontrast_runlog::human::count;
use kontrast_runlog::{
    Event, Layout, RunDir, ScalarWriter, Status, Summary, atomic_write, now, read_summary,
};
use kontrast_training::{Checkpoints, Outcome, Trainer, TrainerSpec, recipe};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Trains what the file says, evaluates it and writes the report; returns the exit code.
pub(crate) fn pretrain(arguments: &Pretrain) -> anyhow::Result<u8> {
    let loaded = Experiment::load(&arguments.file, &arguments.all_overrides())?;
    let experiment = &loaded.experiment;
    let path = RunDir::path_for(&experiment.run.out, &experiment.name, &loaded.digest, experiment.seed);
    if let Some(code) = already_ended(arguments, &path)? {
        return Ok(code);
    }
    let interrupt = interrupt::on_signals()?;
    if arguments.stop_with_parent {
        interrupt::when_input_ends(Arc::clone(&interrupt));
    }
    let mut dir = RunDir::acquire(&path)?;
    if !arguments.resume {
        dir.clear()?;
    }
    println!("run directory: {}", path.display());
    let stage = match Stage::new(&loaded) {
        // A download that Ctrl-C cut short is no failure of the download.
        Err(_) if interrupt.load(Ordering::Relaxed) => return Ok(Status::Interrupted.exit_code()),
        stage => stage?,
    };
    run(&loaded, &stage, dir, arguments, &interrupt)
}

/// Evaluates the last checkpoint of a finished or interrupted run again; returns the exit code.
pub(crate) fn evaluate(path: &Path) -> anyhow::Result<u8> {
    let interrupt = interrupt::on_signals()?;
    match evaluated(path, &interrupt) {
        Err(error) if interrupt.load(Ordering::Relaxed) => {
            println!("{error:#}; the scores are those of before, and kontrast evaluate makes them again");
            Ok(Status::Interrupted.exit_code())
        }
        ended => ended,
    }
}

fn evaluated(path: &Path, interrupt: &AtomicBool) -> anyhow::Result<u8> {
    let layout = Layout::of(path);
    let loaded = Experiment::load(&layout.config(), &[])?;
    let earlier = read_summary(path)?;
    let dir = RunDir::acquire(path)?;
    let stage = Stage::new(&loaded)?;
    let method = stage.method()?;
    let mut record = Record::new(dir, &stage, earlier.command.clone(), earlier.parameters);
    let mut trainer = trainer(&stage, method, &record);
    trainer
        .resume()?
        .with_context(|| format!("{}: no checkpoint to evaluate", layout.checkpoints().display()))?;
    record.summary = Summary { status: earlier.status, hint: earlier.hint, ..record.summary };
    record.totals(trainer.epoch(), trainer.step(), &trainer.totals());
    judge(&stage, trainer.method(), &mut record, interrupt)?;
    record.write()?;
    say(&record);
    Ok(0)
}

/// A run that ended says so again and is not touched; one under way needs a word from the user.
fn already_ended(arguments: &Pretrain, path: &Path) -> anyhow::Result<Option<u8>> {
    let layout = Layout::of(path);
    if arguments.force || !layout.config().exists() {
        return Ok(None);
    }
    if let Ok(summary) = read_summary(path)
        && summary.status.is_final()
    {
        println!("{}: {} already; --force trains it again", path.display(), summary.status);
        print_summary(&summary);
        return Ok(Some(summary.status.exit_code()));
    }
    if arguments.resume {
        return Ok(None);
    }
    let text = format!(
        "{}: an unfinished run lies there; --resume goes on from its last checkpoint, --force starts again",
        path.display()
    );
    Err(Refusal(text).into())
}

fn run(
    loaded: &Loaded,
    stage: &Stage,
    dir: RunDir,
    arguments: &Pretrain,
    interrupt: &AtomicBool,
) -> anyhow::Result<u8> {
    let method = stage.method()?;
    let parameters =
        method.groups().iter().flat_map(|group| &group.variables).map(|(_, v)| v.numel() as u64).sum();
    let mut record = Record::new(dir, stage, arguments.command(), parameters);
    atomic_write(&record.dir.layout().config(), loaded.resolved.as_bytes())?;
    let ended = train(stage, method, &mut record, interrupt);
    match ended {
        Ok((status, hint)) => {
            record.end(status, hint)?;
        }
        Err(error) if interrupt.load(Ordering::Relaxed) => {
            record.end(Status::Interrupted, Some(format!("{error:#}; go on with --resume")))?;
        }
        Err(error) => {
            // The disk may be what failed: the first error is the one to show.
            let _ = record.end(Status::Failed, Some(format!("{error:#}")));
            return Err(error);
        }
    }
    say(&record);
    Ok(record.summary.status.exit_code())
}

fn train(
    stage: &Stage,
    method: Box<dyn Method>,
    record: &mut Record,
    interrupt: &AtomicBool,
) -> anyhow::Result<(Status, Option<String>)> {
    let mut trainer = trainer(stage, method, record);
    let steps = stage.loader().steps();
    let resumed = trainer.resume()?;
    let event = if let Some(resumed) = &resumed {
        for warning in &resumed.warnings {
            eprintln!("warning: {warning}");
        }
        println!("resumed at step {} of {steps}", resumed.step);
        Event::Resume { time: now(), step: resumed.step, epoch: resumed.epoch, threads: stage.place.threads }
    } else {
        figures::views(stage, &record.dir.layout().figures().join("views.png"))?;
        start(stage, record, steps)
    };
    record.dir.append(&event)?;
    record.totals(trainer.epoch(), trainer.step(), &trainer.totals());
    record.write()?;
    println!("{}", opening(stage, record, steps));
    let scalars = ScalarWriter::open(&record.dir.layout().tensorboard(), trainer.step())?;
    let progress = Progress::new(steps, trainer.step(), stage.experiment.train.epochs)?;
    let mut watch = Watch { stage, record, scalars, progress };
    let outcome = trainer.run(&mut watch, interrupt);
    watch.progress.finish();
    record.totals(trainer.epoch(), trainer.step(), &trainer.totals());
    match outcome? {
        Outcome::Finished => {
            judge(stage, trainer.method(), record, interrupt)?;
            Ok((Status::Finished, None))
        }
        Outcome::Interrupted => Ok((Status::Interrupted, Some("go on with --resume".to_owned()))),
        Outcome::Diverged(hint) => Ok((Status::Diverged, Some(hint))),
        Outcome::Collapsed(hint) => Ok((Status::Collapsed, Some(hint))),
    }
}

fn trainer(stage: &Stage, method: Box<dyn Method>, record: &Record) -> Trainer {
    let (experiment, loader) = (&stage.experiment, stage.loader());
    let per_epoch = loader.epochs.steps_per_epoch();
    let recipe = recipe(experiment, method.groups(), per_epoch);
    let spec = TrainerSpec {
        feed: stage.feed(),
        checkpoints: Checkpoints::new(record.dir.layout().checkpoints(), experiment.train.keep),
        checkpoint_every: experiment.train.checkpoint_every,
        // About ten records an epoch, and at least one in ten steps.
        log_every: (per_epoch / 10).clamp(1, 10),
        digest: stage.digest.clone(),
        threads: stage.place.threads,
        loader,
    };
    Trainer::new(spec, method, recipe)
}

/// Scores, figures and pictures of the trained encoder.
fn judge(
    stage: &Stage,
    method: &dyn Method,
    record: &mut Record,
    interrupt: &AtomicBool,
) -> anyhow::Result<()> {
    println!("evaluating: k-NN and probes of the trained and the untrained encoder, and of raw pixels");
    let (scores, figures) = at_the_end(stage, method.encoder(), interrupt)?;
    if !scores.trained.is_empty() {
        let top1 = scores.trained.iter().map(|(name, score)| (name.clone(), score.top1)).collect();
        let (step, epoch) = (record.summary.steps, record.summary.epochs);
        record.dir.append(&Event::Score { step, epoch, top1 })?;
    }
    record.summary.eval = scores;
    record.summary.label_free = Some(figures);
    let pictures = record.dir.layout().figures();
    figures::neighbours(stage, method.encoder(), &pictures.join("neighbours.png"))
}

fn start(stage: &Stage, record: &Record, steps: u64) -> Event {
    let loader = stage.loader();
    Event::Start {
        time: now(),
        command: record.summary.command.clone(),
        digest: stage.digest.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        device: stage.place.words.clone(),
        threads: stage.place.threads,
        parameters: record.summary.parameters,
        train_images: loader.dataset.len(),
        steps,
    }
}

/// What is about to be trained: the derived numbers too, so that nobody has to guess them.
fn opening(stage: &Stage, record: &Record, steps: u64) -> String {
    let experiment = &stage.experiment;
    let (train, resnet) = (&experiment.train, experiment.encoder.resnet());
    format!(
        "{}: {} of width {} ({} stem), {} parameters; {}, {} images; batch {}, {} epochs, {steps} steps; {} lr {:.4}; \
         {} on {} with {} threads",
        experiment.method.name(),
        experiment.encoder.name(),
        resnet.width,
        resnet.stem.as_str(),
        count(record.summary.parameters),
        experiment.data.name.as_str(),
        count(stage.loader().dataset.len() as u64),
        train.batch,
        train.epochs,
        experiment.optimizer.name(),
        experiment.optimizer.lr().scaled(train.batch),
        train.precision.as_str(),
        stage.place.words,
        stage.place.threads,
    )
}

/// The summary in words, and the page; a page that cannot be written is no reason to lose the run.
fn say(record: &Record) {
    let root = record.dir.layout().root();
    print_summary(&record.summary);
    match kontrast_report::run_page(root) {
        Ok(()) => println!("report: {}", record.dir.layout().report().display()),
        Err(error) => eprintln!("warning: the report was not written: {error}"),
    }
}

fn print_summary(summary: &Summary) {
    if !summary.eval.trained.is_empty() {
        println!("\n{}", kontrast_report::scores_markdown(summary).trim_end());
    }
    println!("\n{}", kontrast_report::verdict(summary));
    if let Some(hint) = &summary.hint {
        println!("{hint}");
    }
}
