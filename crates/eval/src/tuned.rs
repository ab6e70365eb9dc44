//! A copy of an encoder with a linear classifier on it, trained together on labelled images.

use crate::{EvalError, Network, Stop};
use kontrast_augment::{Step, ViewPlan};
use kontrast_data::fill;
use kontrast_models::{Encoder, Init, Mode, Parameter};
use kontrast_optim::{Group, HalfCosine, Optimizer, Rates, Schedule, Sgd};
use kontrast_rng::KeyedRng;
use kontrast_torch_ext::Autocast;
use tch::{Kind, Reduction, Tensor, nn};

/// Momentum of SGD, Nesterov's, as in SimCLR's fine-tuning (arXiv 2002.05709, appendix B.5).
const MOMENTUM: f64 = 0.9;
/// Proportions of a crop, of torchvision's `RandomResizedCrop`.
const RATIO: (f64, f64) = (3.0 / 4.0, 4.0 / 3.0);

/// How it is trained.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Training {
    pub(crate) steps: u64,
    pub(crate) batch: usize,
    /// At the beginning; it falls along half a cosine.
    pub(crate) lr: f64,
    pub(crate) weight_decay: f64,
    /// The least fraction of an image's area that a crop keeps.
    pub(crate) least_area: f64,
    /// Of the order of images and of their views.
    pub(crate) seed: u64,
}

/// The trained copy.
pub(crate) struct Tuned {
    encoder: Box<dyn Encoder>,
    /// `[classes, width]` and `[classes]`.
    classifier: (Tensor, Tensor),
}

impl Training {
    /// Trains a copy on the training images at these positions. The classifier begins at zero.
    ///
    /// # Errors
    /// Where the encoder cannot be copied, an image cannot be read, or the caller asked to stop.
    pub(crate) fn run(
        &self,
        network: &Network<'_>,
        positions: &[u32],
        stop: &Stop,
    ) -> Result<Tuned, EvalError> {
        let tuned = Tuned::copy_of(network)?;
        let labels: Vec<i64> =
            positions.iter().map(|&position| i64::from(network.train.label(position as usize))).collect();
        let plan = crops_and_flips(network, self.least_area);
        let (to_tensor, precision) = (&network.extractor.to_tensor, network.extractor.precision);
        let mut sgd = Sgd::new(Group::decay_groups(tuned.parameters()).into(), MOMENTUM, true);
        let schedule = HalfCosine { base: self.lr, last: 0.0, steps: self.steps };
        let batch = self.batch.min(positions.len());
        let per_epoch = (positions.len() / batch) as u64;
        let (mut order, mut bytes) = (Vec::new(), vec![0; batch * plan.bytes()]);
        for step in 0..self.steps {
            stop.check()?;
            let (epoch, place) = ((step / per_epoch) as u32, (step % per_epoch) as usize);
            if place == 0 {
                order = (0..positions.len()).collect();
                KeyedRng::named(*b"finetune", self.seed, epoch, 0).shuffle(&mut order);
            }
            let chosen = &order[place * batch..(place + 1) * batch];
            let indices: Vec<u32> = chosen.iter().map(|&which| positions[which]).collect();
            fill(network.train, &plan, self.seed, epoch, &indices, &mut bytes)?;
            let targets: Vec<i64> = chosen.iter().map(|&which| labels[which]).collect();
            let targets = Tensor::from_slice(&targets).to_device(to_tensor.device());
            let images = tch::no_grad(|| to_tensor.images(&bytes, plan.size()));
            let h = {
                let _autocast = Autocast::new(to_tensor.device(), precision);
                tuned.encoder.forward(&images, Mode::Train.into())
            };
            let logits = tuned.classify(&h.to_kind(Kind::Float));
            let loss = logits.cross_entropy_loss(&targets, None::<&Tensor>, Reduction::Mean, -100, 0.0);
            sgd.zero_grad();
            loss.backward();
            sgd.step(Rates { lr: schedule.at(step), weight_decay: self.weight_decay });
        }
        Ok(tuned)
    }
}

/// Crops of random area, `least_area` of the image or more, and proportions, half of them flipped: as large as images are
/// evaluated.
pub(crate) fn crops_and_flips(network: &Network<'_>, least_area: f64) -> ViewPlan {
    let of = &network.extractor.plan;
    let crop = Step::RandomResizedCrop { scale: (least_area, 1.0), ratio: RATIO, antialias: true };
    let steps = vec![crop, Step::HorizontalFlip.sometimes(0.5)];
    let plan = ViewPlan::new(of.size(), steps).and_then(|plan| plan.of_channels(of.channels()));
    plan.expect("a crop of checked numbers, and a flip")
}

impl Tuned {
    fn copy_of(network: &Network<'_>) -> Result<Self, EvalError> {
        let device = network.extractor.to_tensor.device();
        let spec = network.encoder.spec().ok_or_else(|| EvalError::Setting {
            key: "eval.fine_tuning",
            value: "of this encoder".to_owned(),
            expected: "an encoder that says what it is (Encoder::spec), so that a copy can be made"
                .to_owned(),
            found: "one that does not".to_owned(),
        })?;
        let store = nn::VarStore::new(device);
        let encoder = spec.build(&store, Init::new(0));
        let values = network.encoder.variables();
        tch::no_grad(|| encoder.variables().copy_from(&values)).expect("a copy has the encoder's variables");
        let classes = network.train.class_names().len() as i64;
        let zeros = |shape: &[i64]| Tensor::zeros(shape, (Kind::Float, device)).set_requires_grad(true);
        let classifier = (zeros(&[classes, encoder.width()]), zeros(&[classes]));
        Ok(Self { encoder, classifier })
    }

    /// Those of the encoder, and the classifier's.
    fn parameters(&self) -> Vec<Parameter> {
        let (weight, bias) = (self.classifier.0.shallow_clone(), self.classifier.1.shallow_clone());
        let named = [("classifier.weight".to_owned(), weight), ("classifier.bias".to_owned(), bias)];
        let of_classifier = Parameter::of_state(&named.into_iter().collect());
        self.encoder.parameters().into_iter().chain(of_classifier).collect()
    }

    fn classify(&self, features: &Tensor) -> Tensor {
        features.linear(&self.classifier.0, Some(&self.classifier.1))
    }

    /// Logits of features of its own encoder.
    ///
    /// # Shapes
    /// - returns `[n, classes]`
    pub(crate) fn logits(&self, features: &Tensor) -> Tensor {
        tch::no_grad(|| self.classify(features))
    }

    pub(crate) fn encoder(&self) -> &dyn Encoder {
        &*self.encoder
    }
}
