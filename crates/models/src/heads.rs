//! The head between encoder and loss, or between embedding and prediction: none, linear, or an MLP (SimCLR, arXiv
//! 2002.05709, section 4.2; BYOL, arXiv 2006.07733, section 3.3).

use crate::batch_norm::BatchNorm;
use crate::layers::Linear;
use crate::{Init, Mode};
use tch::{Tensor, nn};

/// Shape of a head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadSpec {
    /// Width after each layer: empty for no head, one for a linear one, more for an MLP with activations between.
    pub widths: Vec<i64>,
    /// After which layers batch norm stands; a layer before it has no bias.
    pub batch_norm: HeadNorm,
    /// Whether layers without batch norm have a bias.
    pub bias: bool,
    /// Between the layers.
    pub activation: Activation,
    /// Splits of a batch, of consecutive rows, that batch norm sees one at a time.
    pub bn_splits: i64,
}

impl HeadSpec {
    /// Layers of these widths with ReLU between them, whose batch norm sees the whole batch.
    pub fn new(widths: &[i64], batch_norm: HeadNorm) -> Self {
        Self { widths: widths.to_vec(), batch_norm, bias: true, activation: Activation::Relu, bn_splits: 1 }
    }

    /// No layer: embeddings are the representations.
    pub fn none() -> Self {
        Self::new(&[], HeadNorm::None)
    }
}

/// After which layers batch norm stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadNorm {
    /// After none.
    None,
    /// After every layer, as in SimCLR's own code.
    All,
    /// After every layer but the last, as in BYOL and after.
    Hidden,
    /// After every layer, the last time without scale and shift, as in SimSiam.
    LastPlain,
}

/// What stands between the layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// Negative values become 0.
    Relu,
    /// The Gaussian error linear unit (arXiv 1606.08415), DINO's.
    Gelu,
}

/// Turns representations `h` into embeddings `z`, or these into predictions `p`. Variables are named as in lightly's
/// heads: `layers.0.weight`, ...
#[derive(Debug)]
pub struct Head {
    layers: Vec<(Linear, Option<BatchNorm>)>,
    activation: Activation,
    width: i64,
}

impl Head {
    /// Makes the variables in `store` for inputs of width `inputs`.
    pub fn new(store: &nn::VarStore, inputs: i64, spec: &HeadSpec, init: Init) -> Self {
        let path = store.root() / "layers";
        let (mut layers, mut position, mut width) = (Vec::new(), 0, inputs);
        for (index, &outputs) in spec.widths.iter().enumerate() {
            let last = index + 1 == spec.widths.len();
            let normed = match spec.batch_norm {
                HeadNorm::None => false,
                HeadNorm::All | HeadNorm::LastPlain => true,
                HeadNorm::Hidden => !last,
            };
            let linear = Linear::new(&(&path / position), width, outputs, spec.bias && !normed, init);
            let norm = normed.then(|| {
                let path = &path / (position + 1);
                if last && spec.batch_norm == HeadNorm::LastPlain {
                    BatchNorm::plain(&path, outputs, spec.bn_splits)
                } else {
                    BatchNorm::new(&path, outputs, spec.bn_splits)
                }
            });
            layers.push((linear, norm));
            // An activation takes a number of its own in the sequence, but for the last layer.
            position += 1 + usize::from(normed) + usize::from(!last);
            width = outputs;
        }
        Self { layers, activation: spec.activation, width }
    }

    /// Embeddings of representations; without layers they are the representations themselves.
    ///
    /// # Shapes
    /// - `h`: `[n, inputs]`
    /// - returns `z`, `[n, width]`
    pub fn forward(&self, h: &Tensor, mode: Mode) -> Tensor {
        let mut z = h.shallow_clone();
        for (index, (linear, norm)) in self.layers.iter().enumerate() {
            z = linear.forward(&z);
            if let Some(norm) = norm {
                z = norm.forward(&z, mode);
            }
            if index + 1 < self.layers.len() {
                z = match self.activation {
                    Activation::Relu => z.relu(),
                    Activation::Gelu => z.gelu("none"),
                };
            }
        }
        z
    }

    /// Width of an output.
    pub fn width(&self) -> i64 {
        self.width
    }

    /// Whether there is no layer, so that embeddings are the representations.
    pub fn is_none(&self) -> bool {
        self.layers.is_empty()
    }
}
