//! What similarities are divided by: a number, or a variable that is trained with the encoder.

use tch::Tensor;

/// What similarities are divided by. A number stands for itself: `nt_xent(&z1, &z2, 0.1)`.
///
/// A learned one is the logarithm of its reciprocal, `log_scale`, a scalar: similarities are multiplied by
/// exp(`log_scale`). CLIP begins with ln(1 / 0.07) and keeps it below ln 100 (Radford et al. 2021, arXiv 2103.00020,
/// section 2.5); the limit is for whoever owns the variable.
#[derive(Clone, Copy, Debug)]
pub enum Temperature<'a> {
    /// Above 0.
    Fixed(f64),
    /// The logarithm of the scale: one element, of any float kind, else a loss panics; the gradient
    /// reaches it.
    Learned(&'a Tensor),
}

impl From<f64> for Temperature<'_> {
    fn from(temperature: f64) -> Self {
        Self::Fixed(temperature)
    }
}

impl Temperature<'_> {
    /// The rows of all products, and what is left to divide these by. A learned scale goes into the rows, so that its
    /// gradient follows from theirs, whatever tiles the products are made in.
    pub(crate) fn scaled(self, rows: &Tensor) -> (Tensor, f64) {
        match self {
            Self::Fixed(temperature) => (rows.shallow_clone(), temperature),
            Self::Learned(log_scale) => {
                assert_eq!(log_scale.numel(), 1, "a scale is one number, found {:?}", log_scale.size());
                (rows * log_scale.reshape([]).to_kind(rows.kind()).exp(), 1.0)
            }
        }
    }
}
