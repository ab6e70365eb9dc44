//! The projector between encoder and loss: none, linear, or an MLP (SimCLR, arXiv 2002.05709, section 4.2).

use crate::layers::{BatchNorm, Linear};
use crate::{Init, Mode};
use tch::{Tensor, nn};

/// Shape of a projector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectorSpec {
    /// Width after each layer: empty for no projector, one for a linear one, more for an MLP with ReLUs between.
    pub widths: Vec<i64>,
    /// Batch norm after every layer, the last one too; linear layers then have no bias, as in SimCLR's own head.
    pub batch_norm: bool,
}

/// Turns representations `h` into embeddings `z`. Variables are named as in lightly's heads: `layers.0.weight`, ...
#[derive(Debug)]
pub struct Projector {
    layers: Vec<(Linear, Option<BatchNorm>)>,
    width: i64,
}

impl Projector {
    /// Makes the variables in `store` for representations of width `inputs`.
    pub fn new(store: &nn::VarStore, inputs: i64, spec: &ProjectorSpec, init: Init) -> Self {
        let path = store.root() / "layers";
        let (mut layers, mut position, mut width) = (Vec::new(), 0, inputs);
        for (index, &outputs) in spec.widths.iter().enumerate() {
            let linear = Linear::new(&(&path / position), width, outputs, !spec.batch_norm, init);
            let norm = spec.batch_norm.then(|| BatchNorm::new(&(&path / (position + 1)), outputs));
            layers.push((linear, norm));
            // A ReLU takes a number of its own in the sequence, but for the last layer.
            position += 1 + usize::from(spec.batch_norm) + usize::from(index + 1 < spec.widths.len());
            width = outputs;
        }
        Self { layers, width }
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
                z = z.relu();
            }
        }
        z
    }

    /// Width of an embedding.
    pub fn width(&self) -> i64 {
        self.width
    }
}
