//! The views of one batch, ready for a method.

use tch::Tensor;

/// All views of n images in one tensor, so that one forward pass sees them together.
#[derive(Debug)]
pub struct Views {
    images: Tensor,
    count: i64,
    indices: Vec<u32>,
}

impl Views {
    /// `images` holds all first views, then all second views, and so on, each in the order of `indices`.
    ///
    /// # Shapes
    /// - `images`: `[count * n, 3, h, w]`
    /// - `indices`: `[n]`
    pub fn new(images: Tensor, indices: Vec<u32>) -> Self {
        let (rows, n) = (images.size()[0], indices.len() as i64);
        assert!(n > 0 && rows % n == 0, "{rows} views of {n} images");
        Self { images, count: rows / n, indices }
    }

    /// Every view, `[count * n, 3, h, w]`, first views first.
    pub fn all(&self) -> &Tensor {
        &self.images
    }

    /// The views of one kind, `[n, 3, h, w]`.
    pub fn view(&self, which: i64) -> Tensor {
        self.images.narrow(0, which * self.n(), self.n())
    }

    /// How many views an image has.
    pub fn count(&self) -> i64 {
        self.count
    }

    /// How many images there are.
    pub fn n(&self) -> i64 {
        self.indices.len() as i64
    }

    /// Which images of the data set they are.
    pub fn indices(&self) -> &[u32] {
        &self.indices
    }

    /// Splits rows computed from [`Views::all`] by view: `[count, n, ...]`.
    pub fn by_view(&self, rows: &Tensor) -> Tensor {
        let mut shape = rows.size();
        shape.splice(0..1, [self.count, self.n()]);
        rows.reshape(shape)
    }
}
