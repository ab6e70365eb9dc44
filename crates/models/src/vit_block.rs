//! A block of a vision transformer (Dosovitskiy et al. 2020, arXiv 2010.11929, section 3.1): attention, then an MLP, each
//! after a layer norm and beside a shortcut, with timm's names.

use crate::attention::Attention;
use crate::layer_norm::LayerNorm;
use crate::layers::Linear;
use crate::{Init, Mode, Pass};
use tch::{Tensor, nn};

/// The MLP's hidden layer has this many times the width.
const MLP_RATIO: i64 = 4;

/// Attention and MLP.
#[derive(Debug)]
pub(crate) struct VitBlock {
    norm1: LayerNorm,
    attention: Attention,
    norm2: LayerNorm,
    fc1: Linear,
    fc2: Linear,
    /// Number of the block, from 0, under which it draws.
    place: i64,
    /// Stochastic depth: with which probability a row leaves out each of the two branches.
    drop_probability: f64,
}

impl VitBlock {
    pub(crate) fn new(
        path: &nn::Path<'_>,
        (width, heads): (i64, i64),
        (place, drop_probability): (i64, f64),
        init: Init,
    ) -> Self {
        let mlp = path / "mlp";
        Self {
            norm1: LayerNorm::new(&(path / "norm1"), width),
            attention: Attention::new(&(path / "attn"), width, heads, init),
            norm2: LayerNorm::new(&(path / "norm2"), width),
            fc1: Linear::truncated_normal(&(&mlp / "fc1"), width, MLP_RATIO * width, init),
            fc2: Linear::truncated_normal(&(&mlp / "fc2"), MLP_RATIO * width, width, init),
            place,
            drop_probability,
        }
    }

    /// # Shapes
    /// - `x`: `[n, tokens, width]`
    /// - returns the same
    pub(crate) fn forward(&self, x: &Tensor, pass: Pass<'_>) -> Tensor {
        let branch = self.attention.forward(&self.norm1.forward(x));
        let x = x + self.drop_path(branch, 0, pass);
        let hidden = self.fc1.forward(&self.norm2.forward(&x)).gelu("none");
        let branch = self.fc2.forward(&hidden);
        x + self.drop_path(branch, 1, pass)
    }

    /// Stochastic depth (Huang et al. 2016, arXiv 1603.09382): in training, each row leaves this branch out with
    /// `drop_probability`, and what is kept is scaled, so that the mean stays.
    ///
    /// # Shapes
    /// - `branch`: `[n, tokens, width]`
    /// - returns the same
    fn drop_path(&self, branch: Tensor, which: i64, pass: Pass<'_>) -> Tensor {
        let Some(draws) = pass.draws.filter(|_| pass.mode != Mode::Eval && self.drop_probability > 0.0)
        else {
            return branch;
        };
        let kept = draws
            .uniform(2 * self.place + which, 1, branch.device())
            .ge(self.drop_probability)
            .to_kind(branch.kind());
        branch * (kept / (1.0 - self.drop_probability)).unsqueeze(2)
    }

    pub(crate) fn handle(&self) -> Self {
        Self {
            norm1: self.norm1.handle(),
            attention: self.attention.handle(),
            norm2: self.norm2.handle(),
            fc1: self.fc1.handle(),
            fc2: self.fc2.handle(),
            place: self.place,
            drop_probability: self.drop_probability,
        }
    }
}
