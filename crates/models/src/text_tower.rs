//! A text encoder in a file of encoders, and the space that it shares with the image encoder.

use crate::encoder::Encoder;
use crate::{EncoderSpec, Init, Mode, Pass, TextEncoder, TextSpec};
use kontrast_torch_ext::{StateDict, StateError, Texts};
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor, nn};

/// What a file says of its text encoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TextTower {
    /// What the names of its tensors begin with, before a dot.
    pub prefix: String,
    /// Its architecture.
    pub encoder: TextSpec,
    /// The tensor that projects its representations into the shared space, `[d, width]`; none where they lie there.
    pub projection: Option<String>,
    /// The tensor that projects those of the first image encoder, `[d, width]`.
    pub image_projection: String,
    /// The tokenizer, as a `tokenizer.json`.
    pub tokenizer: String,
    /// The most tokens of a text.
    pub length: usize,
}

/// A text encoder of a file, in the space that images share.
pub struct TextModel {
    encoder: Box<dyn TextEncoder>,
    projection: Option<Tensor>,
    /// `[d, width of the image encoder]`
    image_projection: Tensor,
    device: Device,
}

impl TextModel {
    /// The text encoder of these tensors.
    ///
    /// # Errors
    /// Where they are not those of its architecture.
    pub(crate) fn new(tower: &TextTower, state: &StateDict, device: Device) -> Result<Self, StateError> {
        let encoder = tower.encoder.build(&nn::VarStore::new(device), Init::new(0));
        encoder.variables().copy_from(&state.under(&tower.prefix))?;
        let named = |name: &str| {
            let tensor =
                state.get(name).ok_or_else(|| StateError::Missing { missing: vec![name.to_owned()] })?;
            Ok::<_, StateError>(tensor.to_device(device).to_kind(Kind::Float))
        };
        let projection = tower.projection.as_deref().map(named).transpose()?;
        Ok(Self { encoder, projection, image_projection: named(&tower.image_projection)?, device })
    }

    /// Embeddings of texts.
    ///
    /// # Shapes
    /// - returns `[n, d]`, of unit length, without gradient
    pub fn embed_texts(&self, texts: &Texts) -> Tensor {
        tch::no_grad(|| {
            let h = self.encoder.forward(&texts.to_device(self.device), Pass::from(Mode::Eval));
            unit(&projected(&h, self.projection.as_ref()))
        })
    }

    /// The image encoder whose embeddings lie where those of texts do.
    pub fn image_encoder(&self, encoder: Box<dyn Encoder>) -> Box<dyn Encoder> {
        Box::new(Projected { encoder, projection: self.image_projection.shallow_clone() })
    }
}

fn projected(h: &Tensor, projection: Option<&Tensor>) -> Tensor {
    projection
        .map_or_else(|| h.shallow_clone(), |weight| h.to_kind(Kind::Float).linear(weight, None::<&Tensor>))
}

fn unit(z: &Tensor) -> Tensor {
    z / z.norm_scalaropt_dim(2, [-1i64], true).clamp_min(1e-12)
}

/// An encoder behind whose representations a projection stands: embeddings of unit length.
struct Projected {
    encoder: Box<dyn Encoder>,
    /// `[d, width]`
    projection: Tensor,
}

impl Encoder for Projected {
    fn forward(&self, images: &Tensor, pass: Pass<'_>) -> Tensor {
        unit(&projected(&self.encoder.forward(images, pass), Some(&self.projection)))
    }

    fn stages(&self, images: &Tensor, pass: Pass<'_>) -> Vec<Tensor> {
        self.encoder.stages(images, pass)
    }

    fn width(&self) -> i64 {
        self.projection.size()[0]
    }

    fn spec(&self) -> Option<EncoderSpec> {
        self.encoder.spec()
    }

    fn variables(&self) -> StateDict {
        let projection = StateDict::from_iter([("weight".to_owned(), self.projection.shallow_clone())]);
        StateDict::new().and("encoder", &self.encoder.variables()).and("projection", &projection)
    }

    fn handle(&self) -> Box<dyn Encoder> {
        Box::new(Self { encoder: self.encoder.handle(), projection: self.projection.shallow_clone() })
    }
}
