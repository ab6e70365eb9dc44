//! Rotation prediction (RotNet, Gidaris, Singh and Komodakis 2018, arXiv 1803.07728): how far was an image turned?

use crate::branch::Branch;
use crate::classifier::{Classifier, cross_entropy};
use crate::objective::{BatchInfo, Encoders, LossOutput, Objective, Pretext};
use crate::setting::{Setting, head};
use crate::{CollapseCriterion, Outputs, Predictions, Progress, draw};
use kontrast_augment_torch::Views;
use kontrast_models::{HeadSpec, Mode};
use kontrast_pretext::Rotations;
use kontrast_torch_ext::StateDict;
use tch::{Kind, Tensor};

/// Encoder and classifier of angles.
pub(crate) struct Rotation {
    branch: Branch,
    classifier: Classifier,
    rotations: Rotations,
    all: bool,
    seed: u64,
}

impl Rotation {
    pub(crate) fn new(config: &kontrast_config::Rotation, setting: &Setting) -> Self {
        let rotations = match (config.rotations, config.upright) {
            (2, Some(false)) => Rotations::Sideways,
            (2, _) => Rotations::Two,
            (4, _) => Rotations::Four,
            _ => Rotations::Eight,
        };
        let branch = Branch::new(setting, &HeadSpec::none(), 1);
        let classifier = Classifier::new(
            "classifier",
            setting,
            branch.width(),
            &head(&config.head, 1),
            rotations.classes(),
        );
        Self { branch, classifier, rotations, all: config.all, seed: setting.seed }
    }

    /// The images of a batch, turned, and by what: every image at all angles, angle after angle (section 2.2 of the
    /// paper: this works better), or each at one that is drawn.
    fn rotated(&self, views: &Views, progress: Progress) -> (Tensor, Tensor) {
        let images = views.view(0);
        let targets = self.targets(views.indices(), progress).to_device(images.device());
        if !self.all {
            return (self.rotations.turned_each(&images, &targets), targets);
        }
        let turned: Vec<_> =
            (0..self.rotations.classes()).map(|class| self.rotations.turned(&images, class)).collect();
        (Tensor::cat(&turned, 0), targets)
    }

    /// The class of each turned image, in the same order.
    fn targets(&self, indices: &[u32], progress: Progress) -> Tensor {
        let classes = self.rotations.classes();
        if self.all {
            let each = Tensor::arange(classes, (Kind::Int64, tch::Device::Cpu));
            return each.repeat_interleave_self_int(indices.len() as i64, 0, None);
        }
        draw::answers(indices, self.seed, progress.epoch, |stream| draw::below(classes, stream))
    }
}

impl Objective for Rotation {
    fn name(&self) -> &'static str {
        "rotation"
    }

    fn embed(&self, views: &Views, progress: Progress, mode: Mode) -> Outputs {
        let (rotated, _) = self.rotated(views, progress);
        let rows = draw::copies(&views.rows(), rotated.size()[0] / views.n());
        let pass = self.branch.rows(&rotated, &rows, progress, mode);
        let logits = self.classifier.logits(&pass.z, mode);
        Outputs::new(&pass.h).with("logits", logits.view([-1, views.n(), self.rotations.classes()]))
    }

    fn loss(&mut self, online: &Outputs, _target: &Outputs, batch: BatchInfo<'_>) -> LossOutput {
        let logits = online["logits"].flatten(0, 1);
        let targets = self.targets(batch.indices, batch.progress).to_device(logits.device());
        let (loss, right) = cross_entropy(&logits, &targets);
        let uniform = (self.rotations.classes() as f64).ln();
        let embeddings = logits.detach().unsqueeze(0);
        LossOutput::new(loss, Some(uniform), &embeddings).with_accuracy(right)
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

    fn collapse_criterion(&self) -> CollapseCriterion {
        CollapseCriterion::Classes
    }

    fn hint(&self) -> &'static str {
        "lower optimizer lr or lengthen schedule warmup_epochs; for rotation also check that the views turn nothing \
         themselves (vertical flips, rotations) and that the images have an upright position: cargo xtask run -- preview \
         shows them"
    }
}

impl Pretext for Rotation {
    fn predict(&self, views: &Views, progress: Progress) -> Predictions {
        let (pictures, targets) = self.rotated(views, progress);
        let found =
            self.classifier.logits(&self.branch.images(&pictures, Mode::Eval).z, Mode::Eval).argmax(1, false);
        let degrees = |class| format!("{} degrees", self.rotations.degrees(class));
        Predictions {
            targets,
            found,
            pictures,
            tiles: (1, 1),
            classes: (0..self.rotations.classes()).map(degrees).collect(),
        }
    }
}
