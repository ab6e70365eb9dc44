//! Logistic regression to its optimum over a row of penalties, on features as they are: in double precision by L-BFGS; the
//! penalty is chosen on a split of the training set and the fit made again on all (Kornblith et al. 2019, arXiv 1805.08974,
//! section 3; SimCLR, arXiv 2002.05709, appendix B.8; DINOv2, arXiv 2304.07193, `eval/log_regression.py`).

use crate::report::{per_cent, predicted};
use crate::softmax_regression::{Ends, SoftmaxRegression};
use crate::{EvalError, FeatureBank, Needs, Network, Protocol, Report, Stop, Subject};
use tch::Tensor;

/// The protocol `logistic`.
#[derive(Clone, Debug)]
pub struct Logistic {
    /// What the summed loss counts beside half the squared length of the weights, in rising order: C of scikit-learn.
    pub cs: Vec<f64>,
    /// The most rounds of L-BFGS at one C.
    pub iterations: usize,
    /// The largest value of the gradient of the mean loss at which a fit ends.
    pub tolerance: f64,
    /// Fraction of the training set that C is chosen on.
    pub validation: f64,
    /// Seed of the split.
    pub seed: u64,
}

impl Protocol for Logistic {
    fn name(&self) -> &'static str {
        "logistic"
    }

    fn version(&self) -> u32 {
        1
    }

    fn needs(&self) -> Needs {
        Needs::Features
    }

    fn check(&self, network: &Network<'_>) -> Result<(), EvalError> {
        if self.cs.len() == 1 {
            return Ok(());
        }
        network.split(self.validation, self.seed).map(drop)
    }

    fn evaluate(&self, subject: &Subject<'_>, stop: &Stop) -> Result<Vec<Report>, EvalError> {
        let bank = subject.train();
        let (c, validated) = if let [only] = self.cs[..] {
            (only, None)
        } else {
            let parts = bank.split(self.validation, self.seed)?;
            let (best, top1) = self.choose(&bank.part(&parts.fit), &bank.part(&parts.validation), stop)?;
            (best, Some(top1))
        };
        let logits = self.logits(bank, c, subject.test().features(), stop)?;
        let report = Report::of_classes(self, subject, &predicted(&logits)).with_top5(&logits, subject);
        let report = report.with_calibration(&logits, subject).with("c", c).validated(validated);
        Ok(vec![subject.scored(report)])
    }
}

impl Logistic {
    /// What an experiment asks for.
    pub fn new(config: &kontrast_config::Logistic, validation: f64, seed: u64) -> Self {
        let kontrast_config::Logistic { values, least_c, most_c, iterations, tolerance } = *config;
        let place = |index: usize| index as f64 / (values - 1).max(1) as f64;
        // To six digits, as a score shows it.
        let short = |c: f64| format!("{c:.5e}").parse().unwrap_or(c);
        let cs = (0..values).map(|index| short(least_c * (most_c / least_c).powf(place(index)))).collect();
        Self { cs, iterations, tolerance, validation, seed }
    }

    /// The C with the best top-1 on held images after fitting others, and that in per cent; among equals the first, the
    /// strongest penalty. Each fit goes on where the one before ended.
    pub(crate) fn choose(
        &self,
        fit: &FeatureBank,
        held: &FeatureBank,
        stop: &Stop,
    ) -> Result<(f64, f64), EvalError> {
        let regression = SoftmaxRegression::new(fit.features(), fit.labels(), fit.classes());
        let (mut best, mut highest, mut path) = (self.cs[0], f64::NEG_INFINITY, regression.path());
        for &c in &self.cs {
            let weights = path.fit(c, self.ends(), stop)?;
            let score = per_cent(&regression.logits(&weights, held.features()), held.labels(), 1);
            if score > highest {
                (best, highest) = (c, score);
            }
        }
        Ok((best, highest))
    }

    /// Logits of queries after fitting a bank.
    ///
    /// # Shapes
    /// - `queries`: `[n, d]`
    /// - returns `[n, classes]`, f64
    pub(crate) fn logits(
        &self,
        bank: &FeatureBank,
        c: f64,
        queries: &Tensor,
        stop: &Stop,
    ) -> Result<Tensor, EvalError> {
        let regression = SoftmaxRegression::new(bank.features(), bank.labels(), bank.classes());
        let weights = regression.fit(c, self.ends(), stop)?;
        Ok(regression.logits(&weights, queries))
    }

    fn ends(&self) -> Ends {
        Ends { iterations: self.iterations, tolerance: self.tolerance }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kontrast_testkit::{Case, assert_close};
    use tch::Kind;

    fn case() -> Case {
        Case::from_bytes(include_bytes!("../../tests/golden/logistic/case.safetensors"))
    }

    fn bank(case: &Case, split: &str) -> FeatureBank {
        let (features, labels) = (format!("{split}.features"), format!("{split}.labels"));
        FeatureBank::new(&case[&features], &case[&labels], 5).unwrap()
    }

    fn protocol(cs: &[f64], tolerance: f64) -> Logistic {
        Logistic { cs: cs.to_vec(), iterations: 1000, tolerance, validation: 0.2, seed: 0 }
    }

    #[test]
    fn probabilities_and_calibration_are_those_of_scikit_learn() {
        let case = case();
        let subject = || Subject::of_features("golden", bank(&case, "train"), bank(&case, "test")).unwrap();
        for index in 0..3 {
            let c = case.number(&format!("c.{index}"));
            let fit = protocol(&[c], 1e-10);
            let test = bank(&case, "test");
            let logits = fit.logits(&bank(&case, "train"), c, test.features(), &Stop::default()).unwrap();
            let expected = &case[&format!("log_probabilities.{index}")];
            assert_close(&logits.log_softmax(-1, Kind::Double), expected, 1e-6);
            let report = fit.evaluate(&subject(), &Stop::default()).unwrap().remove(0);
            let found = report.metric("calibration_error").unwrap().value;
            let expected = case.number(&format!("calibration_error.{index}"));
            assert!((found - expected).abs() < 1e-4, "{found}, expected {expected}");
        }
    }

    #[test]
    fn the_optimum_does_not_depend_on_where_a_fit_begins() {
        let case = case();
        let (train, test) = (bank(&case, "train"), bank(&case, "test"));
        let regression = SoftmaxRegression::new(train.features(), train.labels(), 5);
        let ends = Ends { iterations: 1000, tolerance: 1e-9 };
        let stop = Stop::default();
        let cold = regression.fit(1e-2, ends, &stop).unwrap();
        let mut path = regression.path();
        let [_, _, warm] = [1e3, 1.0, 1e-2].map(|c| path.fit(c, ends, &stop).unwrap());
        let [cold, warm] = [cold, warm].map(|weights| regression.logits(&weights, test.features()));
        assert_close(&warm, &cold, 1e-6);
        stop.request();
        let stopped = regression.fit(1.0, ends, &stop);
        assert!(matches!(stopped, Err(EvalError::Stopped)));
    }

    #[test]
    fn a_penalty_between_nothing_and_everything_is_chosen() {
        let case = case();
        // Fewer images than make the weakest penalty the best.
        let few = bank(&case, "train").part(&Tensor::arange(60, (Kind::Int64, tch::Device::Cpu)));
        let config = kontrast_config::Logistic {
            values: 45,
            least_c: 1e-6,
            most_c: 1e5,
            iterations: 1000,
            tolerance: 1e-4,
        };
        let protocol = Logistic::new(&config, 0.3, 0);
        assert_eq!((protocol.cs.len(), protocol.cs[0]), (45, 1e-6));
        assert!((protocol.cs[44] - 1e5).abs() < 1e-6);
        let (c, top1) = protocol.choose(&few, &bank(&case, "test"), &Stop::default()).unwrap();
        assert!(c > 1e-5 && c < 1e4, "{c}");
        let held = bank(&case, "test");
        let alone = protocol.logits(&few, c, held.features(), &Stop::default()).unwrap();
        assert_eq!(top1, per_cent(&alone, held.labels(), 1));
    }
}
