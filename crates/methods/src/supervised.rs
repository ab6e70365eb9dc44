//! Plain supervised training: cross-entropy of a linear classifier on the encoder, beside which half of the papers'
//! tables stand.

use crate::branch::{Branch, Embedded};
use crate::classifier::Classifier;
use crate::objective::{BatchInfo, Encoders, LossOutput, Objective};
use crate::setting::{Labels, Setting};
use crate::{CollapseCriterion, Outputs, Progress};
use kontrast_augment_torch::Views;
use kontrast_models::{HeadSpec, Mode};
use kontrast_torch_ext::{Precision, StateDict};
use tch::{Reduction, Tensor};

/// Encoder and classifier.
pub(crate) struct Supervised {
    branch: Branch,
    classifier: Classifier,
    labels: Labels,
    label_smoothing: f64,
}

impl Supervised {
    pub(crate) fn new(config: &kontrast_config::Supervised, labels: Labels, setting: &Setting) -> Self {
        let none = HeadSpec::none();
        let branch = Branch::new(setting, &none, 1);
        // Representations are fp32, and so is the classifier: it is small.
        let fp32 = Setting { precision: Precision::Fp32, ..setting.clone() };
        let classifier = Classifier::new("classifier", &fp32, branch.width(), &none, labels.classes());
        Self { branch, classifier, labels, label_smoothing: config.label_smoothing }
    }
}

impl Objective for Supervised {
    fn name(&self) -> &'static str {
        "supervised"
    }

    fn embed(&self, views: &Views, progress: Progress, mode: Mode) -> Outputs {
        let Embedded { h, z } = self.branch.joint(views, progress, mode);
        Outputs::new(&h).with("logits", views.by_view(&self.classifier.logits(&z, mode)))
    }

    fn loss(&mut self, online: &Outputs, _target: &Outputs, batch: BatchInfo<'_>) -> LossOutput {
        let logits = &online["logits"];
        let labels = self.labels.of(batch.indices, logits.device()).repeat([logits.size()[0]]);
        let none = None::<&Tensor>;
        let loss = logits.flatten(0, 1).cross_entropy_loss(
            &labels,
            none,
            Reduction::Mean,
            -100,
            self.label_smoothing,
        );
        let uniform = (self.labels.classes() as f64).ln();
        LossOutput::new(loss, Some(uniform), logits)
    }

    fn encoders(&self) -> Encoders<'_> {
        Encoders::of_branch(&self.branch)
    }

    fn state(&self) -> StateDict {
        self.branch.state().and("classifier", &self.classifier.state())
    }

    fn collapse_criterion(&self) -> CollapseCriterion {
        CollapseCriterion::Classes
    }

    fn hint(&self) -> &'static str {
        "lower optimizer lr or lengthen schedule warmup_epochs; for supervised training also check that the labels are \
         those of the images (cargo xtask run -- preview shows the images)"
    }
}
