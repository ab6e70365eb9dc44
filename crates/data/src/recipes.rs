//! What the views of an image are made of, and what is done to them: drawn here for whoever renders them.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use kontrast_augment::{Recipe, ViewPlan};
use kontrast_rng::KeyedRng;

use crate::dataset::Dataset;
use crate::error::DataError;

/// The draws of one image in one epoch. They depend on nothing else, so that every renderer gets the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draws {
    pub(crate) seed: u64,
    pub(crate) epoch: u32,
    pub(crate) index: u32,
}

impl Draws {
    /// The images that so many views are made of, with the views of each: the first view is of the image itself, the
    /// others are of its partner.
    pub(crate) fn sources(self, dataset: &dyn Dataset, views: usize) -> Vec<(usize, Range<usize>)> {
        let own = self.index as usize;
        if views < 2 {
            return vec![(own, 0..views)];
        }
        let mut stream = KeyedRng::named(*b"partner ", self.seed, self.epoch, u64::from(self.index));
        let partner = dataset.partner(own, &mut stream);
        if partner == own { vec![(own, 0..views)] } else { vec![(own, 0..1), (partner, 1..views)] }
    }

    /// The recipe of a view, for a source of `size` (width, height). Reuses the recipe's memory.
    pub(crate) fn recipe(self, plan: &ViewPlan, view: usize, size: (usize, usize), recipe: &mut Recipe) {
        let mut stream = KeyedRng::new(self.seed, self.epoch, u64::from(self.index), view as u32);
        let mut shared = KeyedRng::named(*b"allviews", self.seed, self.epoch, u64::from(self.index));
        plan.draw_view(recipe, size, (&mut stream, &mut shared));
    }
}

/// Draws the recipe of a view of image `index` in an epoch as the loader does, for a source of `size` (width, height).
pub fn recipe_of_view(
    plan: &ViewPlan,
    (seed, epoch): (u64, u32),
    (index, view): (u32, usize),
    size: (usize, usize),
    recipe: &mut Recipe,
) {
    Draws { seed, epoch, index }.recipe(plan, view, size, recipe);
}

/// The image, by index, that a view of image `index` is made of in an epoch, where so many views are made: the image itself
/// or its partner, as the loader draws it.
pub fn source_of_view(
    dataset: &dyn Dataset,
    (seed, epoch): (u64, u32),
    index: u32,
    (view, views): (usize, usize),
) -> usize {
    let sources = Draws { seed, epoch, index }.sources(dataset, views);
    sources.into_iter().find(|(_, made)| made.contains(&view)).map_or(index as usize, |(source, _)| source)
}

/// The recipes by which [`fill`](crate::fill) renders images, in their order.
///
/// # Errors
/// When an image's size cannot be read.
pub fn recipes_of(
    dataset: &dyn Dataset,
    plan: &ViewPlan,
    seed: u64,
    epoch: u32,
    indices: &[u32],
) -> Result<Vec<Recipe>, DataError> {
    let recipe = |&index: &u32| {
        let mut recipe = Recipe::default();
        let size = dataset.size(index as usize)?;
        Draws { seed, epoch, index }.recipe(plan, 0, size, &mut recipe);
        Ok(recipe)
    };
    indices.iter().map(recipe).collect()
}

/// The recipes of a step, for a renderer on a device: a loader fills them as it fills bytes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recipes {
    /// `[views][n]`: what is done.
    pub recipes: Vec<Recipe>,
    /// `[views][n]`: the image, by index, that it is done to.
    pub sources: Vec<i64>,
}

impl Recipes {
    /// Draws every plan's view of each image. Stops early, with the rest as it was, once `stop` is set.
    ///
    /// # Errors
    /// When an image's size cannot be read.
    pub(crate) fn draw(
        &mut self,
        dataset: &dyn Dataset,
        plans: &[ViewPlan],
        (seed, epoch): (u64, u32),
        indices: &[u32],
        stop: &AtomicBool,
    ) -> Result<(), DataError> {
        let n = indices.len();
        self.recipes.resize_with(plans.len() * n, Recipe::default);
        self.sources.resize(plans.len() * n, 0);
        for (place, &index) in indices.iter().enumerate() {
            if stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            let draws = Draws { seed, epoch, index };
            for (source, views) in draws.sources(dataset, plans.len()) {
                let size = dataset.size(source)?;
                for view in views {
                    self.sources[view * n + place] = source as i64;
                    draws.recipe(&plans[view], view, size, &mut self.recipes[view * n + place]);
                }
            }
        }
        Ok(())
    }
}
