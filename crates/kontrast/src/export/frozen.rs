//! An encoder as it leaves: architecture and weights, for images of one size.

use kontrast_models::{Encoder, EncoderSpec, PositionEmbedding, Vit, VitSpec};
use kontrast_torch_ext::StateDict;
use tch::{Kind, Tensor};

/// An encoder that is not trained any more.
#[derive(Debug)]
pub(crate) struct Frozen {
    /// Its architecture; that of a transformer with learned positions, for images of `size`.
    pub(crate) spec: EncoderSpec,
    /// Width and height of the images, in pixels.
    pub(crate) size: (usize, usize),
    /// Values of a representation.
    pub(crate) width: i64,
    /// Its variables and running statistics; positions of a transformer are those of `size`.
    pub(crate) state: StateDict,
}

impl Frozen {
    /// # Errors
    /// Where images of this size have no patch.
    pub(crate) fn new(
        encoder: &dyn Encoder,
        spec: EncoderSpec,
        size: (usize, usize),
        half: bool,
    ) -> Result<Self, String> {
        let variables = encoder.variables();
        let mut positions = None;
        let spec = match spec {
            EncoderSpec::Vit(own) => {
                let grid = (size.1 as i64 / own.patch, size.0 as i64 / own.patch);
                if grid.0 == 0 || grid.1 == 0 {
                    let (patch, width, height) = (own.patch, size.0, size.1);
                    return Err(format!(
                        "images of {width}x{height} pixels hold no patch of {patch}; pass a larger --size"
                    ));
                }
                positions = Some(Vit::positions(own, &variables, grid));
                let (side, position) = (size.0 as i64, PositionEmbedding::Learned);
                let (stochastic_depth, frozen_projection) = (0.0, false);
                EncoderSpec::Vit(VitSpec { side, position, stochastic_depth, frozen_projection, ..own })
            }
            other => other,
        };
        let others = variables.iter().filter(|(name, _)| *name != "pos_embed");
        let all = others.chain(positions.as_ref().map(|tensor| ("pos_embed", tensor)));
        let kind = if half { Kind::Half } else { Kind::Float };
        let stored = |tensor: &Tensor| tensor.detach().to_kind(kind);
        let state = all.map(|(name, tensor)| (name.to_owned(), stored(tensor))).collect();
        Ok(Self { spec, size, width: encoder.width(), state })
    }
}
