//! The loader: renders batches ahead of the training step, strictly in the order of the steps.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use kontrast_augment::ViewPlan;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::content::Content;
use crate::dataset::Dataset;
use crate::epochs::Epochs;
use crate::error::DataError;
use crate::fill;

/// Batches of views, rendered on threads of its own into the buffers that its user lent; or their recipes, where it was
/// lent [`Recipes`](crate::Recipes).
///
/// What a batch holds depends on its step alone: neither the number of threads nor how far the loader is
/// ahead can change a byte, and [`LoaderSpec::first_step`] goes on anywhere.
pub struct Loader<B> {
    batches: Receiver<Result<Batch<B>, DataError>>,
    /// Empty once the loader shuts down.
    empty: Option<Sender<B>>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
    bytes: usize,
    left: u64,
    /// Buffers that the loader holds, filled or to be filled.
    held: usize,
}

/// What a loader renders.
#[derive(Clone)]
pub struct LoaderSpec {
    /// Where the images come from.
    pub dataset: Arc<dyn Dataset>,
    /// One a view.
    pub plans: Vec<ViewPlan>,
    /// Order of the images, and the size of a batch.
    pub epochs: Epochs,
    /// Epochs of the whole training.
    pub total_epochs: u32,
    /// The first step to give, counted from the start of the training.
    pub first_step: u64,
    /// Seed of the recipes.
    pub seed: u64,
    /// Rendering threads, at least one.
    pub workers: usize,
}

/// The views of one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch<B> {
    /// `[views][n][height][width][c]`, bytes; or [`Recipes`](crate::Recipes), `[views][n]`.
    pub buffer: B,
    /// The images, by index.
    pub indices: Vec<u32>,
    /// The epoch that the step belongs to.
    pub epoch: u32,
    /// The step, counted from the start of the training.
    pub step: u64,
}

impl<B> Batch<B> {
    /// The same batch with what `of` makes of its buffer.
    pub fn map<C>(self, of: impl FnOnce(B) -> C) -> Batch<C> {
        Batch { buffer: of(self.buffer), indices: self.indices, epoch: self.epoch, step: self.step }
    }
}

impl LoaderSpec {
    /// Bytes that each lent buffer must have.
    pub fn bytes(&self) -> usize {
        fill::bytes(&self.plans, self.epochs.batch)
    }

    /// Steps of the whole training.
    pub fn steps(&self) -> u64 {
        self.epochs.steps_per_epoch() * u64::from(self.total_epochs)
    }
}

impl<B: Content> Loader<B> {
    /// Starts to render ahead, as many batches as there are buffers.
    ///
    /// # Errors
    /// When the batch is larger than the data set, or threads cannot be started.
    ///
    /// # Panics
    /// When there is no plan or no buffer, a buffer has another size than [`LoaderSpec::bytes`], or `epochs`
    /// are those of another data set.
    pub fn start(spec: LoaderSpec, buffers: Vec<B>) -> Result<Self, DataError> {
        assert!(!spec.plans.is_empty() && !buffers.is_empty(), "a loader needs a plan and a buffer");
        assert_eq!(spec.epochs.len, spec.dataset.len(), "epochs over another number of images");
        if spec.epochs.steps_per_epoch() == 0 || spec.epochs.batch == 0 {
            return Err(DataError::Batch { batch: spec.epochs.batch, images: spec.epochs.len });
        }
        let (empty, to_fill) = channel();
        let (filled, batches) = channel();
        let stop = Arc::new(AtomicBool::new(false));
        let (pool, threads) = pool(spec.workers)?;
        let mut loader = Self {
            batches,
            empty: Some(empty),
            stop: Arc::clone(&stop),
            threads,
            bytes: spec.bytes(),
            left: spec.steps().saturating_sub(spec.first_step),
            held: 0,
        };
        for buffer in buffers {
            loader.recycle(buffer);
        }
        let feeder = Feeder { spec, pool, stop };
        let thread = std::thread::Builder::new().name("kontrast-loader".into());
        let thread = thread.spawn(move || feeder.run(&to_fill, &filled)).map_err(not_started)?;
        // The feeder is joined first, because it holds the pool whose threads come after it.
        loader.threads.insert(0, thread);
        Ok(loader)
    }

    /// The batch of the next step; waits until it is rendered. `None` after the last step.
    ///
    /// # Errors
    /// When an image cannot be read or a thread panics; the loader gives no further batch then.
    ///
    /// # Panics
    /// When every buffer is lent out, so that the wait would never end.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator could not say that buffers must come back"
    )]
    pub fn next(&mut self) -> Result<Option<Batch<B>>, DataError> {
        if self.left == 0 {
            return Ok(None);
        }
        assert!(self.held > 0, "every buffer is lent out; recycle one before asking for the next batch");
        let gone = |_| {
            DataError::Stopped("an earlier batch failed; mend what its error named, and start again".into())
        };
        let batch = self.batches.recv().map_err(gone)??;
        self.left -= 1;
        self.held -= 1;
        Ok(Some(batch))
    }

    /// Lends a buffer, for the first time or again.
    ///
    /// # Panics
    /// When it has another size than [`LoaderSpec::bytes`].
    pub fn recycle(&mut self, mut buffer: B) {
        buffer.require_room(self.bytes);
        self.held += 1;
        if let Some(empty) = &self.empty {
            // After the last step and after an error nobody takes buffers any more.
            let _ = empty.send(buffer);
        }
    }
}

/// Stops the threads and waits for them: none outlives the loader.
impl<B> Drop for Loader<B> {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.empty = None;
        for thread in self.threads.drain(..) {
            // A panic was already told through `next`.
            let _ = thread.join();
        }
    }
}

/// The thread that takes empty buffers and gives filled ones, a step after the other.
struct Feeder {
    spec: LoaderSpec,
    pool: ThreadPool,
    stop: Arc<AtomicBool>,
}

impl Feeder {
    fn run<B: Content>(self, empty: &Receiver<B>, filled: &Sender<Result<Batch<B>, DataError>>) {
        let per_epoch = self.spec.epochs.steps_per_epoch();
        let mut order: Option<(u32, Vec<u32>)> = None;
        for step in self.spec.first_step..self.spec.steps() {
            let Ok(mut buffer) = empty.recv() else { return };
            let epoch = (step / per_epoch) as u32;
            let of_epoch = match order.take() {
                Some((known, of_epoch)) if known == epoch => of_epoch,
                _ => self.spec.epochs.order(epoch),
            };
            let start = (step % per_epoch) as usize * self.spec.epochs.batch;
            let indices = of_epoch[start..start + self.spec.epochs.batch].to_vec();
            order = Some((epoch, of_epoch));
            let done = self.fill(epoch, &indices, &mut buffer);
            let failed = done.is_err();
            let batch = done.map(|()| Batch { buffer, indices, epoch, step });
            if self.stop.load(Ordering::Relaxed) || filled.send(batch).is_err() || failed {
                return;
            }
        }
    }

    /// Renders or draws in the pool. A panic there, in a data set for example, becomes an error.
    fn fill(&self, epoch: u32, indices: &[u32], out: &mut impl Content) -> Result<(), DataError> {
        let work = || out.fill(&self.spec, epoch, indices, &self.stop);
        let result = catch_unwind(AssertUnwindSafe(|| self.pool.install(work)));
        result.unwrap_or_else(|panic| Err(DataError::Stopped(said(&*panic))))
    }
}

/// A pool whose threads can be joined, which rayon's own cannot.
fn pool(workers: usize) -> Result<(ThreadPool, Vec<JoinHandle<()>>), DataError> {
    let threads = Mutex::new(Vec::new());
    let pool = ThreadPoolBuilder::new()
        .num_threads(workers.max(1))
        .thread_name(|index| format!("kontrast-views-{index}"))
        .spawn_handler(|thread| {
            let name = thread.name().unwrap_or_default().to_owned();
            let handle = std::thread::Builder::new().name(name).spawn(|| thread.run())?;
            threads.lock().unwrap_or_else(PoisonError::into_inner).push(handle);
            Ok(())
        })
        .build()
        .map_err(not_started)?;
    Ok((pool, threads.into_inner().unwrap_or_else(PoisonError::into_inner)))
}

fn not_started(error: impl std::fmt::Display) -> DataError {
    DataError::Stopped(format!("its threads cannot be started: {error}; set run.workers to fewer"))
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    let text = text.as_deref().unwrap_or("without a message");
    format!("a thread panicked: {text}; this is a defect of Kontrast or of the data set, please report it")
}
