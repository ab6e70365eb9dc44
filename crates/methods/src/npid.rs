//! Instance discrimination (Wu et al. 2018, arXiv 1805.01978): every image is a class of its own, whose weight vector is
//! the image's slot in a memory bank, told from noise drawn from the other slots.

use crate::branch::Branch;
use crate::noise_bank::{NoiseBank, NoiseBankSpec};
use crate::objective::{BatchInfo, Encoders, LossOutput, Objective};
use crate::setting::{Setting, head};
use crate::{Outputs, Progress};
use kontrast_augment_torch::Views;
use kontrast_losses::unit;
use kontrast_models::{Init, Mode};
use kontrast_torch_ext::StateDict;

/// Encoder, projector, memory bank and noise-contrastive estimation.
pub(crate) struct Npid {
    branch: Branch,
    bank: NoiseBank,
}

impl Npid {
    pub(crate) fn new(config: &kontrast_config::Npid, setting: &Setting) -> Self {
        let branch = Branch::new(setting, &head(&config.projector, 1), 1);
        let spec = NoiseBankSpec {
            width: branch.width(),
            temperature: config.temperature,
            noise: config.negatives as i64,
            momentum: config.bank_momentum,
            normaliser_momentum: config.normaliser_momentum,
        };
        Self { branch, bank: NoiseBank::new(spec, setting, Init::new(setting.seed)) }
    }
}

impl Objective for Npid {
    fn name(&self) -> &'static str {
        "npid"
    }

    fn embed(&self, views: &Views, progress: Progress, mode: Mode) -> Outputs {
        let pass = self.branch.joint(views, progress, mode);
        Outputs::new(&pass.h).with("z", views.by_view(&unit(&pass.z)))
    }

    fn loss(&mut self, online: &Outputs, _target: &Outputs, batch: BatchInfo<'_>) -> LossOutput {
        let z = online["z"].get(0);
        let (loss, uniform) = self.bank.loss(&z, batch);
        self.bank.see(&z, batch);
        LossOutput::new(loss, Some(uniform), &online["z"])
    }

    fn after_step(&mut self, _progress: Progress) {
        self.bank.after_step();
    }

    fn encoders(&self) -> Encoders<'_> {
        Encoders::of_branch(&self.branch)
    }

    fn state(&self) -> StateDict {
        let mut whole = self.branch.state();
        for (name, tensor) in self.bank.state().iter() {
            whole.insert(name, tensor.shallow_clone());
        }
        whole
    }

    fn has_steady_loss(&self) -> bool {
        false
    }

    fn hint(&self) -> &'static str {
        "lower optimizer lr; for instance discrimination also check that method.npid.temperature is near 0.07, that \
         method.npid.negatives is well below the number of images, and that train.epochs lets every image be seen \
         often: its slot moves once an epoch"
    }
}
