//! MAE (He et al. 2021, arXiv 2111.06377): the encoder sees some patches of an image, and a small decoder predicts the pixels of
//! the others.

use crate::branch::Branch;
use crate::objective::{
    BatchInfo, CollapseCriterion, Encoders, LossOutput, Objective, Reconstructed, Reconstruction,
};
use crate::setting::Setting;
use crate::{Outputs, Progress, draw};
use kontrast_augment_torch::Views;
use kontrast_losses::{masked_mse, normalised_patches, patch_statistics};
use kontrast_models::{
    EncoderSpec, HeadSpec, Init, MaeDecoder, MaeDecoderSpec, Mode, hidden_patches, patchify, state,
    unpatchify,
};
use kontrast_torch_ext::{Autocast, Precision, StateDict};
use tch::{Kind, Tensor, nn};

/// The epoch under which masks of evaluation are drawn: none of training.
const EVALUATION: u32 = u32::MAX;

/// A vision transformer and the decoder of its tokens.
pub(crate) struct Mae {
    config: kontrast_config::Mae,
    branch: Branch,
    decoder_store: nn::VarStore,
    decoder: MaeDecoder,
    /// Pixels on a side of a patch.
    patch: i64,
    seed: u64,
    precision: Precision,
}

/// Predictions of the pixels of all patches.
struct Decoded {
    /// The class token, `[n, width]`.
    h: Tensor,
    /// `[n, patches, values]`, fp32.
    predictions: Tensor,
}

impl Mae {
    /// # Panics
    /// Where the encoder is no vision transformer: the experiment's check refuses that.
    pub(crate) fn new(config: &kontrast_config::Mae, setting: &Setting) -> Self {
        let EncoderSpec::Vit(spec) = setting.encoder else { panic!("method.mae has a vision transformer") };
        let store = nn::VarStore::new(setting.device);
        let decoder = MaeDecoderSpec {
            inputs: spec.width,
            width: config.decoder.width.into(),
            depth: config.decoder.depth.into(),
            heads: config.decoder.heads.into(),
            outputs: spec.patch * spec.patch * spec.channels,
        };
        Self {
            config: config.clone(),
            branch: Branch::new(setting, &HeadSpec::none(), 1),
            decoder: MaeDecoder::new(&store, decoder, Init::new(setting.seed).part("decoder")),
            decoder_store: store,
            patch: spec.patch,
            seed: setting.seed,
            precision: setting.precision,
        }
    }

    /// Rows and columns of patches.
    fn grid(&self, images: &Tensor) -> (i64, i64) {
        (images.size()[2] / self.patch, images.size()[3] / self.patch)
    }

    /// The places of the patches that the encoder sees, `[n, kept]`: drawn by seed, epoch and image.
    fn keep(&self, views: &Views, epoch: u32) -> Tensor {
        let images = views.view(0);
        let (rows, columns) = self.grid(&images);
        let patches = rows * columns;
        let kept = self.config.kept(patches as usize) as i64;
        draw::kept_patches(views.indices(), self.seed, epoch, (kept, patches)).to_device(images.device())
    }

    fn decoded(&self, views: &Views, keep: &Tensor, progress: Progress, mode: Mode) -> Decoded {
        let images = views.view(0);
        let tokens = self.branch.kept_tokens(&images, keep, &views.rows(), progress, mode);
        let tokens = tokens.expect("a vision transformer has patches");
        let _autocast = Autocast::new(self.decoder_store.device(), self.precision);
        let predictions = self.decoder.forward(&tokens, keep, self.grid(&images), mode);
        Decoded { h: tokens.select(1, 0), predictions: predictions.to_kind(Kind::Float) }
    }

    /// A pass in which the encoder sees the patches at `keep`.
    fn outputs(&self, views: &Views, keep: &Tensor, progress: Progress, mode: Mode) -> Outputs {
        let Decoded { h, predictions } = self.decoded(views, keep, progress, mode);
        let patches = patchify(&views.view(0), self.patch);
        let hidden = hidden_patches(keep, patches.size()[1]);
        Outputs::new(&h)
            .with("predictions", predictions.unsqueeze(0))
            .with("patches", patches.unsqueeze(0))
            .with("hidden", hidden.unsqueeze(0))
            .with("class", h.detach().unsqueeze(0))
    }
}

impl Objective for Mae {
    fn name(&self) -> &'static str {
        "mae"
    }

    fn embed(&self, views: &Views, progress: Progress, mode: Mode) -> Outputs {
        self.outputs(views, &self.keep(views, progress.epoch), progress, mode)
    }

    fn loss(&mut self, online: &Outputs, _target: &Outputs, _batch: BatchInfo<'_>) -> LossOutput {
        let [predictions, patches, hidden] =
            ["predictions", "patches", "hidden"].map(|name| online[name].get(0));
        let patches = patches.detach();
        let targets = if self.config.normalise_pixels { normalised_patches(&patches) } else { patches };
        let loss = masked_mse(&predictions, &targets, &hidden.detach());
        LossOutput::new(loss, None, &online["class"])
    }

    fn reconstruction(&self) -> Option<&dyn Reconstruction> {
        Some(self)
    }

    fn collapse_criterion(&self) -> CollapseCriterion {
        CollapseCriterion::Any
    }

    fn encoders(&self) -> Encoders<'_> {
        Encoders::of_branch(&self.branch)
    }

    fn state(&self) -> StateDict {
        self.branch.state().and("decoder", &state(&self.decoder_store))
    }

    fn hint(&self) -> &'static str {
        "lower optimizer lr or lengthen schedule warmup_epochs; for MAE also train for more epochs: three quarters of an image are \
         hidden in each"
    }
}

impl Reconstruction for Mae {
    /// Normalised predictions get the mean and the standard deviation of the hidden patch itself.
    fn reconstruct(&self, views: &Views) -> Reconstructed {
        let images = views.view(0);
        let keep = self.keep(views, EVALUATION);
        let start = Progress { step: 0, steps: 1, epoch: EVALUATION, epochs: 1 };
        let mut predictions = self.decoded(views, &keep, start, Mode::Eval).predictions;
        let patches = patchify(&images, self.patch);
        if self.config.normalise_pixels {
            let (mean, std) = patch_statistics(&patches);
            predictions = predictions * std + mean;
        }
        let hidden = hidden_patches(&keep, patches.size()[1]).unsqueeze(2);
        let whole = predictions.where_self(&hidden.eq(1.0), &patches);
        let pixels = hidden.expand([-1, -1, self.patch * self.patch], false);
        let grid = self.grid(&images);
        Reconstructed {
            images: unpatchify(&whole, self.patch, grid),
            hidden: Some(unpatchify(&pixels, self.patch, grid)),
        }
    }
}
