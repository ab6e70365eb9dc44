//! Exemplars (Dosovitskiy et al. 2014, arXiv 1406.6909): every image is a class of its own, its distorted views are the
//! class's members, and a classifier tells all of them apart.

use crate::branch::Branch;
use crate::classifier::{Classifier, cross_entropy};
use crate::objective::{Batch, LossOutput, Objective, Pass};
use crate::setting::{Setting, head, slots};
use crate::{Predictions, Progress};
use kontrast_augment_torch::Views;
use kontrast_models::Mode;
use kontrast_torch_ext::StateDict;
use tch::Tensor;

/// Encoder, and a classifier with an output an image.
pub(crate) struct Exemplar {
    branch: Branch,
    classifier: Classifier,
    classes: i64,
}

impl Exemplar {
    pub(crate) fn new(config: &kontrast_config::Exemplar, setting: &Setting) -> Self {
        let branch = Branch::new(setting, &head(&config.projector, 1), 1);
        let classifier = Classifier::new(
            "classifier",
            setting,
            branch.width(),
            &kontrast_config::Head::none(),
            setting.images,
        );
        Self { branch, classifier, classes: setting.images }
    }
}

impl Objective for Exemplar {
    fn name(&self) -> &'static str {
        "exemplar"
    }

    fn online(&self, views: &Views, _progress: Progress, mode: Mode) -> Pass {
        let pass = self.branch.joint(views, mode);
        let logits = views.by_view(&self.classifier.logits(&pass.z.relu(), mode));
        Pass { h: pass.h, outputs: vec![logits, views.by_view(&pass.z.detach())] }
    }

    fn loss(&mut self, online: &[Tensor], _target: &[Tensor], batch: Batch<'_>) -> LossOutput {
        let (logits, z) = (&online[0], &online[1]);
        let targets = slots(batch.indices, logits.device()).repeat([logits.size()[0]]);
        let (loss, right) = cross_entropy(&logits.flatten(0, 1), &targets);
        let uniform = Some((self.classes as f64).ln());
        LossOutput::new(loss, uniform, z).with_accuracy(right)
    }

    fn predict(&self, views: &Views, _progress: Progress) -> Option<Predictions> {
        let pictures = views.view(0);
        let z = self.branch.images(&pictures, Mode::Eval).z;
        let found = self.classifier.logits(&z.relu(), Mode::Eval).argmax(1, false);
        let targets = slots(views.indices(), found.device());
        let classes = (0..self.classes).map(|image| image.to_string()).collect();
        Some(Predictions { targets, found, pictures, tiles: (1, 1), classes })
    }

    fn branch(&self) -> &Branch {
        &self.branch
    }

    fn trained(&self) -> Vec<(String, Tensor)> {
        self.branch.trained_with(self.classifier.trained())
    }

    fn state(&self) -> StateDict {
        self.branch.state_with("classifier", &self.classifier.state())
    }

    fn hint(&self) -> &'static str {
        "lower optimizer lr or lengthen schedule warmup_epochs; for exemplars also begin with fewer classes \
         (method.exemplar.classes): each is one image, seen once an epoch, and a classifier of many learns slowly"
    }
}
