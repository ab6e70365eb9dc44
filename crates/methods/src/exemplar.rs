//! Exemplars (Dosovitskiy et al. 2014, arXiv 1406.6909): every image is a class of its own, its distorted views are the
//! class's members, and a classifier tells all of them apart.

use crate::branch::Branch;
use crate::classifier::{Classifier, cross_entropy};
use crate::objective::{BatchInfo, Encoders, LossOutput, Objective, Pretext};
use crate::setting::{Setting, head, slots};
use crate::{Outputs, Predictions, Progress};
use kontrast_augment_torch::Views;
use kontrast_models::{HeadSpec, Mode};
use kontrast_torch_ext::StateDict;

/// Encoder, and a classifier with an output an image.
pub(crate) struct Exemplar {
    branch: Branch,
    classifier: Classifier,
    classes: i64,
}

impl Exemplar {
    pub(crate) fn new(config: &kontrast_config::Exemplar, setting: &Setting) -> Self {
        let branch = Branch::new(setting, &head(&config.projector, 1), 1);
        let (inputs, none) = (branch.width(), HeadSpec::none());
        let classifier = Classifier::new("classifier", setting, inputs, &none, setting.images);
        Self { branch, classifier, classes: setting.images }
    }
}

impl Objective for Exemplar {
    fn name(&self) -> &'static str {
        "exemplar"
    }

    fn embed(&self, views: &Views, progress: Progress, mode: Mode) -> Outputs {
        let pass = self.branch.joint(views, progress, mode);
        let logits = views.by_view(&self.classifier.logits(&pass.z.relu(), mode));
        Outputs::new(&pass.h).with("logits", logits).with("z", views.by_view(&pass.z.detach()))
    }

    fn loss(&mut self, online: &Outputs, _target: &Outputs, batch: BatchInfo<'_>) -> LossOutput {
        let (logits, z) = (&online["logits"], &online["z"]);
        let targets = slots(batch.indices, logits.device()).repeat([logits.size()[0]]);
        let (loss, right) = cross_entropy(&logits.flatten(0, 1), &targets);
        let uniform = Some((self.classes as f64).ln());
        LossOutput::new(loss, uniform, z).with_accuracy(right)
    }

    fn pretext(&self) -> Option<&dyn Pretext> {
        Some(self)
    }

    fn encoders(&self) -> Encoders<'_> {
        Encoders::of_branch(&self.branch)
    }

    fn state(&self) -> StateDict {
        self.branch.state().and("classifier", &self.classifier.state())
    }

    fn hint(&self) -> &'static str {
        "lower optimizer lr or lengthen schedule warmup_epochs; for exemplars also begin with fewer classes \
         (method.exemplar.classes): each is one image, seen once an epoch, and a classifier of many learns slowly"
    }
}

impl Pretext for Exemplar {
    fn predict(&self, views: &Views, _progress: Progress) -> Predictions {
        let pictures = views.view(0);
        let z = self.branch.images(&pictures, Mode::Eval).z;
        let found = self.classifier.logits(&z.relu(), Mode::Eval).argmax(1, false);
        let targets = slots(views.indices(), found.device());
        let classes = (0..self.classes).map(|image| image.to_string()).collect();
        Predictions { targets, found, pictures, tiles: (1, 1), classes }
    }
}
