//! BERT (Devlin et al. 2018, arXiv 1810.04805, section 3) as an encoder of texts: the mean over its tokens, as Sentence-BERT
//! (Reimers and Gurevych 2019, arXiv 1908.10084, section 3) takes it, or its first token; with transformers' names.

use crate::encoder::parameters;
use crate::layer_norm::LayerNorm;
use crate::layers::Linear;
use crate::text_encoder::embedded;
use crate::{Init, Pass, TextEncoder, TextSpec};
use kontrast_torch_ext::{Parameter, StateDict, Texts};
use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor, nn};

/// Added to the variance of layer norms, as in BERT's weights.
const EPSILON: f64 = 1e-12;
/// More blocks than any published BERT has.
const MOST_BLOCKS: i64 = 1024;
/// Standard deviation of initial weights.
const STD: f64 = 0.02;

/// Everything that decides a BERT's shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BertSpec {
    /// How many ids there are.
    pub vocabulary: i64,
    /// The most tokens of a text; 512 in BERT.
    pub length: i64,
    /// Values of a token, and of a representation.
    pub width: i64,
    /// Blocks.
    pub depth: i64,
    /// Heads of attention, which divide the width.
    pub heads: i64,
    /// Values of the MLP's hidden layer.
    pub hidden: i64,
    /// What the representation of a text is.
    pub pooling: TextPooling,
}

/// What the representation of a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TextPooling {
    /// The mean over its tokens, those that begin and end it among them.
    Mean,
    /// Its first token.
    First,
}

impl BertSpec {
    /// The shape of these weights, which lie under transformers' names; none where they are no BERT's. Heads and pooling do not
    /// follow from shapes: heads of 32 values up to a width of 384, as MiniLM has them, of 64 beyond.
    pub fn of_weights(state: &StateDict) -> Option<Self> {
        let (vocabulary, width) = state.get("embeddings.word_embeddings.weight")?.size2().ok()?;
        let (length, _) = state.get("embeddings.position_embeddings.weight")?.size2().ok()?;
        let first = state.get("encoder.layer.0.intermediate.dense.weight")?;
        let has = |layer: &i64| state.get(&format!("encoder.layer.{layer}.output.dense.weight")).is_some();
        let depth = (0..MOST_BLOCKS).take_while(has).count() as i64;
        let heads = width / if width <= 384 { 32 } else { 64 };
        let (hidden, pooling) = (first.size()[0], TextPooling::Mean);
        Some(Self { vocabulary, length, width, depth, heads: heads.max(1), hidden, pooling })
    }
}

/// BERT without its pooler and its heads.
#[derive(Debug)]
pub struct Bert {
    spec: BertSpec,
    /// `[vocabulary, width]`
    words: Tensor,
    /// `[length, width]`
    positions: Tensor,
    /// `[2, width]`, of which texts have the first.
    kinds: Tensor,
    norm: LayerNorm,
    blocks: Vec<Block>,
    variables: StateDict,
}

impl Bert {
    /// Makes the variables in `store`, which holds nothing else, with BERT's initial values: truncated normal draws of standard
    /// deviation 0.02.
    ///
    /// # Panics
    /// Where the heads do not divide the width.
    pub fn new(store: &nn::VarStore, spec: BertSpec, init: Init) -> Self {
        let BertSpec { vocabulary, length, width, depth, heads, .. } = spec;
        assert!(heads > 0 && width % heads == 0, "{heads} heads of {width} values");
        let (path, device) = (store.root(), store.device());
        let embeddings = &path / "embeddings";
        let table = |name: &str, rows: i64| {
            let path = &embeddings / name;
            let value = init.truncated_normal(&path.path("weight"), &[rows, width], STD);
            path.add("weight", value.to_device(device), true)
        };
        let layers = &(&path / "encoder") / "layer";
        Self {
            spec,
            words: table("word_embeddings", vocabulary),
            positions: table("position_embeddings", length),
            kinds: table("token_type_embeddings", 2),
            norm: LayerNorm::with_epsilon(&(&embeddings / "LayerNorm"), width, EPSILON),
            blocks: (0..depth).map(|place| Block::new(&(&layers / place), spec, init)).collect(),
            variables: crate::state(store),
        }
    }
}

impl TextEncoder for Bert {
    fn forward(&self, texts: &Texts, _pass: Pass<'_>) -> Tensor {
        let x = embedded(&self.words, texts, self.spec.length);
        let x = &x + self.positions.narrow(0, 0, x.size()[1]) + self.kinds.get(0);
        let is_token = texts.is_token();
        let seen = is_token.unsqueeze(1).unsqueeze(1);
        let x = self.blocks.iter().fold(self.norm.forward(&x), |x, block| block.forward(&x, &seen));
        match self.spec.pooling {
            TextPooling::First => x.select(1, 0),
            TextPooling::Mean => {
                let weights = is_token.to_kind(x.kind()).unsqueeze(2);
                let (sum, count) = (
                    (x * &weights).sum_dim_intlist(1, false, None::<Kind>),
                    weights.sum_dim_intlist(1, false, None::<Kind>),
                );
                sum / count
            }
        }
    }

    fn width(&self) -> i64 {
        self.spec.width
    }

    fn spec(&self) -> TextSpec {
        TextSpec::Bert(self.spec)
    }

    fn variables(&self) -> StateDict {
        self.variables.clone()
    }

    /// The embeddings at depth 0, then one a block.
    fn parameters(&self) -> Vec<Parameter> {
        let blocks = (0..self.blocks.len()).map(|block| format!("encoder.layer.{block}"));
        parameters(&self.variables, std::iter::once("embeddings".to_owned()).chain(blocks))
    }

    fn handle(&self) -> Box<dyn TextEncoder> {
        Box::new(Self {
            spec: self.spec,
            words: self.words.shallow_clone(),
            positions: self.positions.shallow_clone(),
            kinds: self.kinds.shallow_clone(),
            norm: self.norm.handle(),
            blocks: self.blocks.iter().map(Block::handle).collect(),
            variables: self.variables.clone(),
        })
    }
}

/// Attention and an MLP, each beside a shortcut and before a layer norm.
#[derive(Debug)]
struct Block {
    query: Linear,
    key: Linear,
    value: Linear,
    projection: Linear,
    norm1: LayerNorm,
    hidden: Linear,
    output: Linear,
    norm2: LayerNorm,
    heads: i64,
}

impl Block {
    fn new(path: &nn::Path<'_>, spec: BertSpec, init: Init) -> Self {
        let BertSpec { width, hidden, heads, .. } = spec;
        let linear =
            |path: &nn::Path<'_>, inputs, outputs| Linear::truncated_normal(path, inputs, outputs, init);
        let attention = path / "attention";
        let (own, after, output) = (&attention / "self", &attention / "output", path / "output");
        Self {
            query: linear(&(&own / "query"), width, width),
            key: linear(&(&own / "key"), width, width),
            value: linear(&(&own / "value"), width, width),
            projection: linear(&(&after / "dense"), width, width),
            norm1: LayerNorm::with_epsilon(&(&after / "LayerNorm"), width, EPSILON),
            hidden: linear(&(&(path / "intermediate") / "dense"), width, hidden),
            output: linear(&(&output / "dense"), hidden, width),
            norm2: LayerNorm::with_epsilon(&(&output / "LayerNorm"), width, EPSILON),
            heads,
        }
    }

    /// # Shapes
    /// - `x`: `[n, tokens, width]`
    /// - `seen`: `[n, 1, 1, tokens]`, bool: which ids are tokens
    /// - returns as `x`
    fn forward(&self, x: &Tensor, seen: &Tensor) -> Tensor {
        let (n, tokens, width) = x.size3().expect("rows of tokens");
        let by_head = |layer: &Linear| {
            layer.forward(x).view([n, tokens, self.heads, width / self.heads]).transpose(1, 2)
        };
        let [q, k, v] = [&self.query, &self.key, &self.value].map(by_head);
        let mixed = Tensor::scaled_dot_product_attention(&q, &k, &v, Some(seen), 0.0, false, None, false);
        let mixed = mixed.transpose(1, 2).reshape([n, tokens, width]);
        let x = self.norm1.forward(&(self.projection.forward(&mixed) + x));
        let hidden = self.hidden.forward(&x).gelu("none");
        self.norm2.forward(&(self.output.forward(&hidden) + x))
    }

    fn handle(&self) -> Self {
        Self {
            query: self.query.handle(),
            key: self.key.handle(),
            value: self.value.handle(),
            projection: self.projection.handle(),
            norm1: self.norm1.handle(),
            hidden: self.hidden.handle(),
            output: self.output.handle(),
            norm2: self.norm2.handle(),
            heads: self.heads,
        }
    }
}
