//! What every encoder can do: turn images into representations, show its stages, say what its variables are, and be held
//! by several.

use crate::EncoderSpec;
use kontrast_torch_ext::{Draws, Parameter, StateDict};
use tch::Tensor;

/// A forward pass: how batch norm behaves, and what the network draws.
#[derive(Clone, Copy, Debug)]
pub struct Pass<'a> {
    /// Training, its replay, or evaluation.
    pub mode: Mode,
    /// What stochastic depth draws for the rows; without it, and in evaluation, nothing is left out.
    pub draws: Option<&'a Draws>,
}

impl From<Mode> for Pass<'_> {
    /// Without draws.
    fn from(mode: Mode) -> Self {
        Self { mode, draws: None }
    }
}

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
    /// - `images`: `[n, c, h, w]`, normalised, with the channels of its spec
    /// - returns `h`, `[n, width]`
    fn forward(&self, images: &Tensor, pass: Pass<'_>) -> Tensor;

    /// Feature maps after each stage, `[n, channels, h, w]`, shallow before deep; probes read them.
    fn stages(&self, images: &Tensor, pass: Pass<'_>) -> Vec<Tensor>;

    /// The class token and the patches at some places, after the last norm: all other patches are left out before the first
    /// block. None where an encoder has no patches, which is the default.
    ///
    /// # Shapes
    /// - `images`: as above
    /// - `keep`: `[n, k]`, i64, places of patches, row by row of the image
    /// - returns `[n, 1 + k, width]`
    fn kept_tokens(&self, _images: &Tensor, _keep: &Tensor, _pass: Pass<'_>) -> Option<Tensor> {
        None
    }

    /// Width of a representation.
    fn width(&self) -> i64;

    /// Its architecture, by which a file of weights names it; none for an encoder from outside.
    fn spec(&self) -> Option<EncoderSpec> {
        None
    }

    /// All variables and running statistics under the names of torchvision's networks, transformers' under timm's, sharing memory with the encoder.
    fn variables(&self) -> StateDict;

    /// The trained ones among [`Encoder::variables`], under the same names and in the same order, each with its role and
    /// its depth. By default roles follow from names and dimensions ([`Parameter::of_state`]), and all lie at depth 0, so
    /// that layer-wise rates are one rate.
    fn parameters(&self) -> Vec<Parameter> {
        Parameter::of_state(&self.variables())
    }

    /// The encoders that it puts together, by name, each of the same images: handles on its own variables. None by default.
    fn parts(&self) -> Vec<(&'static str, Box<dyn Encoder>)> {
        Vec::new()
    }

    /// Another handle on the same variables: a tensor may move to another thread, but not be shared with it.
    fn handle(&self) -> Box<dyn Encoder>;
}

/// The trained variables with their depths: `layers` names the layers from the images on, and what lies in none of them
/// lies beside the first.
pub(crate) fn parameters(variables: &StateDict, layers: impl IntoIterator<Item = String>) -> Vec<Parameter> {
    let layers: Vec<String> = layers.into_iter().map(|layer| layer + ".").collect();
    let depth = |name: &str| layers.iter().position(|layer| name.starts_with(&**layer)).unwrap_or(0);
    let placed = |parameter: Parameter| Parameter { depth: depth(&parameter.name), ..parameter };
    Parameter::of_state(variables).into_iter().map(placed).collect()
}
