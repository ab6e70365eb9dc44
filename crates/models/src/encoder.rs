//! What every encoder can do: turn images into representations, show its stages, and be held by several.

use kontrast_torch_ext::StateDict;
use tch::Tensor;

/// How batch norm behaves in a forward pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Statistics of the batch, which also move the running ones.
    Train,
    /// Statistics of the batch, the running ones untouched.
    Replay,
    /// The running statistics.
    Eval,
}

/// An image encoder.
pub trait Encoder: Send {
    /// Representations of images.
    ///
    /// # Shapes
    /// - `images`: `[n, 3, h, w]`, normalised
    /// - returns `h`, `[n, width]`
    fn forward(&self, images: &Tensor, mode: Mode) -> Tensor;

    /// Feature maps after each stage, shallow before deep; probes read them.
    fn stages(&self, images: &Tensor, mode: Mode) -> Vec<Tensor>;

    /// Width of a representation.
    fn width(&self) -> i64;

    /// All variables and running statistics under torchvision's names, sharing memory with the encoder.
    fn variables(&self) -> StateDict;

    /// Another handle on the same variables: a tensor may move to another thread, but not be shared with it.
    fn handle(&self) -> Box<dyn Encoder>;
}
