//! An MLP with hidden layers on frozen features: it finds classes that no linear classifier separates.

use crate::linear_probes::{BETAS, EPS, Standardise, order};
use crate::report::predicted;
use crate::{EvalError, FeatureBank, Needs, Protocol, Report, Stop, Subject};
use kontrast_models::{Head, HeadNorm, HeadSpec, Init, Mode, Parameter};
use kontrast_optim::{Adamw, Group, HalfCosine, Optimizer, Rates, Schedule};
use tch::{Reduction, Tensor, nn};

/// The protocol `mlp`. Nothing is chosen, and the classifier of the last epoch is scored.
#[derive(Clone, Debug)]
pub struct Mlp {
    /// Widths of the hidden layers.
    pub widths: Vec<usize>,
    /// Passes over the features.
    pub epochs: u32,
    /// Features of a step; the last, smaller batch of an epoch is left out.
    pub batch: usize,
    /// The rate at the beginning; it falls along half a cosine.
    pub lr: f64,
    /// Decoupled decay.
    pub weight_decay: f64,
    /// Seed of initial weights and of the order of features.
    pub seed: u64,
}

impl Protocol for Mlp {
    fn name(&self) -> &'static str {
        "mlp"
    }

    fn version(&self) -> u32 {
        1
    }

    fn needs(&self) -> Needs {
        Needs::Features
    }

    fn evaluate(&self, subject: &Subject<'_>, stop: &Stop) -> Result<Vec<Report>, EvalError> {
        let logits = self.logits(subject.train(), subject.test().features(), stop)?;
        let report = Report::of_classes(self, subject, &predicted(&logits))
            .with_top5(&logits, subject)
            .with_calibration(&logits, subject);
        Ok(vec![subject.scored(self.recorded(report))])
    }
}

impl Mlp {
    /// What an experiment asks for.
    pub fn new(config: &kontrast_config::Mlp, seed: u64) -> Self {
        let kontrast_config::Mlp { widths, epochs, batch, lr, weight_decay } = config.clone();
        Self { widths, epochs, batch, lr, weight_decay, seed }
    }

    /// What it makes of features after learning from others.
    ///
    /// # Shapes
    /// - `test`: `[n, d]`
    /// - returns `[n, classes]`
    pub(super) fn logits(
        &self,
        train: &FeatureBank,
        test: &Tensor,
        stop: &Stop,
    ) -> Result<Tensor, EvalError> {
        let scale = Standardise::of(train.features());
        let head = self.train(train, &scale, stop)?;
        Ok(tch::no_grad(|| head.forward(&scale.apply(test), Mode::Eval)))
    }

    /// The report with the settings that the MLP was trained with.
    pub(super) fn recorded(&self, report: Report) -> Report {
        let widths: Vec<_> = self.widths.iter().map(ToString::to_string).collect();
        report
            .with("widths", &*widths.join(" "))
            .with("epochs", self.epochs as usize)
            .with("lr", self.lr)
            .with("weight_decay", self.weight_decay)
    }

    fn train(&self, train: &FeatureBank, scale: &Standardise, stop: &Stop) -> Result<Head, EvalError> {
        let (x, n) = (scale.apply(train.features()), train.rows());
        let store = nn::VarStore::new(x.device());
        let hidden = self.widths.iter().map(|&width| width as i64);
        let spec = HeadSpec {
            widths: hidden.chain([train.classes()]).collect(),
            ..HeadSpec::new(&[], HeadNorm::Hidden)
        };
        let head = Head::new(&store, train.width(), &spec, Init::new(self.seed).part("mlp"));
        let parameters = Parameter::of_state(&kontrast_models::trained(&store).into_iter().collect());
        let mut adamw = Adamw::new(Group::decay_groups(parameters).into(), BETAS, EPS);
        let batch = (self.batch as i64).min(n);
        let per_epoch = n / batch;
        let steps = (per_epoch * i64::from(self.epochs)) as u64;
        let schedule = HalfCosine { base: self.lr, last: 0.0, steps };
        let mut step = 0;
        for epoch in 0..self.epochs {
            let order = order(n, *b"mlp     ", self.seed, epoch).to_device(x.device());
            for place in 0..per_epoch {
                stop.check()?;
                let rows = order.narrow(0, place * batch, batch);
                let logits = head.forward(&x.index_select(0, &rows), Mode::Train);
                let labels = train.labels().index_select(0, &rows);
                let loss = logits.cross_entropy_loss(&labels, None::<&Tensor>, Reduction::Mean, -100, 0.0);
                adamw.zero_grad();
                loss.backward();
                adamw.step(Rates { lr: schedule.at(step), weight_decay: self.weight_decay });
                step += 1;
            }
        }
        Ok(head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocols::Linear;
    use tch::{Device, Kind};

    /// Two classes, the inner and the outer points of a disc: no line parts them.
    fn rings(n: i64, seed: i64) -> FeatureBank {
        tch::manual_seed(seed);
        let angles = Tensor::rand([n], (Kind::Float, Device::Cpu)) * std::f64::consts::TAU;
        let labels = Tensor::arange(n, (Kind::Int64, Device::Cpu)).remainder(2);
        let radii = labels.to_kind(Kind::Float) * 2.0 + 1.0;
        let features = Tensor::stack(&[angles.cos() * &radii, angles.sin() * &radii], 1);
        FeatureBank::new(&features, &labels, 2).unwrap()
    }

    #[test]
    fn what_no_line_parts_is_told_apart() {
        let subject = Subject::of_features("rings", rings(400, 0), rings(200, 1)).unwrap();
        let mlp = Mlp { widths: vec![32], epochs: 20, batch: 50, lr: 0.01, weight_decay: 0.0, seed: 3 };
        let linear = Linear {
            epochs: 20,
            batch: 50,
            lrs: vec![0.1],
            weight_decays: vec![0.0],
            validation: 0.1,
            seed: 3,
        };
        let stop = Stop::default();
        let top1 = |protocol: &dyn Protocol| protocol.evaluate(&subject, &stop).unwrap()[0].top1();
        let found = top1(&mlp);
        assert!(found > 95.0 && top1(&linear) < 70.0, "{found}");
        assert_eq!(top1(&mlp), found, "the same seed, the same score");
        stop.request();
        assert!(matches!(mlp.evaluate(&subject, &stop), Err(EvalError::Stopped)));
    }
}
