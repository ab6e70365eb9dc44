//! What a loader fills for each step: bytes of views that are rendered here, or recipes for a device.

use std::sync::atomic::AtomicBool;

use crate::error::DataError;
use crate::fill;
use crate::loader::LoaderSpec;
use crate::recipes::Recipes;

/// What a [`Loader`](crate::Loader) fills, again and again: any buffer of bytes, or [`Recipes`].
pub trait Content: Send + 'static {
    /// Asserts that it holds what a step of `bytes` rendered bytes asks for.
    ///
    /// # Panics
    /// When it does not.
    fn require_room(&mut self, bytes: usize);

    /// Fills it with the views of these images, `[views][n]`. Stops early once `stop` is set.
    ///
    /// # Errors
    /// When an image cannot be read.
    fn fill(
        &mut self,
        spec: &LoaderSpec,
        epoch: u32,
        indices: &[u32],
        stop: &AtomicBool,
    ) -> Result<(), DataError>;
}

/// Rendered views, `[views][n][height][width][c]`.
impl<B: AsMut<[u8]> + Send + 'static> Content for B {
    fn require_room(&mut self, bytes: usize) {
        assert_eq!(self.as_mut().len(), bytes, "bytes of a loader's buffer");
    }

    fn fill(
        &mut self,
        spec: &LoaderSpec,
        epoch: u32,
        indices: &[u32],
        stop: &AtomicBool,
    ) -> Result<(), DataError> {
        fill::render(&*spec.dataset, &spec.plans, (spec.seed, epoch), indices, self.as_mut(), stop)
    }
}

/// Recipes grow to what a step asks for.
impl Content for Recipes {
    fn require_room(&mut self, _bytes: usize) {}

    fn fill(
        &mut self,
        spec: &LoaderSpec,
        epoch: u32,
        indices: &[u32],
        stop: &AtomicBool,
    ) -> Result<(), DataError> {
        self.draw(&*spec.dataset, &spec.plans, (spec.seed, epoch), indices, stop)
    }
}
