//! SimCLR (Chen et al. 2020, arXiv 2002.05709): two views of an image attract each other, all others repel.
//!
//! A projector of three layers is SimCLR v2's (Chen et al. 2020, arXiv 2006.10029, section 2). More views than two are
//! contrasted with the first two, as small crops are in SwAV (Caron et al. 2020, arXiv 2006.09882). With a predictor anchors
//! are its outputs, candidates the embeddings: equation 9 of BYOL (Grill et al. 2020, arXiv 2006.07733, appendix F) without
//! a target network.

use crate::branch::{Branch, Predictor};
use crate::objective::{BatchInfo, Encoders, LossOutput, Objective};
use crate::setting::{Setting, head};
use crate::{ImageGroups, Outputs, Progress};
use kontrast_augment_torch::Views;
use kontrast_losses::{nt_xent_rows, nt_xent_rows_grouped, nt_xent_uniform, nt_xent_uniform_ignoring, unit};
use kontrast_models::Mode;
use kontrast_torch_ext::StateDict;
use tch::Tensor;

/// Encoder, projector and NT-Xent.
pub(crate) struct Simclr {
    branch: Branch,
    /// What is compared with embeddings is a prediction, where there is one.
    predictor: Option<Predictor>,
    temperature: f64,
    unit_length: bool,
    groups: Option<ImageGroups>,
}

impl Simclr {
    pub(crate) fn new(config: &kontrast_config::Simclr, setting: &Setting) -> Self {
        let branch = Branch::new(setting, &head(&config.projector, 1), 1);
        let predictor =
            config.predictor.as_ref().map(|own| Predictor::new(setting, branch.width(), &head(own, 1)));
        Self {
            branch,
            predictor,
            temperature: config.temperature,
            unit_length: config.unit_length.unwrap_or(true),
            groups: setting.groups.clone(),
        }
    }
}

impl Objective for Simclr {
    fn name(&self) -> &'static str {
        "simclr"
    }

    fn embed(&self, views: &Views, progress: Progress, mode: Mode) -> Outputs {
        // Algorithm 1: both views of the whole batch go through encoder and projector together.
        let pass = self.branch.joint(views, progress, mode);
        let outputs = Outputs::new(&pass.h).with("z", views.by_view(&pass.z));
        let Some(predictor) = &self.predictor else { return outputs };
        outputs.with("prediction", views.by_view(&predictor.per_view(&pass.z, 1, mode)))
    }

    fn loss(&mut self, online: &Outputs, _target: &Outputs, batch: BatchInfo<'_>) -> LossOutput {
        let z = &online["z"];
        let (views, n) = (z.size()[0], z.size()[1]);
        let groups = self.groups.as_ref().map(|groups| groups.of(batch.indices, z.device()));
        // The first view with every other, then the second with every later one.
        let pairs: Vec<_> = (0..2).flat_map(|a| (a + 1..views).map(move |b| (a, b))).collect();
        let both = |rows: &Tensor, (a, b)| {
            let rows = Tensor::cat(&[rows.get(a), rows.get(b)], 0);
            if self.unit_length { unit(&rows) } else { rows }
        };
        let term = |&pair: &(i64, i64)| {
            let candidates = both(z, pair);
            let anchors = self.predictor.as_ref().map(|_| both(&online["prediction"], pair));
            let anchors = anchors.as_ref().unwrap_or(&candidates);
            match &groups {
                Some(groups) => {
                    nt_xent_rows_grouped(anchors, &candidates, 0, groups.for_loss(), self.temperature)
                }
                None => nt_xent_rows(anchors, &candidates, 0, self.temperature),
            }
        };
        let terms = pairs.iter().map(term);
        let sum = terms.reduce(|a, b| a + b).expect("two views or more");
        let loss = if pairs.len() == 1 { sum } else { sum / pairs.len() as f64 };
        let uniform = match &groups {
            Some(groups) if groups.are_ignored() => nt_xent_uniform_ignoring(&groups.numbers),
            _ => nt_xent_uniform(n as usize),
        };
        LossOutput::new(loss, Some(uniform), z)
    }

    fn encoders(&self) -> Encoders<'_> {
        Encoders::of_branch(&self.branch)
    }

    fn state(&self) -> StateDict {
        let state = self.branch.state();
        match &self.predictor {
            Some(predictor) => state.and("predictor", &predictor.state()),
            None => state,
        }
    }

    fn hint(&self) -> &'static str {
        "lower optimizer lr or lengthen schedule warmup_epochs; for SimCLR also check that method.simclr.temperature \
         is between 0.05 and 1 and that the views differ (strength, crop_scale)"
    }
}
