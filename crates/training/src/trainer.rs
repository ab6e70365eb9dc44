//! The loop: a batch, a step, a look at how it goes; at the end of an epoch a checkpoint.

use crate::feed::{Feed, Ready};
use crate::meter::{Window, percent};
use crate::recipe::{TrainingRecipe, recipe};
use crate::{
    Alarm, CheckpointError, Diagnosis, Loss, Monitor, Observer, Position, Restored, StepRecord, Totals,
    TrainerSpec,
};
use kontrast_config::Experiment;
use kontrast_data::{Batch, DataError};
use kontrast_methods::{Method, Progress, StepOutput, TextSpace};
use kontrast_models::{Header, TextTower};
use kontrast_optim::{Rates, StateDict, clip_gradients};
use kontrast_runlog::human;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tch::Tensor;

/// How a training ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All steps are done.
    Finished,
    /// It was asked to stop, and wrote a checkpoint.
    Interrupted,
    /// The loss left the numbers; the text says what to do.
    Diverged(String),
    /// The embeddings collapsed; the text says what to do.
    Collapsed(String),
}

/// A method on its way through the epochs.
pub struct Trainer {
    spec: TrainerSpec,
    method: Method,
    recipe: TrainingRecipe,
    monitor: Monitor,
    step: u64,
    saved: Option<u64>,
    /// The last step whose weights were found to be numbers.
    sound: Option<u64>,
    totals: Totals,
}

impl Trainer {
    /// A training at its first step, with the optimizer, schedule and epochs of `experiment`.
    pub fn new(spec: TrainerSpec, method: Method, experiment: &Experiment) -> Self {
        let recipe = recipe(experiment, method.groups(), spec.loader.epochs.steps_per_epoch());
        let monitor = Monitor::new(
            recipe.warmup,
            recipe.steps,
            method.objective().collapse_criterion(),
            method.objective().hint(),
        );
        let monitor =
            if method.objective().has_steady_loss() { monitor } else { monitor.with_unsteady_loss() };
        Self { spec, method, recipe, monitor, step: 0, saved: None, sound: None, totals: Totals::default() }
    }

    /// Goes back to the newest whole checkpoint; `None` where there is none, and nothing has changed.
    ///
    /// # Errors
    /// Where checkpoints are damaged or belong to another configuration or network.
    pub fn resume(&mut self) -> Result<Option<Resumed>, CheckpointError> {
        let Some(restored) = self.spec.checkpoints.latest(&self.spec.digest, self.spec.loader.seed)? else {
            return Ok(None);
        };
        self.require_own(&restored)?;
        let of_state = |source| CheckpointError::State { path: restored.file.clone(), source };
        self.method.load_state(&restored.state.under("method")).map_err(of_state)?;
        self.recipe.optimizer.load_state(&restored.state.under("optimizer")).map_err(of_state)?;
        self.step = restored.position.step;
        self.saved = Some(self.step);
        self.totals = restored.position.totals;
        let going_on = |why: String| format!("{why}; going on from step {}", self.step);
        let mut warnings: Vec<String> = restored.passed_over.into_iter().map(going_on).collect();
        if restored.position.threads != self.spec.threads {
            warnings.push(format!(
                "the run had {}, this process has {}: it goes on, but not bit for bit; use --threads {}",
                human::counted(restored.position.threads as u64, "thread"),
                self.spec.threads,
                restored.position.threads
            ));
        }
        Ok(Some(Resumed { step: self.step, epoch: restored.position.epoch, file: restored.file, warnings }))
    }

    /// Whether a checkpoint is of these images, and of a step that this run has.
    fn require_own(&self, restored: &Restored) -> Result<(), CheckpointError> {
        let Restored { position, file: path, .. } = restored;
        let (expected, found) = (&self.spec.images, &position.images);
        if expected != found {
            let (expected, found) = (expected.clone(), found.clone());
            return Err(CheckpointError::OtherImages { path: path.clone(), expected, found });
        }
        if position.step > self.recipe.steps {
            let (step, steps) = (position.step, self.recipe.steps);
            return Err(CheckpointError::BeyondTheEnd { path: path.clone(), step, steps });
        }
        Ok(())
    }

    /// Trains to the end, or until `interrupt` is set.
    ///
    /// # Errors
    /// Where an image cannot be read, images do not fit the device that is to render them, a checkpoint cannot be written,
    /// or the observer fails.
    pub fn run(&mut self, observer: &mut dyn Observer, interrupt: &AtomicBool) -> anyhow::Result<Outcome> {
        let mut feed = Feed::start(&self.spec, self.step)?;
        let mut window = Window::default();
        let per_epoch = self.steps_per_epoch();
        loop {
            if interrupt.load(Ordering::Relaxed) && self.step < self.recipe.steps {
                if let Some(alarm) = window.last_loss().and_then(|loss| self.monitor.loss(self.step, loss)) {
                    return Ok(alarm.into());
                }
                let alarm = self.checkpoint(observer)?;
                return Ok(alarm.map_or(Outcome::Interrupted, Outcome::from));
            }
            let started = Instant::now();
            let batch = match feed.next() {
                Ok(Some(batch)) => batch,
                Ok(None) => break,
                Err(error) => return Err(self.unread(error, window.last_loss(), observer)),
            };
            let waited = started.elapsed();
            let (output, gradient_norm) = self.one_step(batch, &mut feed);
            window.add(
                self.spec.loader.epochs.batch as u64,
                &output,
                gradient_norm,
                started.elapsed(),
                waited,
            );
            self.count(started.elapsed(), waited);
            observer.step_done(self.step);
            let last = self.step == self.recipe.steps;
            let ends_epoch = self.step.is_multiple_of(per_epoch);
            // The end of an epoch too, so that no checkpoint holds weights whose loss nobody has looked at.
            if (self.step.is_multiple_of(self.spec.log_every) || self.step == 1 || ends_epoch)
                && let Some(alarm) = self.look(std::mem::take(&mut window), &output, observer)?
            {
                return Ok(alarm.into());
            }
            if ends_epoch {
                // Before anybody evaluates them.
                if let Some(alarm) = self.unsound() {
                    return Ok(alarm.into());
                }
                let epoch = (self.step / per_epoch) as u32;
                observer.epoch_done(epoch, self.step, &self.method)?;
                if (epoch.is_multiple_of(self.spec.checkpoint_every.max(1)) || last)
                    && let Some(alarm) = self.checkpoint(observer)?
                {
                    return Ok(alarm.into());
                }
            }
        }
        Ok(Outcome::Finished)
    }

    /// Images that cannot be read, from a disk that was unplugged: what was trained until then is kept, unless it is no
    /// number.
    fn unread(&mut self, error: DataError, loss: Option<f64>, observer: &mut dyn Observer) -> anyhow::Error {
        let sound = loss.is_none_or(|loss| self.monitor.loss(self.step, loss).is_none());
        let saved = sound && self.step > 0 && matches!(self.checkpoint(observer), Ok(None));
        let error = anyhow::Error::from(error);
        if saved {
            let step = self.step;
            error.context(format!(
                "the checkpoint of step {step} is written; mend what follows, and go on with --resume"
            ))
        } else {
            error
        }
    }

    /// The method as it stands.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Steps done.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Steps of the whole training.
    pub fn steps(&self) -> u64 {
        self.recipe.steps
    }

    /// Whole epochs done.
    pub fn epoch(&self) -> u32 {
        (self.step / self.steps_per_epoch()) as u32
    }

    /// Sums since the start of the run.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    fn steps_per_epoch(&self) -> u64 {
        self.spec.loader.epochs.steps_per_epoch().max(1)
    }

    /// The step, and the norm of its gradients before a limit shortened them.
    fn one_step(&mut self, batch: Batch<Ready>, feed: &mut Feed) -> (StepOutput, Tensor) {
        let progress = Progress {
            step: batch.step,
            steps: self.recipe.steps,
            epoch: batch.epoch,
            epochs: self.spec.loader.total_epochs,
        };
        let mut views = feed.views(batch, &self.spec);
        if let Some(source) = &self.spec.texts {
            let texts = source.texts(views.indices(), progress);
            views = views.with_texts(texts);
        }
        self.recipe.optimizer.zero_grad();
        let output = self.method.step(&views, progress);
        let gradient_norm = clip_gradients(&self.recipe.moved_at(self.step), self.recipe.clip);
        let weight_decay = self.recipe.weight_decay.at(self.step);
        let rates = Rates { lr: self.recipe.schedule.at(self.step), weight_decay };
        self.recipe.optimizer.step(rates);
        self.method.after_step(progress);
        self.totals.loss_chance = output.uniform;
        self.totals.forward_passes += output.forward_passes;
        (output, gradient_norm)
    }

    fn count(&mut self, total: Duration, waited: Duration) {
        self.step += 1;
        self.totals.images += self.spec.loader.epochs.batch as u64;
        self.totals.train_seconds += total.as_secs_f64();
        self.totals.wait_seconds += waited.as_secs_f64();
    }

    /// Measures the steps since the last record, tells of them, and judges them.
    fn look(
        &mut self,
        mut window: Window,
        output: &StepOutput,
        observer: &mut dyn Observer,
    ) -> anyhow::Result<Option<Alarm>> {
        let started = Instant::now();
        let (loss, parts) = (window.mean_loss(), window.mean_parts(&output.parts));
        let gradient_norm = window.mean_gradient_norm();
        window.add_tail(started.elapsed());
        self.totals.train_seconds += started.elapsed().as_secs_f64();
        if let Some(alarm) = self.monitor.loss(self.step, loss) {
            return Ok(Some(alarm));
        }
        let first = *self.totals.loss_first.get_or_insert(loss);
        self.totals.loss_last = Some(loss);
        let record = StepRecord {
            step: self.step,
            epoch: ((self.step - 1) / self.steps_per_epoch()) as u32 + 1,
            loss,
            uniform: self.totals.loss_chance,
            lr: self.recipe.schedule.at(self.step - 1),
            gradient_norm,
            images_per_second: window.images_per_second(),
            data_wait_percent: window.data_wait_percent(),
            parts,
            pretext_accuracy: output.accuracy.as_ref().map(percent),
            pretext_chance: output.accuracy.as_ref().map(|accuracy| 100.0 * accuracy.chance),
            diagnosis: Diagnosis::of(&output.embeddings, &output.representations),
            totals: self.totals,
        };
        observer.steps_done(&record)?;
        let loss = Loss { now: loss, first, uniform: record.uniform };
        Ok(self.monitor.record(self.step, loss, &record.diagnosis))
    }

    /// An alarm where the last update made weights that are no numbers, looked at once a step.
    fn unsound(&mut self) -> Option<Alarm> {
        if self.sound == Some(self.step) {
            return None;
        }
        let alarm = self.monitor.weights(self.step, &self.method.state());
        if alarm.is_none() {
            self.sound = Some(self.step);
        }
        alarm
    }

    /// Writes a checkpoint, unless the last update made weights that are no numbers: then there is an alarm, and the
    /// earlier checkpoints stay.
    fn checkpoint(&mut self, observer: &mut dyn Observer) -> anyhow::Result<Option<Alarm>> {
        if self.saved == Some(self.step) {
            return Ok(None);
        }
        if let Some(alarm) = self.unsound() {
            return Ok(Some(alarm));
        }
        let weights = self.method.state();
        let mut state = StateDict::new();
        state.extend_under("method", &weights);
        state.extend_under("optimizer", &self.recipe.optimizer.state());
        let position = Position {
            step: self.step,
            epoch: self.epoch(),
            digest: self.spec.digest.clone(),
            seed: self.spec.loader.seed,
            images: self.spec.images.clone(),
            threads: self.spec.threads,
            totals: self.totals,
        };
        let objective = self.method.objective();
        let of = (objective.name(), &*self.spec.digest);
        let encoders = objective.encoders();
        let header = Header::new("method", encoders.iter(), of, self.spec.preprocessing.clone());
        let tokenizer = self.spec.texts.as_ref().and_then(|source| source.tokenizer());
        let header = match (encoders.texts(), tokenizer) {
            (Some(space), Some(tokenizer)) => header.with_texts(text_tower(space, tokenizer, &state)),
            _ => header,
        };
        let file = self.spec.checkpoints.save(&state, &position, &header)?;
        self.saved = Some(self.step);
        observer.checkpoint_written(position, &file)?;
        Ok(None)
    }
}

/// What a checkpoint says of its text encoder.
fn text_tower(space: &dyn TextSpace, (tokenizer, length): (&str, usize), state: &StateDict) -> TextTower {
    let projection = "method.text_projection.layers.0.weight";
    TextTower {
        prefix: "method.text".to_owned(),
        encoder: space.encoder().spec(),
        projection: state.get(projection).map(|_| projection.to_owned()),
        image_projection: "method.projector.layers.0.weight".to_owned(),
        tokenizer: tokenizer.to_owned(),
        length,
    }
}

/// Where a resumed run goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resumed {
    /// Steps done.
    pub step: u64,
    /// Whole epochs done.
    pub epoch: u32,
    /// The checkpoint.
    pub file: PathBuf,
    /// What the user should know: damaged checkpoints passed over, another number of threads.
    pub warnings: Vec<String>,
}

impl From<Alarm> for Outcome {
    fn from(alarm: Alarm) -> Self {
        match alarm {
            Alarm::Diverged(text) => Self::Diverged(text),
            Alarm::Collapsed(text) => Self::Collapsed(text),
        }
    }
}
