//! Renders the views of many images into one buffer, in parallel.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};

use kontrast_augment::{Recipe, Scratch, ViewPlan, render_into};
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::dataset::Dataset;
use crate::error::DataError;
use crate::recipes::Draws;

/// Renders one view of each image into `out`, `[n, height, width, 3]`, on rayon's threads.
///
/// The recipe of `indices[i]` is drawn from `(seed, epoch, indices[i], 0)`: it does not depend on the batch.
///
/// # Errors
/// When an image cannot be read.
///
/// # Panics
/// When `out` has another size, or an index is outside the data set.
pub fn fill(
    dataset: &dyn Dataset,
    plan: &ViewPlan,
    seed: u64,
    epoch: u32,
    indices: &[u32],
    out: &mut [u8],
) -> Result<(), DataError> {
    fill_views(dataset, std::slice::from_ref(plan), seed, epoch, indices, out)
}

/// Renders every plan's view of each image into `out`, `[views][n][height][width][3]`, as the loader does.
///
/// # Errors
/// When an image cannot be read.
///
/// # Panics
/// When `out` has another size, or an index is outside the data set.
pub fn fill_views(
    dataset: &dyn Dataset,
    plans: &[ViewPlan],
    seed: u64,
    epoch: u32,
    indices: &[u32],
    out: &mut [u8],
) -> Result<(), DataError> {
    render(dataset, plans, (seed, epoch), indices, out, &AtomicBool::new(false))
}

/// Bytes of `n` images under each of these plans.
pub(crate) fn bytes(plans: &[ViewPlan], n: usize) -> usize {
    plans.iter().map(|plan| plan.bytes() * n).sum()
}

/// Renders every plan's view of each image into `out`, `[views][n][height][width][3]`. Stops early, with
/// the rest of `out` as it was, once `stop` is set.
pub(crate) fn render(
    dataset: &dyn Dataset,
    plans: &[ViewPlan],
    key: (u64, u32),
    indices: &[u32],
    out: &mut [u8],
    stop: &AtomicBool,
) -> Result<(), DataError> {
    let n = indices.len();
    assert_eq!(out.len(), bytes(plans, n), "bytes of {n} images under {} plans", plans.len());
    let mut rest = out;
    let mut blocks: Vec<_> = plans
        .iter()
        .map(|plan| {
            let (block, after) = std::mem::take(&mut rest).split_at_mut(plan.bytes() * n);
            rest = after;
            block.chunks_exact_mut(plan.bytes())
        })
        .collect();
    let jobs: Vec<(u32, Vec<&mut [u8]>)> = indices
        .iter()
        .map(|&index| (index, blocks.iter_mut().filter_map(Iterator::next).collect()))
        .collect();
    jobs.into_par_iter().try_for_each(|(index, views)| {
        if stop.load(Ordering::Relaxed) {
            return Ok(());
        }
        MEMORY.with_borrow_mut(|memory| memory.render(dataset, plans, key, index, views))
    })
}

thread_local! {
    /// One a thread, kept from batch to batch.
    static MEMORY: RefCell<Memory> = RefCell::default();
}

#[derive(Default)]
struct Memory {
    recipe: Recipe,
    scratch: Scratch,
    buffer: Vec<u8>,
}

impl Memory {
    /// All views of one image: the first is its own, the others are its partner's.
    fn render(
        &mut self,
        dataset: &dyn Dataset,
        plans: &[ViewPlan],
        (seed, epoch): (u64, u32),
        index: u32,
        views: Vec<&mut [u8]>,
    ) -> Result<(), DataError> {
        let draws = Draws { seed, epoch, index };
        let mut targets = views.into_iter();
        for (source, views) in draws.sources(dataset, plans.len()) {
            let image = dataset.image(source, &mut self.buffer)?;
            for (view, target) in views.zip(targets.by_ref()) {
                draws.recipe(&plans[view], view, image.size(), &mut self.recipe);
                render_into(&self.recipe, image, target, &mut self.scratch);
            }
        }
        Ok(())
    }
}
