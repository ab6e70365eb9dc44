//! Noise-contrastive estimation against a memory bank, with what changes from step to step (Wu et al. 2018, arXiv 1805.01978).

use crate::draw;
use crate::objective::BatchInfo;
use crate::setting::{Setting, slots};
use kontrast_losses::{nce, nce_ignoring, nce_normaliser};
use kontrast_models::{Init, MemoryBank};
use kontrast_torch_ext::StateDict;
use tch::{Device, Kind, Tensor};

/// What a bank is made of besides the data set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoiseBankSpec {
    /// Values of an embedding.
    pub(crate) width: i64,
    /// Divides the similarities.
    pub(crate) temperature: f64,
    /// Slots drawn as noise for each image.
    pub(crate) noise: i64,
    /// Fraction of itself that a slot keeps when its image is seen.
    pub(crate) momentum: f64,
    /// Fraction of itself that Z keeps at each step.
    pub(crate) normaliser_momentum: f64,
}

/// A slot for each image, and the constant Z.
pub(crate) struct NoiseBank {
    spec: NoiseBankSpec,
    bank: MemoryBank,
    /// Z of equation 4, from the first batch on; 0 before it. A tensor, for the checkpoint.
    normaliser: Tensor,
    /// Slots and embeddings of the last batch, which the bank takes after the loss.
    seen: Option<(Tensor, Tensor)>,
    /// The group of every slot, `[images]`, on the CPU and where the bank lies.
    groups: Option<[Tensor; 2]>,
    seed: u64,
}

impl NoiseBank {
    pub(crate) fn new(spec: NoiseBankSpec, setting: &Setting, init: Init) -> Self {
        Self {
            spec,
            bank: MemoryBank::new(setting.images, spec.width, init, setting.device),
            normaliser: Tensor::zeros([], (Kind::Double, Device::Cpu)),
            seen: None,
            groups: setting.groups.as_ref().map(|groups| {
                let here = groups.all();
                let there = here.to_device(setting.device);
                [here, there]
            }),
            seed: setting.seed,
        }
    }

    /// The loss of embeddings of a batch, and its uniform value. Banks of one seed draw the same noise.
    ///
    /// # Shapes
    /// - `z`: `[n, d]`, unit rows
    pub(crate) fn loss(&mut self, z: &Tensor, batch: BatchInfo<'_>) -> (Tensor, f64) {
        let (temperature, bank) = (self.spec.temperature, self.bank.rows());
        let own = slots(batch.indices, z.device());
        let (n, images) = (z.size()[0], bank.size()[0]);
        let drawn = draw::noise([n, self.spec.noise], images, self.seed, batch.progress.step);
        let noise = drawn.to_device(z.device());
        let normaliser = self.normalised(z, &noise);
        let loss = match &self.groups {
            Some([_, of]) => nce_ignoring(z, (&bank, &own, &noise), of, temperature, normaliser),
            None => nce(z, &bank, &own, &noise, temperature, normaliser),
        };
        // Every image and all its noise are 1 in m + 1.
        let m = self.spec.noise as f64;
        let kept = self.groups.as_ref().map_or(m, |[groups, _]| m * others(groups, batch.indices, &drawn));
        (loss, m.ln_1p() + kept * (1.0 / m).ln_1p())
    }

    /// Embeddings of a batch, unit rows, which the bank takes after the step.
    pub(crate) fn see(&mut self, z: &Tensor, batch: BatchInfo<'_>) {
        self.seen = Some((slots(batch.indices, z.device()), z.detach()));
    }

    /// Takes what was seen.
    pub(crate) fn after_step(&mut self) {
        if let Some((slots, z)) = self.seen.take() {
            self.bank.update(&slots, &z, self.spec.momentum);
        }
    }

    /// What a checkpoint holds: `bank.rows` and `normaliser`.
    pub(crate) fn state(&self) -> StateDict {
        let mut state = StateDict::new().and("bank", &self.bank.state());
        state.insert("normaliser", self.normaliser.shallow_clone());
        state
    }

    /// Z for a batch, which moves what is kept of it.
    fn normalised(&mut self, z: &Tensor, noise: &Tensor) -> f64 {
        let known = self.normaliser.double_value(&[]);
        let kept = if known == 0.0 { 0.0 } else { self.spec.normaliser_momentum };
        if kept == 1.0 {
            return known;
        }
        let found = nce_normaliser(&z.detach(), &self.bank.rows(), noise, self.spec.temperature);
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
