//! Instance discrimination (Wu et al. 2018, arXiv 1805.01978): every image is a class of its own, whose weight vector is
//! the image's slot in a memory bank, told from noise drawn from the other slots.

use crate::branch::Branch;
use crate::objective::{BatchInfo, Encoders, LossOutput, Objective};
use crate::setting::{Setting, head, slots};
use crate::{ImageGroups, Outputs, Progress, draw};
use kontrast_augment_torch::Views;
use kontrast_losses::{nce, nce_ignoring, nce_normaliser, unit};
use kontrast_models::{Init, MemoryBank, Mode};
use kontrast_torch_ext::StateDict;
use tch::{Device, Kind, Tensor};

/// Encoder, projector, memory bank and noise-contrastive estimation.
pub(crate) struct Npid {
    branch: Branch,
    bank: MemoryBank,
    /// Z of equation 4, from the first batch on; 0 before it. A tensor, for the checkpoint.
    normaliser: Tensor,
    /// Fraction of itself that Z keeps at each step.
    normaliser_momentum: f64,
    /// Slots and embeddings of the last batch, which the bank takes after the loss.
    seen: Option<(Tensor, Tensor)>,
    temperature: f64,
    noise: i64,
    bank_momentum: f64,
    groups: Option<ImageGroups>,
    seed: u64,
}

impl Npid {
    pub(crate) fn new(config: &kontrast_config::Npid, setting: &Setting) -> Self {
        let branch = Branch::new(setting, &head(&config.projector, 1), 1);
        let bank = MemoryBank::new(setting.images, branch.width(), Init::new(setting.seed), setting.device);
        Self {
            branch,
            bank,
            normaliser: Tensor::zeros([], (Kind::Double, Device::Cpu)),
            normaliser_momentum: config.normaliser_momentum,
            seen: None,
            temperature: config.temperature,
            noise: config.negatives as i64,
            bank_momentum: config.bank_momentum,
            groups: setting.groups.clone(),
            seed: setting.seed,
        }
    }
}

impl Npid {
    /// Z for a batch, which moves what is kept of it.
    fn normalised(&mut self, z: &Tensor, noise: &Tensor) -> f64 {
        let known = self.normaliser.double_value(&[]);
        let kept = if known == 0.0 { 0.0 } else { self.normaliser_momentum };
        if kept == 1.0 {
            return known;
        }
        let found = nce_normaliser(&z.detach(), &self.bank.rows(), noise, self.temperature);
        self.normaliser.copy_(&(found * (1.0 - kept) + known * kept));
        self.normaliser.double_value(&[])
    }
}

/// The fraction of the noise that is of another group than its image.
fn others(groups: &Tensor, indices: &[u32], noise: &Tensor) -> f64 {
    let own = groups.index_select(0, &slots(indices, Device::Cpu)).unsqueeze(1);
    let of_noise = groups.index_select(0, &noise.reshape(-1)).view_as(noise);
    of_noise.ne_tensor(&own).to_kind(Kind::Double).mean(None).double_value(&[])
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
        let (z, bank) = (online["z"].get(0), self.bank.rows());
        let slots = slots(batch.indices, z.device());
        let (n, images) = (z.size()[0], bank.size()[0]);
        let drawn = draw::noise([n, self.noise], images, self.seed, batch.progress.step);
        let noise = drawn.to_device(z.device());
        let normaliser = self.normalised(&z, &noise);
        let groups = self.groups.as_ref().map(ImageGroups::all);
        let loss = match &groups {
            Some(groups) => {
                let of = groups.to_device(z.device());
                nce_ignoring(&z, (&bank, &slots, &noise), &of, self.temperature, normaliser)
            }
            None => nce(&z, &bank, &slots, &noise, self.temperature, normaliser),
        };
        self.seen = Some((slots, z.detach()));
        // Every image and all its noise are 1 in m + 1.
        let m = self.noise as f64;
        let kept = groups.map_or(m, |groups| m * others(&groups, batch.indices, &drawn));
        let uniform = m.ln_1p() + kept * (1.0 / m).ln_1p();
        LossOutput::new(loss, Some(uniform), &online["z"])
    }

    fn after_step(&mut self, _progress: Progress) {
        if let Some((slots, z)) = self.seen.take() {
            self.bank.update(&slots, &z, self.bank_momentum);
        }
    }

    fn encoders(&self) -> Encoders<'_> {
        Encoders::of_branch(&self.branch)
    }

    fn state(&self) -> StateDict {
        let mut whole = self.branch.state().and("bank", &self.bank.state());
        whole.insert("normaliser", self.normaliser.shallow_clone());
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
