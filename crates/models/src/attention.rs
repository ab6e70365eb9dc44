//! Multi-head self-attention (Vaswani et al. 2017, arXiv 1706.03762, section 3.2), with timm's names.

use crate::Init;
use crate::layers::Linear;
use tch::{Tensor, nn};

/// Every token attends to all tokens of its row, itself among them.
#[derive(Debug)]
pub struct Attention {
    /// Queries, keys and values in one product.
    qkv: Linear,
    proj: Linear,
    heads: i64,
}

impl Attention {
    /// For tokens of `width` values, split among `heads`.
    ///
    /// # Panics
    /// Where the heads do not divide the width.
    pub fn new(path: &nn::Path<'_>, width: i64, heads: i64, init: Init) -> Self {
        assert!(heads > 0 && width % heads == 0, "{heads} heads of {width} values");
        let qkv = Linear::truncated_normal(&(path / "qkv"), width, 3 * width, init);
        let proj = Linear::truncated_normal(&(path / "proj"), width, width, init);
        Self { qkv, proj, heads }
    }

    /// For each token and head the mean of the values, weighted by the softmax of its query times the keys over the root
    /// of a head's width; then the output projection.
    ///
    /// # Shapes
    /// - `x`: `[n, tokens, width]`
    /// - returns the same
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let (n, tokens, width) = x.size3().expect("rows of tokens");
        let each = self.qkv.forward(x).view([n, tokens, 3, self.heads, width / self.heads]);
        let each = each.permute([2, 0, 3, 1, 4]);
        let [q, k, v] = [0, 1, 2].map(|which| each.get(which));
        let none = None::<&Tensor>;
        let mixed = Tensor::scaled_dot_product_attention(&q, &k, &v, none, 0.0, false, None, false);
        self.proj.forward(&mixed.transpose(1, 2).reshape([n, tokens, width]))
    }

    /// Another handle on the same variables.
    #[must_use]
    pub fn handle(&self) -> Self {
        Self { qkv: self.qkv.handle(), proj: self.proj.handle(), heads: self.heads }
    }
}
