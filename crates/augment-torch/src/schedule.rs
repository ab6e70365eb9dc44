//! Recipes in the order in which a device carries them out: sorted, cut into chunks, with all their numbers packed.

use crate::frame::Frame;
use crate::task::Task;
use kontrast_augment::{Op, Recipe};
use std::collections::BTreeMap;

/// Which views share a launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// Neighbours with the same operation, changed where they are: nothing is copied. Best where a launch costs little
    /// and memory much, on a CPU.
    Runs,
    /// All views with the same operation, picked and put back: few launches. Best on a GPU.
    Kinds,
}

/// A batch of recipes, made ready on the host. Every number that the device needs is in `floats` and `integers`.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    pub(crate) cohorts: Vec<Cohort>,
    pub(crate) floats: Vec<f32>,
    pub(crate) integers: Vec<i64>,
    /// Where the list begins in `integers` that says of each view how many come before it.
    pub(crate) order: usize,
}

/// Views whose pictures have the same size at each step.
#[derive(Debug)]
pub(crate) struct Cohort {
    pub(crate) views: usize,
    /// How many views a chunk has; the last one may have fewer.
    pub(crate) chunk: usize,
    /// Whether all frames are the image as it is.
    pub(crate) whole: bool,
    /// Where the rows of the images begin in `integers`.
    pub(crate) sources: usize,
    /// Where the frames begin in `floats`.
    pub(crate) frames: usize,
    /// How many inputs an output has along columns and rows, at most.
    pub(crate) taps: (usize, usize),
    /// Width and height after the frame.
    pub(crate) size: (usize, usize),
    pub(crate) chunks: Vec<Chunk>,
}

/// Views that are carried out together.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// Its first view in the cohort.
    pub(crate) start: usize,
    pub(crate) views: usize,
    pub(crate) slots: Vec<Slot>,
}

/// The operations that stand at the same place in the recipes of a chunk.
#[derive(Debug)]
pub(crate) struct Slot {
    /// Width and height afterwards.
    pub(crate) size: (usize, usize),
    pub(crate) launches: Vec<Launch>,
}

/// Views that share a task, each with its own numbers.
#[derive(Debug)]
pub(crate) struct Launch {
    pub(crate) task: Task,
    pub(crate) rows: Rows,
    pub(crate) views: usize,
    /// Where the task's numbers begin in `floats`.
    pub(crate) floats: usize,
    /// Where the keys begin in `integers`, for a task that has one.
    pub(crate) keys: usize,
}

/// Which views of a chunk a launch takes.
#[derive(Debug)]
pub(crate) enum Rows {
    /// From this one on, without a gap.
    Run(usize),
    /// Those whose list begins here in `integers`.
    Listed(usize),
}

/// One recipe, read. The order of its fields sorts views: equal sizes together, then equal tasks.
#[derive(Debug)]
struct Reading<'r> {
    /// Width and height after the frame and after each operation that changes them, with its place.
    sizes: Vec<(usize, (usize, usize))>,
    tasks: Vec<Task>,
    frame: Frame,
    ops: &'r [Op],
    view: usize,
}

impl<'r> Reading<'r> {
    fn of(recipe: &'r Recipe, view: usize, image: (usize, usize)) -> Self {
        let (frame, ops) = Frame::of(recipe, image);
        let mut size = frame.size();
        let mut sizes = vec![(0, size)];
        let mut tasks = Vec::with_capacity(ops.len());
        for (place, op) in ops.iter().enumerate() {
            let task = Task::of(op, size);
            let after = task.size_after(size);
            if after != size {
                size = after;
                sizes.push((place + 1, size));
            }
            tasks.push(task);
        }
        assert!(
            size == recipe.size,
            "the recipe ends in {}x{}, but the view is {}x{}",
            size.0,
            size.1,
            recipe.size.0,
            recipe.size.1
        );
        Self { sizes, tasks, frame, ops, view }
    }

    /// Width and height before this operation.
    fn size_at(&self, place: usize) -> (usize, usize) {
        let (_, size) =
            *self.sizes.iter().rfind(|(from, _)| *from <= place).expect("the frame's is the first");
        size
    }
}

impl Schedule {
    /// Makes a batch ready: view i is recipe i of image `sources[i]`. A chunk has at most `largest` views.
    pub(crate) fn new(
        recipes: &[Recipe],
        sources: &[i64],
        image: (usize, usize),
        grouping: Grouping,
        largest: usize,
    ) -> Self {
        let mut readings: Vec<Reading<'_>> =
            recipes.iter().enumerate().map(|(view, recipe)| Reading::of(recipe, view, image)).collect();
        readings.sort_by(|a, b| (&a.sizes, &a.tasks).cmp(&(&b.sizes, &b.tasks)));
        let mut schedule = Self::default();
        schedule.integers.resize(readings.len(), 0);
        for (place, reading) in readings.iter().enumerate() {
            schedule.integers[schedule.order + reading.view] = place as i64;
        }
        for alike in readings.chunk_by(|a, b| a.sizes == b.sizes) {
            schedule.add(alike, sources, grouping, largest.clamp(1, alike.len()));
        }
        schedule
    }

    fn add(&mut self, readings: &[Reading<'_>], sources: &[i64], grouping: Grouping, chunk: usize) {
        let taps = readings.iter().map(|reading| reading.frame.taps());
        let mut cohort = Cohort {
            views: readings.len(),
            chunk,
            whole: readings.iter().all(|reading| reading.frame.whole),
            sources: self.integers.len(),
            frames: self.floats.len(),
            taps: taps.fold((0, 0), |most, taps| (most.0.max(taps.0), most.1.max(taps.1))),
            size: readings[0].frame.size(),
            chunks: Vec::new(),
        };
        self.integers.extend(readings.iter().map(|reading| sources[reading.view]));
        self.floats.extend(readings.iter().flat_map(|reading| reading.frame.numbers()));
        for (number, readings) in readings.chunks(chunk).enumerate() {
            let longest = readings.iter().map(|reading| reading.ops.len()).max().unwrap_or(0);
            let slots = (0..longest).map(|place| self.slot(readings, place, grouping)).collect();
            cohort.chunks.push(Chunk { start: number * chunk, views: readings.len(), slots });
        }
        self.cohorts.push(cohort);
    }

    fn slot(&mut self, readings: &[Reading<'_>], place: usize, grouping: Grouping) -> Slot {
        let launches = match grouping {
            Grouping::Runs => runs(readings, place),
            Grouping::Kinds => kinds(readings, place),
        };
        let size = (readings[0].size_at(place), readings[0].size_at(place + 1));
        let launches = launches
            .into_iter()
            .map(|(task, rows)| self.launch(readings, place, task, &rows, size.0))
            .collect();
        Slot { size: size.1, launches }
    }

    fn launch(
        &mut self,
        readings: &[Reading<'_>],
        place: usize,
        task: Task,
        rows: &[usize],
        size: (usize, usize),
    ) -> Launch {
        let (floats, keys) = (self.floats.len(), self.integers.len());
        for &row in rows {
            task.write(&readings[row].ops[place], size, &mut self.floats, &mut self.integers);
        }
        let gapless = rows[rows.len() - 1] - rows[0] + 1 == rows.len();
        let listed = if gapless {
            Rows::Run(rows[0])
        } else {
            let start = self.integers.len();
            self.integers.extend(rows.iter().map(|&row| row as i64));
            Rows::Listed(start)
        };
        Launch { task, rows: listed, views: rows.len(), floats, keys }
    }
}

/// Neighbours with the same task at this place.
fn runs(readings: &[Reading<'_>], place: usize) -> Vec<(Task, Vec<usize>)> {
    let mut runs: Vec<(Task, Vec<usize>)> = Vec::new();
    for (row, reading) in readings.iter().enumerate() {
        let Some(&task) = reading.tasks.get(place) else { continue };
        match runs.last_mut() {
            Some((last, rows)) if *last == task && rows.last() == Some(&(row - 1)) => rows.push(row),
            _ => runs.push((task, vec![row])),
        }
    }
    runs
}

/// All that have the same task at this place.
fn kinds(readings: &[Reading<'_>], place: usize) -> Vec<(Task, Vec<usize>)> {
    let mut kinds: BTreeMap<Task, Vec<usize>> = BTreeMap::new();
    for (row, reading) in readings.iter().enumerate() {
        if let Some(&task) = reading.tasks.get(place) {
            kinds.entry(task).or_default().push(row);
        }
    }
    kinds.into_iter().collect()
}
