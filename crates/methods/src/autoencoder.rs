//! An autoencoder (Hinton and Salakhutdinov 2006, Science 313): the baseline that shows what reconstruction alone teaches.

use crate::branch::Branch;
use crate::objective::{BatchInfo, Encoders, LossOutput, Objective, Reconstructed, Reconstruction};
use crate::setting::{Setting, head};
use crate::{Outputs, Progress};
use kontrast_augment_torch::Views;
use kontrast_config::PixelLoss;
use kontrast_models::{Decoder, DecoderSpec, Init, Mode, state};
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
        let (width, height) = setting.views.plans[0].size();
        let store = nn::VarStore::new(setting.device);
        let init = Init::new(setting.seed).part("decoder");
        let spec = DecoderSpec {
            width: branch.width(),
            size: [height as i64, width as i64],
            channels: setting.encoder.channels(),
            channels_last: setting.encoder.channels_last(),
        };
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

    fn embed(&self, views: &Views, progress: Progress, mode: Mode) -> Outputs {
        let images = views.view(0);
        let pass = self.branch.rows(&images, &views.rows(), progress, mode);
        Outputs::new(&pass.h)
            .with("decoded", self.decoded(&pass.z, mode).unsqueeze(0))
            .with("images", images.unsqueeze(0))
            .with("z", pass.z.detach().unsqueeze(0))
    }

    fn loss(&mut self, online: &Outputs, _target: &Outputs, _batch: BatchInfo<'_>) -> LossOutput {
        let (found, images) = (&online["decoded"], &online["images"]);
        let loss = match self.loss {
            PixelLoss::Mse => found.mse_loss(images, Reduction::Mean),
            PixelLoss::L1 => found.l1_loss(images, Reduction::Mean),
        };
        LossOutput::new(loss, None, &online["z"])
    }

    fn reconstruction(&self) -> Option<&dyn Reconstruction> {
        Some(self)
    }

    fn encoders(&self) -> Encoders<'_> {
        Encoders::of_branch(&self.branch)
    }

    fn state(&self) -> StateDict {
        self.branch.state().and("decoder", &state(&self.decoder_store))
    }

    fn hint(&self) -> &'static str {
        "lower optimizer lr or lengthen schedule warmup_epochs; for an autoencoder also widen \
         method.autoencoder.projector: a bottleneck of few values passes on the mean colour alone"
    }
}

impl Reconstruction for Autoencoder {
    fn reconstruct(&self, views: &Views) -> Reconstructed {
        let z = self.branch.images(&views.view(0), Mode::Eval).z;
        Reconstructed { images: self.decoded(&z, Mode::Eval), hidden: None }
    }
}
