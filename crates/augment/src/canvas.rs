//! A picture on its way to a view: three planes of floats.

/// Three planes of `height * width` floats, R before G before B, in `[0, 1]` between operations. Its memory
/// is kept from view to view.
#[derive(Debug, Default)]
pub(crate) struct Canvas {
    width: usize,
    height: usize,
    planes: Vec<f32>,
    /// The planes before or after an operation that cannot work in place.
    spare: Vec<f32>,
}

impl Canvas {
    /// Makes it this large; what it holds is then arbitrary.
    pub(crate) fn reset(&mut self, (width, height): (usize, usize)) {
        (self.width, self.height) = (width, height);
        self.planes.resize(width * height * 3, 0.0);
    }

    /// Width and height.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// All three planes.
    pub(crate) fn planes(&mut self) -> &mut [f32] {
        &mut self.planes
    }

    /// Each plane alone.
    pub(crate) fn each_plane(&mut self) -> impl Iterator<Item = &mut [f32]> {
        self.planes.chunks_exact_mut(self.width * self.height)
    }

    /// Makes a picture of this size from the present one: `redraw` gets both, plane by plane, the old first.
    pub(crate) fn redraw(&mut self, size: (usize, usize), mut redraw: impl FnMut(&[f32], &mut [f32])) {
        let (pixels, new) = (self.width * self.height, size.0 * size.1);
        self.spare.resize(new * 3, 0.0);
        for (source, target) in self.planes.chunks_exact(pixels).zip(self.spare.chunks_exact_mut(new)) {
            redraw(source, target);
        }
        std::mem::swap(&mut self.planes, &mut self.spare);
        (self.width, self.height) = size;
    }
}
