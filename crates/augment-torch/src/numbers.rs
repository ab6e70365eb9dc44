//! The numbers in which the views of a group differ.

use tch::Tensor;

/// The numbers of a group.
pub(crate) struct Numbers {
    /// `[n, numbers]`
    pub(crate) floats: Tensor,
    /// Low and high half of each key, `[n, 2]`.
    pub(crate) keys: Tensor,
}

impl Numbers {
    /// One number of each view, `[n, 1, 1, 1]`.
    pub(crate) fn column(&self, which: i64) -> Tensor {
        self.floats.select(1, which).view([-1, 1, 1, 1])
    }
}
