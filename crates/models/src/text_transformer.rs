//! CLIP's text encoder (Radford et al. 2021, arXiv 2103.00020, section 2.4): a transformer whose tokens see those before them,
//! read at the end of the text; with the names of OpenAI's and open_clip's weights.

use crate::encoder::parameters;
use crate::layer_norm::LayerNorm;
use crate::layers::{Linear, fp32_at_least};
use crate::text_encoder::embedded;
use crate::{Init, Pass, TextEncoder, TextSpec};
use kontrast_torch_ext::{Parameter, StateDict, Texts};
use serde::{Deserialize, Serialize};
use tch::{Tensor, nn};

/// Added to the variance of layer norms, as in CLIP's weights.
const EPSILON: f64 = 1e-5;
/// The MLP's hidden layer has this many times the width.
const MLP_RATIO: i64 = 4;

/// Everything that decides the shape of CLIP's text encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextTransformerSpec {
    /// How many ids there are; 49,408 in CLIP.
    pub vocabulary: i64,
    /// The most tokens of a text; 77 in CLIP.
    pub length: i64,
    /// Values of a token.
    pub width: i64,
    /// Blocks.
    pub depth: i64,
    /// Heads of attention, which divide the width.
    pub heads: i64,
    /// Values of a representation, behind a projection without bias.
    pub output: i64,
    /// Between the MLP's layers.
    pub activation: TextActivation,
}

/// Between the layers of an MLP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TextActivation {
    /// GELU, not approximated: open_clip's own models.
    Gelu,
    /// x times the sigmoid of 1.702 x: OpenAI's weights.
    QuickGelu,
}

impl TextTransformerSpec {
    /// The text encoder of CLIP's ViT-B: 12 blocks, 8 heads, 512 values.
    pub fn base(vocabulary: i64) -> Self {
        let activation = TextActivation::Gelu;
        Self { vocabulary, length: 77, width: 512, depth: 12, heads: 8, output: 512, activation }
    }
}

/// CLIP's text encoder; the token at the end of a text, projected, is its representation.
#[derive(Debug)]
pub struct TextTransformer {
    spec: TextTransformerSpec,
    /// `[vocabulary, width]`
    tokens: Tensor,
    /// `[length, width]`
    positions: Tensor,
    blocks: Vec<Block>,
    norm: LayerNorm,
    /// `[width, output]`
    projection: Tensor,
    variables: StateDict,
}

impl TextTransformer {
    /// Makes the variables in `store`, which holds nothing else, with CLIP's initial values: normal draws whose standard deviation
    /// follows from width and depth.
    ///
    /// # Panics
    /// Where the heads do not divide the width.
    pub fn new(store: &nn::VarStore, spec: TextTransformerSpec, init: Init) -> Self {
        let TextTransformerSpec { vocabulary, length, width, depth, heads, output, .. } = spec;
        assert!(heads > 0 && width % heads == 0, "{heads} heads of {width} values");
        let path = store.root();
        let draw = |path: &nn::Path<'_>, name: &str, shape: &[i64], std: f64| {
            let value = init.normal(&path.path(name), shape, std);
            path.add(name, value.to_device(path.device()), true)
        };
        let blocks = &(&path / "transformer") / "resblocks";
        Self {
            spec,
            tokens: draw(&(&path / "token_embedding"), "weight", &[vocabulary, width], 0.02),
            positions: draw(&path, "positional_embedding", &[length, width], 0.01),
            blocks: (0..depth).map(|place| Block::new(&(&blocks / place), spec, init)).collect(),
            norm: LayerNorm::with_epsilon(&(&path / "ln_final"), width, EPSILON),
            projection: draw(&path, "text_projection", &[width, output], (width as f64).powf(-0.5)),
            variables: crate::state(store),
        }
    }
}

impl TextEncoder for TextTransformer {
    fn forward(&self, texts: &Texts, _pass: Pass<'_>) -> Tensor {
        let x = embedded(&self.tokens, texts, self.spec.length);
        let x = &x + self.positions.narrow(0, 0, x.size()[1]);
        let x = self.blocks.iter().fold(x, |x, block| block.forward(&x));
        // No token sees one behind it, so that padding reaches nothing.
        let ends = (texts.lengths() - 1).view([-1, 1, 1]).expand([-1, 1, self.spec.width], false);
        let last = self.norm.forward(&x.gather(1, &ends, false).squeeze_dim(1));
        fp32_at_least(&last.matmul(&self.projection))
    }

    #[expect(clippy::misnamed_getters, reason = "the spec's width is a token's")]
    fn width(&self) -> i64 {
        self.spec.output
    }

    fn spec(&self) -> TextSpec {
        TextSpec::Transformer(self.spec)
    }

    fn variables(&self) -> StateDict {
        self.variables.clone()
    }

    /// Tokens and positions at depth 0, then one a block, and the last norm and the projection at one more than the blocks.
    fn parameters(&self) -> Vec<Parameter> {
        let blocks = (0..self.blocks.len()).map(|block| format!("transformer.resblocks.{block}"));
        let layers =
            std::iter::once("token_embedding".to_owned()).chain(blocks).chain(["ln_final".to_owned()]);
        let last = self.blocks.len() + 1;
        let placed = |own: Parameter| match &*own.name {
            "text_projection" => Parameter { depth: last, ..own },
            _ => own,
        };
        parameters(&self.variables, layers).into_iter().map(placed).collect()
    }

    fn handle(&self) -> Box<dyn TextEncoder> {
        Box::new(Self {
            spec: self.spec,
            tokens: self.tokens.shallow_clone(),
            positions: self.positions.shallow_clone(),
            blocks: self.blocks.iter().map(Block::handle).collect(),
            norm: self.norm.handle(),
            projection: self.projection.shallow_clone(),
            variables: self.variables.clone(),
        })
    }
}

/// Attention to what stands before, then an MLP, each after a layer norm and beside a shortcut.
#[derive(Debug)]
struct Block {
    norm1: LayerNorm,
    /// Queries, keys and values in one product: `[3 * width, width]` and `[3 * width]`.
    joint: (Tensor, Tensor),
    projection: Linear,
    norm2: LayerNorm,
    hidden: Linear,
    output: Linear,
    heads: i64,
    activation: TextActivation,
}

impl Block {
    fn new(path: &nn::Path<'_>, spec: TextTransformerSpec, init: Init) -> Self {
        let TextTransformerSpec { width, depth, heads, activation, .. } = spec;
        let (attention, mlp) = (path / "attn", path / "mlp");
        let of_width = (width as f64).powf(-0.5);
        // What is added to the shortcuts is smaller the more blocks add to them.
        let of_sum = of_width * (2.0 * depth as f64).powf(-0.5);
        let joint = init.normal(&attention.path("in_proj_weight"), &[3 * width, width], of_width);
        let normal =
            |path: &nn::Path<'_>, inputs, outputs, std| Linear::normal(path, inputs, outputs, std, init);
        Self {
            norm1: LayerNorm::with_epsilon(&(path / "ln_1"), width, EPSILON),
            joint: (
                attention.add("in_proj_weight", joint.to_device(path.device()), true),
                attention.zeros("in_proj_bias", &[3 * width]),
            ),
            projection: normal(&(&attention / "out_proj"), width, width, of_sum),
            norm2: LayerNorm::with_epsilon(&(path / "ln_2"), width, EPSILON),
            hidden: normal(&(&mlp / "c_fc"), width, MLP_RATIO * width, (2.0 * width as f64).powf(-0.5)),
            output: normal(&(&mlp / "c_proj"), MLP_RATIO * width, width, of_sum),
            heads,
            activation,
        }
    }

    /// # Shapes
    /// - `x`: `[n, tokens, width]`
    /// - returns the same
    fn forward(&self, x: &Tensor) -> Tensor {
        let (n, tokens, width) = x.size3().expect("rows of tokens");
        let joint = self.norm1.forward(x).linear(&self.joint.0, Some(&self.joint.1));
        let each = joint.view([n, tokens, 3, self.heads, width / self.heads]).permute([2, 0, 3, 1, 4]);
        let [q, k, v] = [0, 1, 2].map(|which| each.get(which));
        let mixed = Tensor::scaled_dot_product_attention(&q, &k, &v, None::<&Tensor>, 0.0, true, None, false);
        let x = x + self.projection.forward(&mixed.transpose(1, 2).reshape([n, tokens, width]));
        let hidden = self.hidden.forward(&self.norm2.forward(&x));
        let hidden = match self.activation {
            TextActivation::Gelu => hidden.gelu("none"),
            TextActivation::QuickGelu => &hidden * (&hidden * 1.702).sigmoid(),
        };
        x + self.output.forward(&hidden)
    }

    fn handle(&self) -> Self {
        Self {
            norm1: self.norm1.handle(),
            joint: (self.joint.0.shallow_clone(), self.joint.1.shallow_clone()),
            projection: self.projection.handle(),
            norm2: self.norm2.handle(),
            hidden: self.hidden.handle(),
            output: self.output.handle(),
            ..*self
        }
    }
}
