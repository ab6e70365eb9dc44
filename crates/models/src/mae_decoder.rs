//! The decoder of MAE (He et al. 2021, arXiv 2111.06377, section 3): from the tokens of some patches to the pixels of all.

use crate::layer_norm::LayerNorm;
use crate::layers::{Linear, fp32_at_least};
use crate::patches::filled;
use crate::position::sines;
use crate::vit_block::VitBlock;
use crate::{Init, Mode};
use tch::{Tensor, nn};

/// Everything that decides the shape of the decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaeDecoderSpec {
    /// Values of a token of the encoder.
    pub inputs: i64,
    /// Values of a token of the decoder; a multiple of four.
    pub width: i64,
    /// Blocks.
    pub depth: i64,
    /// Heads of attention, which divide the width.
    pub heads: i64,
    /// Values of a patch.
    pub outputs: i64,
}

/// A linear layer to the decoder's width, a token in place of each hidden patch, fixed positions, blocks, a norm, and a linear
/// layer to the values of a patch.
#[derive(Debug)]
pub struct MaeDecoder {
    embed: Linear,
    mask_token: Tensor,
    blocks: Vec<VitBlock>,
    norm: LayerNorm,
    predict: Linear,
    width: i64,
}

impl MaeDecoder {
    /// Makes the variables in `store`, with truncated normal draws of standard deviation 0.02 for linear layers and the mask token.
    ///
    /// # Panics
    /// Where the heads do not divide the width.
    pub fn new(store: &nn::VarStore, spec: MaeDecoderSpec, init: Init) -> Self {
        let MaeDecoderSpec { inputs, width, depth, heads, outputs } = spec;
        let path = store.root();
        let token = init.truncated_normal("mask_token", &[1, 1, width], 0.02);
        let block =
            |place: i64| VitBlock::new(&(&(&path / "blocks") / place), (width, heads), (place, 0.0), init);
        Self {
            embed: Linear::truncated_normal(&(&path / "embed"), inputs, width, init),
            mask_token: path.add("mask_token", token.to_device(store.device()), true),
            blocks: (0..depth).map(block).collect(),
            norm: LayerNorm::new(&(&path / "norm"), width),
            predict: Linear::truncated_normal(&(&path / "predict"), width, outputs, init),
            width,
        }
    }

    /// The values of all patches, of a grid of so many rows and columns.
    ///
    /// # Shapes
    /// - `tokens`: `[n, 1 + k, inputs]`, the class token's first
    /// - `keep`: `[n, k]`, i64, the places of the others in the grid, row by row
    /// - returns `[n, rows * columns, outputs]`
    ///
    /// # Panics
    /// Where four does not divide the width.
    pub fn forward(&self, tokens: &Tensor, keep: &Tensor, grid: (i64, i64), mode: Mode) -> Tensor {
        let places = grid.0 * grid.1;
        let x = fp32_at_least(&self.embed.forward(tokens));
        let (class, kept) = (x.narrow(1, 0, 1), x.narrow(1, 1, keep.size()[1]));
        let positions = sines(grid, self.width, x.device()).to_kind(x.kind());
        let patches = filled(&kept, keep, &self.mask_token, places) + positions;
        let x = Tensor::cat(&[class, patches], 1);
        let x = self.blocks.iter().fold(x, |x, block| block.forward(&x, mode.into()));
        self.predict.forward(&self.norm.forward(&x.narrow(1, 1, places)))
    }
}
