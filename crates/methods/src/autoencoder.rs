//! An autoencoder (Hinton and Salakhutdinov 2006, Science 313): the baseline that shows what reconstruction alone teaches.

use crate::Progress;
use crate::branch::{Branch, under};
use crate::objective::{Batch, LossOutput, Objective, Pass};
use crate::setting::{Setting, head};
use kontrast_augment_torch::Views;
use kontrast_config::PixelLoss;
use kontrast_models::{Decoder, DecoderSpec, Init, Mode, state, trained};
use kontrast_torch_ext::{Autocast, Precision, StateDict};
use tch::{Kind, Reduction, Tensor, nn};

/// Encoder, bottleneck and the decoder that mirrors the encoder.
pub(crate) struct Autoencoder {
    branch: Branch,
    decoder_store: nn::VarStore,
    decoder: Decoder,
    loss: PixelLoss,
    precision: Precision,
}

impl Autoencoder {
    pub(crate) fn new(config: &kontrast_config::Autoencoder, setting: &Setting) -> Self {
        let branch = Branch::new(setting, &head(&config.projector, 1), 1);
        let (side, _) = setting.views.plans[0].size();
        let store = nn::VarStore::new(setting.device);
        let init = Init::new(setting.seed).part("decoder");
        let channels_last = setting.encoder.channels_last();
        let spec = DecoderSpec { width: branch.width(), side: side as i64, channels_last };
        let decoder = Decoder::mirroring(branch.encoder(), spec, &store, init);
        Self { branch, decoder_store: store, decoder, loss: config.loss, precision: setting.precision }
    }

    /// Images of embeddings, in fp32.
    fn decoded(&self, z: &Tensor, mode: Mode) -> Tensor {
        let _autocast = Autocast::new(self.decoder_store.device(), self.precision);
        self.decoder.forward(z, mode).to_kind(Kind::Float)
    }
}

impl Objective for Autoencoder {
    fn name(&self) -> &'static str {
        "autoencoder"
    }

    fn online(&self, views: &Views, _progress: Progress, mode: Mode) -> Pass {
        let images = views.view(0);
        let pass = self.branch.images(&images, mode);
        let outputs = [self.decoded(&pass.z, mode), images, pass.z.detach()];
        Pass { h: pass.h, outputs: outputs.map(|output| output.unsqueeze(0)).into() }
    }

    fn loss(&mut self, online: &[Tensor], _target: &[Tensor], _batch: Batch<'_>) -> LossOutput {
        let (found, images) = (&online[0], &online[1]);
        let loss = match self.loss {
            PixelLoss::Mse => found.mse_loss(images, Reduction::Mean),
            PixelLoss::L1 => found.l1_loss(images, Reduction::Mean),
        };
        LossOutput::new(loss, None, &online[2])
    }

    fn reconstruct(&self, images: &Tensor) -> Option<Tensor> {
        Some(self.decoded(&self.branch.images(images, Mode::Eval).z, Mode::Eval))
    }

    fn branch(&self) -> &Branch {
        &self.branch
    }

    fn trained(&self) -> Vec<(String, Tensor)> {
        self.branch.trained_with(under("decoder", trained(&self.decoder_store)))
    }

    fn state(&self) -> StateDict {
        self.branch.state_with("decoder", &state(&self.decoder_store))
    }

    fn hint(&self) -> &'static str {
        "lower optimizer lr or lengthen schedule warmup_epochs; for an autoencoder also widen \
         method.autoencoder.projector: a bottleneck of few values passes on the mean colour alone"
    }
}
