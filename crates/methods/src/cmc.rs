//! Contrastive multiview coding (CMC, Tian, Krishnan and Isola 2019, arXiv 1906.05849): what one network makes of some
//! channels of an image, L of Lab, attracts what another makes of the others, ab; those of other images repel.

use crate::branch::{Branch, Predictor};
use crate::noise_bank::{NoiseBank, NoiseBankSpec};
use crate::objective::{BatchInfo, Encoders, LossOutput, Objective};
use crate::setting::{Setting, head};
use crate::{ImageGroups, Outputs, Progress};
use kontrast_augment_torch::Views;
use kontrast_losses::{
    info_nce_batch, info_nce_batch_grouped, info_nce_batch_uniform, info_nce_batch_uniform_ignoring, unit,
};
use kontrast_models::{HeadSpec, Init, Mode};
use kontrast_torch_ext::StateDict;
use tch::Tensor;

/// The names of the halves.
const NAMES: [&str; 2] = ["first", "rest"];

/// Two encoders in one, a head on each, and where the paper's noise is asked for a memory bank of each.
pub(crate) struct Cmc {
    branch: Branch,
    heads: [Predictor; 2],
    banks: Option<[NoiseBank; 2]>,
    temperature: f64,
    groups: Option<ImageGroups>,
}

impl Cmc {
    pub(crate) fn new(config: &kontrast_config::Cmc, setting: &Setting) -> Self {
        // Representations of both halves lie side by side.
        let branch = Branch::new(setting, &HeadSpec::none(), 1);
        let (width, spec) = (branch.width() / 2, head(&config.projector, 1));
        let heads = NAMES.map(|name| Predictor::named(name, setting, width, &spec));
        let banks = config.bank.as_ref().map(|bank| {
            let spec = NoiseBankSpec {
                width: heads[0].width(),
                temperature: config.temperature,
                noise: bank.negatives as i64,
                momentum: bank.momentum,
                normaliser_momentum: bank.normaliser_momentum,
            };
            NAMES.map(|name| NoiseBank::new(spec, setting, Init::new(setting.seed).part(name)))
        });
        Self { branch, heads, banks, temperature: config.temperature, groups: setting.groups.clone() }
    }
}

impl Objective for Cmc {
    fn name(&self) -> &'static str {
        "cmc"
    }

    fn embed(&self, views: &Views, progress: Progress, mode: Mode) -> Outputs {
        let pass = self.branch.joint(views, progress, mode);
        let halves = pass.z.chunk(2, 1);
        let z: Vec<_> =
            self.heads.iter().zip(&halves).map(|(head, half)| unit(&head.per_view(half, 1, mode))).collect();
        Outputs::new(&pass.h).with("z", Tensor::stack(&z, 0))
    }

    fn loss(&mut self, online: &Outputs, _target: &Outputs, batch: BatchInfo<'_>) -> LossOutput {
        let z = &online["z"];
        let (first, rest) = (z.get(0), z.get(1));
        if let Some([of_first, of_rest]) = &mut self.banks {
            // Each half is told from noise of the other's bank (equation 7, and the published code).
            let ((a, uniform_a), (b, uniform_b)) = (of_rest.loss(&first, batch), of_first.loss(&rest, batch));
            of_first.see(&first, batch);
            of_rest.see(&rest, batch);
            return LossOutput::new(a + b, Some(uniform_a + uniform_b), z);
        }
        let groups = self.groups.as_ref().map(|groups| groups.of(batch.indices, z.device()));
        let term = |query: &Tensor, keys: &Tensor| match &groups {
            Some(groups) => info_nce_batch_grouped(query, keys, groups.for_loss(), self.temperature),
            None => info_nce_batch(query, keys, self.temperature),
        };
        let uniform = match &groups {
            Some(groups) if groups.are_ignored() => info_nce_batch_uniform_ignoring(&groups.numbers),
            _ => info_nce_batch_uniform(z.size()[1] as usize),
        };
        LossOutput::new(term(&first, &rest) + term(&rest, &first), Some(2.0 * uniform), z)
    }

    fn after_step(&mut self, _progress: Progress) {
        self.banks.iter_mut().flatten().for_each(NoiseBank::after_step);
    }

    fn encoders(&self) -> Encoders<'_> {
        Encoders::of_branch(&self.branch)
    }

    fn state(&self) -> StateDict {
        let heads = NAMES.iter().zip(&self.heads);
        let state = heads
            .fold(self.branch.state(), |all, (name, head)| all.and(&format!("heads.{name}"), &head.state()));
        let banks = NAMES.iter().zip(self.banks.iter().flatten());
        banks.fold(state, |all, (name, bank)| all.and(&format!("banks.{name}"), &bank.state()))
    }

    fn has_steady_loss(&self) -> bool {
        self.banks.is_none()
    }

    fn hint(&self) -> &'static str {
        "lower optimizer lr or lengthen schedule warmup_epochs; for CMC also check that data.color_space parts the image (lab or \
         ycbcr: channels of RGB tell each other at once) and that method.cmc.temperature is between 0.05 and 0.5"
    }
}
