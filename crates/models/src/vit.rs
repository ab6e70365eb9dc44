//! Vision transformers (Dosovitskiy et al. 2020, arXiv 2010.11929) without the classifier, with timm's names.

use crate::encoder::parameters;
use crate::layer_norm::LayerNorm;
use crate::layers::fp32_at_least;
use crate::patches::picked;
use crate::position::{interpolated, sines};
use crate::vit_block::VitBlock;
use crate::{Encoder, EncoderSpec, Init, Pass};
use kontrast_torch_ext::{Parameter, StateDict, channels_last};
use serde::{Deserialize, Serialize};
use tch::{Device, Tensor, nn};

/// Which position embeddings are added to the tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PositionEmbedding {
    /// An embedding for each place and one for the class token, trained; interpolated for images of another size.
    Learned,
    /// Sines and cosines, which are not trained; the class token has none (MoCo v3).
    Sines,
}

/// Everything that decides the shape of a vision transformer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct VitSpec {
    /// Values of a token, and of a representation.
    pub width: i64,
    /// Blocks.
    pub depth: i64,
    /// Heads of attention, which divide the width.
    pub heads: i64,
    /// Pixels on a side of a patch.
    pub patch: i64,
    /// Pixels on a side of the images that the learned positions are made for.
    pub side: i64,
    /// How tokens learn where they are.
    pub position: PositionEmbedding,
    /// With which probability a row leaves out the last block's attention, and its MLP; 0 in the first block, rising
    /// linearly between them.
    pub stochastic_depth: f64,
    /// Whether the projection of patches keeps its initial values (MoCo v3, section 4.2).
    pub frozen_projection: bool,
    /// Channels of an image.
    pub channels: i64,
    /// Whether images, and the projection of patches, have channels-last strides.
    pub channels_last: bool,
}

impl VitSpec {
    /// ViT-Tiny of DeiT (Touvron et al. 2020, arXiv 2012.12877, table 1): 12 blocks, 3 heads, 192 values.
    pub fn tiny(patch: i64, side: i64) -> Self {
        Self {
            width: 192,
            depth: 12,
            heads: 3,
            patch,
            side,
            position: PositionEmbedding::Learned,
            stochastic_depth: 0.0,
            frozen_projection: false,
            channels: 3,
            channels_last: true,
        }
    }

    /// ViT-Small of DeiT: 12 blocks, 6 heads, 384 values.
    pub fn small(patch: i64, side: i64) -> Self {
        Self { width: 384, heads: 6, ..Self::tiny(patch, side) }
    }
}

/// A vision transformer up to the last norm; the class token is the representation.
#[derive(Debug)]
pub struct Vit {
    spec: VitSpec,
    projection: (Tensor, Tensor),
    class: Tensor,
    /// `[1, 1 + patches, width]`, the class token's first, where they are learned.
    positions: Option<Tensor>,
    blocks: Vec<VitBlock>,
    norm: LayerNorm,
    variables: StateDict,
    device: Device,
}

impl Vit {
    /// Makes the variables in `store`, which holds nothing else, with timm's initial values: truncated normal draws of
    /// standard deviation 0.02 for linear layers and positions, PyTorch's for the projection of patches.
    ///
    /// # Panics
    /// Where the heads do not divide the width, or the patches the side.
    pub fn new(store: &nn::VarStore, spec: VitSpec, init: Init) -> Self {
        let VitSpec { width, depth, patch, side, .. } = spec;
        assert!(patch > 0 && side % patch == 0, "patches of {patch} pixels in images of {side}");
        let (path, device) = (store.root(), store.device());
        let proj = &(&path / "patch_embed") / "proj";
        let fan_in = spec.channels * patch * patch;
        let draw = |name: &str, shape: &[i64]| {
            let value = init.linear(&proj.path(name), shape, fan_in);
            let value = if spec.channels_last && shape.len() == 4 { channels_last(&value) } else { value };
            proj.add(name, value.to_device(device), !spec.frozen_projection)
        };
        let projection = (draw("weight", &[width, spec.channels, patch, patch]), draw("bias", &[width]));
        let token = |name: &str, shape: &[i64], std: f64| {
            path.add(name, init.truncated_normal(name, shape, std).to_device(device), true)
        };
        let class = token("cls_token", &[1, 1, width], 1e-6);
        let places = 1 + (side / patch) * (side / patch);
        let learned = spec.position == PositionEmbedding::Learned;
        let positions = learned.then(|| token("pos_embed", &[1, places, width], 0.02));
        let block = |place: i64| {
            let drop_probability = spec.stochastic_depth * place as f64 / (depth - 1).max(1) as f64;
            VitBlock::new(
                &(&(&path / "blocks") / place),
                (width, spec.heads),
                (place, drop_probability),
                init,
            )
        };
        let blocks = (0..depth).map(block).collect();
        let norm = LayerNorm::new(&(&path / "norm"), width);
        Self { spec, projection, class, positions, blocks, norm, variables: crate::state(store), device }
    }

    /// What is added to the class token and to each patch of images of so many rows and columns of patches: learned
    /// embeddings, interpolated where they are of another grid, or sines and cosines, of which the class token has none.
    ///
    /// # Shapes
    /// - returns `[1, 1 + rows * columns, width]`, without gradient
    pub fn positions(spec: VitSpec, variables: &StateDict, grid: (i64, i64)) -> Tensor {
        let own = spec.side / spec.patch;
        tch::no_grad(|| match variables.get("pos_embed") {
            Some(all) => {
                let places = interpolated(&all.narrow(1, 1, own * own), (own, own), grid);
                Tensor::cat(&[all.narrow(1, 0, 1), places], 1)
            }
            None => sines(grid, spec.width, Device::Cpu).constant_pad_nd([0, 0, 1, 0]),
        })
    }

    /// The class token and the patches with their positions, `[n, 1 + patches, width]`, and the grid of patches.
    fn tokens(&self, images: &Tensor) -> (Tensor, (i64, i64)) {
        let patch = self.spec.patch;
        let (weight, bias) = &self.projection;
        let map = images.conv2d(weight, Some(bias), patch, 0, 1, 1);
        let (n, width, rows, columns) = map.size4().expect("images of four dimensions");
        let patches = map.flatten(2, 3).transpose(1, 2);
        // Tokens are fp32 at least, also where autocast makes products in bf16.
        let patches = fp32_at_least(&patches);
        let (class, patches) = if let Some(all) = &self.positions {
            let own = self.spec.side / patch;
            let places = interpolated(&all.narrow(1, 1, own * own), (own, own), (rows, columns));
            (&self.class + all.narrow(1, 0, 1), patches + places)
        } else {
            let places = sines((rows, columns), width, self.device).to_kind(patches.kind());
            (self.class.shallow_clone(), patches + places)
        };
        (Tensor::cat(&[class.expand([n, 1, width], false), patches], 1), (rows, columns))
    }
}

impl Encoder for Vit {
    fn forward(&self, images: &Tensor, pass: Pass<'_>) -> Tensor {
        let (x, _) = self.tokens(images);
        let x = self.blocks.iter().fold(x, |x, block| block.forward(&x, pass));
        self.norm.forward(&x.select(1, 0))
    }

    /// The patches after each block, laid out as they lie in the image; the class token is left out.
    fn stages(&self, images: &Tensor, pass: Pass<'_>) -> Vec<Tensor> {
        let (mut x, (rows, columns)) = self.tokens(images);
        let stage = |block: &VitBlock| {
            x = block.forward(&x, pass);
            let patches = x.narrow(1, 1, rows * columns).transpose(1, 2);
            patches.reshape([-1, self.spec.width, rows, columns])
        };
        self.blocks.iter().map(stage).collect()
    }

    fn kept_tokens(&self, images: &Tensor, keep: &Tensor, pass: Pass<'_>) -> Option<Tensor> {
        let (all, (rows, columns)) = self.tokens(images);
        let patches = picked(&all.narrow(1, 1, rows * columns), keep);
        let x = Tensor::cat(&[all.narrow(1, 0, 1), patches], 1);
        let x = self.blocks.iter().fold(x, |x, block| block.forward(&x, pass));
        Some(self.norm.forward(&x))
    }

    fn width(&self) -> i64 {
        self.spec.width
    }

    fn spec(&self) -> Option<EncoderSpec> {
        Some(EncoderSpec::Vit(self.spec))
    }

    fn variables(&self) -> StateDict {
        self.variables.clone()
    }

    /// The projection of patches, class token and positions at depth 0, then one a block, and the last norm at one more
    /// than the blocks, as BEiT (Bao et al. 2021, arXiv 2106.08254) and MAE (He et al. 2021, arXiv 2111.06377) count them.
    fn parameters(&self) -> Vec<Parameter> {
        let blocks = (0..self.blocks.len()).map(|block| format!("blocks.{block}"));
        let layers = std::iter::once("patch_embed".to_owned()).chain(blocks).chain(["norm".to_owned()]);
        parameters(&self.variables, layers)
    }

    fn handle(&self) -> Box<dyn Encoder> {
        let (weight, bias) = &self.projection;
        Box::new(Self {
            spec: self.spec,
            projection: (weight.shallow_clone(), bias.shallow_clone()),
            class: self.class.shallow_clone(),
            positions: self.positions.as_ref().map(Tensor::shallow_clone),
            blocks: self.blocks.iter().map(VitBlock::handle).collect(),
            norm: self.norm.handle(),
            variables: self.variables.clone(),
            device: self.device,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kontrast_testkit::{Case, assert_close};

    #[test]
    fn sines_are_those_of_moco_v3() {
        let case = Case::from_bytes(include_bytes!("../tests/golden/vit/case.safetensors"));
        assert_close(&sines((3, 3), 24, Device::Cpu), &case["sines"], 1e-6);
    }
}
