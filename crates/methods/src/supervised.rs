//! Plain supervised training: cross-entropy of a linear classifier on the encoder, beside which half of the papers'
//! tables stand.

use crate::Healthy;
use crate::Progress;
use crate::branch::{Branch, Embedded, under};
use crate::objective::{Batch, Compared, Objective, Pass};
use crate::setting::{Labels, Setting};
use kontrast_augment_torch::Views;
use kontrast_models::{Activation, Head, HeadNorm, HeadSpec, Init, Mode, state, trained};
use kontrast_torch_ext::StateDict;
use tch::{Reduction, Tensor, nn};

/// Encoder and classifier.
pub(crate) struct Supervised {
    branch: Branch,
    classifier_store: nn::VarStore,
    classifier: Head,
    labels: Labels,
    label_smoothing: f64,
}

impl Supervised {
    pub(crate) fn new(config: &kontrast_config::Supervised, labels: Labels, setting: &Setting) -> Self {
        let layers = |widths| HeadSpec {
            widths,
            batch_norm: HeadNorm::None,
            activation: Activation::Relu,
            virtual_devices: 1,
        };
        let branch = Branch::new(setting, &layers(Vec::new()), 1);
        let store = nn::VarStore::new(setting.device);
        let init = Init::new(setting.seed).part("classifier");
        let classifier = Head::new(&store, branch.width(), &layers(vec![labels.classes()]), init);
        Self { branch, classifier_store: store, classifier, labels, label_smoothing: config.label_smoothing }
    }
}

impl Objective for Supervised {
    fn name(&self) -> &'static str {
        "supervised"
    }

    fn online(&self, views: &Views, _progress: Progress, mode: Mode) -> Pass {
        let Embedded { h, z } = self.branch.together(views, mode);
        // Representations are fp32, and so is the classifier: it is small.
        Pass { h, outputs: vec![views.by_view(&self.classifier.forward(&z, mode))] }
    }

    fn compare(&mut self, online: &[Tensor], _target: &[Tensor], batch: Batch<'_>) -> Compared {
        let logits = &online[0];
        let labels = self.labels.of(batch.indices, logits.device()).repeat([logits.size()[0]]);
        let none = None::<&Tensor>;
        let loss = logits.flatten(0, 1).cross_entropy_loss(
            &labels,
            none,
            Reduction::Mean,
            -100,
            self.label_smoothing,
        );
        let chance = (self.labels.classes() as f64).ln();
        Compared::new(loss, Some(chance), &logits)
    }

    fn branch(&self) -> &Branch {
        &self.branch
    }

    fn trained(&self) -> Vec<(String, Tensor)> {
        self.branch.trained_with(under("classifier", trained(&self.classifier_store)))
    }

    fn state(&self) -> StateDict {
        self.branch.state_with("classifier", &state(&self.classifier_store))
    }

    fn healthy(&self) -> Healthy {
        Healthy::Classes
    }

    fn hint(&self) -> &'static str {
        "lower optimizer lr or lengthen schedule warmup_epochs; for supervised training also check that the labels are \
         those of the images (cargo xtask run -- preview shows the images)"
    }
}
