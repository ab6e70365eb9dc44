//! Linear probe by Adam: softmax regression on frozen features as they are, as W-MSE trains it (Ermolov et al. 2021, arXiv
//! 2007.06346, section 5.1).

use crate::linear_probes::{BETAS, EPS, LinearProbes, one_hot, order};
use crate::report::predicted;
use crate::{EvalError, FeatureBank, Needs, Protocol, Report, Stop, Subject};
use tch::Tensor;

/// The protocol `linear_adam`. Nothing is chosen, and the probe of the last epoch is scored.
#[derive(Clone, Debug)]
pub struct LinearAdam {
    /// Passes over the features.
    pub epochs: u32,
    /// Features of a step; the last, smaller batch of an epoch is left out.
    pub batch: usize,
    /// The rate of the first epoch.
    pub lr: f64,
    /// The rate that an epoch after the last would have.
    pub last_lr: f64,
    /// Decay, added to the gradient.
    pub weight_decay: f64,
    /// Seed of the order of features.
    pub seed: u64,
}

impl Protocol for LinearAdam {
    fn name(&self) -> &'static str {
        "linear_adam"
    }

    fn version(&self) -> u32 {
        1
    }

    fn needs(&self) -> Needs {
        Needs::Features
    }

    fn evaluate(&self, subject: &Subject<'_>, stop: &Stop) -> Result<Vec<Report>, EvalError> {
        let probe = self.train(subject.train(), stop)?;
        let logits = probe.logits(subject.test().features()).get(0);
        let report = Report::of_classes(self, subject, &predicted(&logits))
            .with_top5(&logits, subject)
            .with_calibration(&logits, subject)
            .with("epochs", self.epochs as usize)
            .with("lr", self.lr)
            .with("weight_decay", self.weight_decay);
        Ok(vec![subject.scored(report)])
    }
}

impl LinearAdam {
    /// What an experiment asks for.
    pub fn new(config: &kontrast_config::LinearAdam, seed: u64) -> Self {
        let kontrast_config::LinearAdam { epochs, batch, lr, last_lr, weight_decay } = *config;
        Self { epochs, batch, lr, last_lr, weight_decay, seed }
    }

    fn train(&self, train: &FeatureBank, stop: &Stop) -> Result<LinearProbes, EvalError> {
        tch::no_grad(|| {
            let (x, n) = (train.features(), train.rows());
            let targets = one_hot(train.labels(), train.classes());
            let mut probe = LinearProbes::zero(1, train.width(), train.classes(), x.device());
            let (mut of_weight, mut of_bias) = (Moments::of(&probe.weight), Moments::of(&probe.bias));
            let batch = (self.batch as i64).min(n);
            for epoch in 0..self.epochs {
                let lr = self.lr * (self.last_lr / self.lr).powf(f64::from(epoch) / f64::from(self.epochs));
                let order = order(n, *b"adam    ", self.seed, epoch).to_device(x.device());
                for place in 0..n / batch {
                    stop.check()?;
                    let rows = order.narrow(0, place * batch, batch);
                    let (x, targets) = (x.index_select(0, &rows), targets.index_select(0, &rows));
                    let (for_weight, for_bias) = probe.gradients(&x, &targets);
                    of_weight.step(&mut probe.weight, &for_weight, lr, self.weight_decay);
                    of_bias.step(&mut probe.bias, &for_bias, lr, self.weight_decay);
                }
            }
            Ok(probe)
        })
    }
}

/// What Adam remembers of a variable (Kingma and Ba 2015, arXiv 1412.6980, algorithm 1).
struct Moments {
    first: Tensor,
    second: Tensor,
    steps: i32,
}

impl Moments {
    fn of(variable: &Tensor) -> Self {
        Self { first: variable.zeros_like(), second: variable.zeros_like(), steps: 0 }
    }

    fn step(&mut self, variable: &mut Tensor, gradient: &Tensor, lr: f64, weight_decay: f64) {
        let gradient = gradient + &*variable * weight_decay;
        self.first = &self.first * BETAS.0 + &gradient * (1.0 - BETAS.0);
        self.second = &self.second * BETAS.1 + gradient.square() * (1.0 - BETAS.1);
        self.steps += 1;
        let (first, second) = (1.0 - BETAS.0.powi(self.steps), 1.0 - BETAS.1.powi(self.steps));
        *variable -= &self.first / (self.second.sqrt() / second.sqrt() + EPS) * (lr / first);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kontrast_testkit::{Case, assert_close};
    use tch::Kind;

    fn case() -> Case {
        Case::from_bytes(include_bytes!("../../tests/golden/linear_adam/case.safetensors"))
    }

    fn bank(case: &Case, split: &str) -> FeatureBank {
        let (features, labels) = (format!("{split}.features"), format!("{split}.labels"));
        FeatureBank::new(&case[&features], &case[&labels], 4).unwrap()
    }

    fn protocol(case: &Case, batch: usize) -> LinearAdam {
        LinearAdam {
            epochs: case.number("epochs") as u32,
            batch,
            lr: case.number("lr"),
            last_lr: case.number("last_lr"),
            weight_decay: case.number("weight_decay"),
            seed: 0,
        }
    }

    #[test]
    fn logits_are_those_of_pytorch() {
        let case = case();
        let probe = protocol(&case, 1000).train(&bank(&case, "train"), &Stop::default()).unwrap();
        let found = probe.logits(&case["test.features"].to_kind(Kind::Float)).get(0);
        assert_close(&found, &case["logits"], 1e-5);
    }

    #[test]
    fn rows_in_another_order_give_the_same_probe_and_batches_another() {
        let case = case();
        let (train, stop) = (bank(&case, "train"), Stop::default());
        let whole = protocol(&case, 24).train(&train, &stop).unwrap();
        let turned = train.part(&Tensor::arange(24, (Kind::Int64, tch::Device::Cpu)).flip([0]));
        assert_close(&protocol(&case, 24).train(&turned, &stop).unwrap().weight, &whole.weight, 1e-5);
        let other = protocol(&case, 6).train(&train, &stop).unwrap();
        assert!((other.weight - whole.weight).abs().max().double_value(&[]) > 1e-3);
        stop.request();
        assert!(matches!(protocol(&case, 6).train(&train, &stop), Err(EvalError::Stopped)));
    }
}
