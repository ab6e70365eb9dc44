//! A picture on its way to a view: a plane of floats for each channel.

use crate::image::colours;

/// Planes of `height * width` floats, R before G before B before alpha, or bands, in `[0, 1]` between operations. Its memory is
/// kept from view to view.
#[derive(Debug, Default)]
pub(crate) struct Canvas {
    width: usize,
    height: usize,
    channels: usize,
    planes: Vec<f32>,
    /// The planes before or after an operation that cannot work in place.
    spare: Vec<f32>,
}

impl Canvas {
    /// Makes it this large, with so many channels; what it holds is then arbitrary.
    pub(crate) fn reset(&mut self, (width, height): (usize, usize), channels: usize) {
        (self.width, self.height, self.channels) = (width, height, channels);
        self.planes.resize(width * height * channels, 0.0);
    }

    /// Width and height.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// How many planes there are.
    pub(crate) fn channels(&self) -> usize {
        self.channels
    }

    /// All planes.
    pub(crate) fn planes(&mut self) -> &mut [f32] {
        &mut self.planes
    }

    /// The planes of colour or of gray, without alpha.
    pub(crate) fn colours(&mut self) -> &mut [f32] {
        &mut self.planes[..self.width * self.height * colours(self.channels)]
    }

    /// Each plane of colour or of gray alone.
    pub(crate) fn each_colour(&mut self) -> impl Iterator<Item = &mut [f32]> {
        let pixels = self.width * self.height;
        self.colours().chunks_exact_mut(pixels)
    }

    /// Each plane alone.
    pub(crate) fn each_plane(&mut self) -> impl Iterator<Item = &mut [f32]> {
        self.planes.chunks_exact_mut(self.width * self.height)
    }

    /// Makes a picture of this size from the present one: `redraw` gets both, plane by plane, the old first.
    pub(crate) fn redraw(&mut self, size: (usize, usize), mut redraw: impl FnMut(&[f32], &mut [f32])) {
        let (pixels, new) = (self.width * self.height, size.0 * size.1);
        self.spare.resize(new * self.channels, 0.0);
        for (source, target) in self.planes.chunks_exact(pixels).zip(self.spare.chunks_exact_mut(new)) {
            redraw(source, target);
        }
        std::mem::swap(&mut self.planes, &mut self.spare);
        (self.width, self.height) = size;
    }

    /// Makes the planes of colour or of gray anew, at their size; alpha stays.
    pub(crate) fn redraw_colours(&mut self, mut redraw: impl FnMut(&[f32], &mut [f32])) {
        let mut left = colours(self.channels);
        self.redraw(self.size(), |source, target| match left.checked_sub(1) {
            Some(after) => {
                left = after;
                redraw(source, target);
            }
            None => target.copy_from_slice(source),
        });
    }
}
