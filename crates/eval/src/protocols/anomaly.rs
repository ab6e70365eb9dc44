//! Anomaly detection: the training images of one class are normal, and test images of this class are told from all others by
//! how near they lie; each class in turn. The encoder has seen all classes, so its figures are not those of one encoder a
//! class (DROC, Sohn et al. 2021, arXiv 2011.02578; CSI, Tack et al. 2020, arXiv 2007.08176).

use super::knn::nearest;
use crate::{EvalError, Metric, Needs, Network, Protocol, Report, Stop, Subject};
use kontrast_embeddings::auroc;
use kontrast_losses::unit;
use tch::{Device, Kind, Tensor};

/// Test images whose kernels are held at once.
const ROWS: i64 = 1024;

/// The protocol `anomaly`, on features of length 1, with two scores of an image: its mean cosine with the `k` nearest of
/// the class (CSI has k 1, Bergman et al. 2020, arXiv 2002.10445, k 2), and the density of Gaussian kernels on all of them
/// (DROC, section 4.1).
#[derive(Clone, Copy, Debug)]
pub struct Anomaly {
    /// Neighbours, at least 1.
    pub k: usize,
    /// Gamma of the kernels, times the variance of the class's values and their number: 10 in DROC.
    pub gamma: f64,
}

impl Protocol for Anomaly {
    fn name(&self) -> &'static str {
        "anomaly"
    }

    fn version(&self) -> u32 {
        1
    }

    fn needs(&self) -> Needs {
        Needs::Features
    }

    fn check(&self, network: &Network<'_>) -> Result<(), EvalError> {
        self.require(&network.labels(), network.train.class_names().len())
    }

    /// One report: the means over classes of `auroc_knn` and `auroc_kde`, with those of each class. A class without test
    /// images, or with all of them, has none.
    fn evaluate(&self, subject: &Subject<'_>, stop: &Stop) -> Result<Vec<Report>, EvalError> {
        let classes = subject.classes();
        self.require(&subject.train().labels_on_cpu(), classes as usize)?;
        let labels = subject.test().labels_on_cpu();
        let (mut by_knn, mut by_kde) = (Vec::new(), Vec::new());
        for class in 0..classes {
            stop.check()?;
            let normal: Vec<bool> = labels.iter().map(|&label| label == class).collect();
            if normal.iter().all(|&one| one == normal[0]) {
                continue;
            }
            let rows = subject.train().labels().eq(class).nonzero().flatten(0, -1);
            let bank = unit(&subject.train().features().index_select(0, &rows));
            let area = |scores: &Tensor| auroc(&values(scores), &normal).expect("images of both kinds");
            by_knn.push(area(&self.nearness(&bank, subject.test().features())));
            by_kde.push(area(&self.density(&bank, &unit(subject.test().features()))));
        }
        if by_knn.is_empty() {
            return Err(EvalError::Setting {
                key: "eval.anomaly",
                value: format!("{classes} classes"),
                expected: "test images of several classes".to_owned(),
                found: "one class".to_owned(),
            });
        }
        let mean = |by_class: &[f64]| by_class.iter().sum::<f64>() / by_class.len() as f64;
        let metric =
            |name: &str, by_class: &[f64]| Metric::per_cent(name, &[mean(by_class)]).with_classes(by_class);
        let metrics = vec![metric("auroc_knn", &by_knn), metric("auroc_kde", &by_kde)];
        let report = Report::of_metrics(self, subject, metrics);
        Ok(vec![subject.scored(report.with("k", self.k).with("gamma", self.gamma))])
    }
}

impl Anomaly {
    /// What an experiment asks for.
    pub fn new(config: &kontrast_config::Anomaly) -> Self {
        Self { k: config.k, gamma: config.gamma }
    }

    /// # Errors
    /// Where a class has fewer training images than neighbours are asked for.
    fn require(&self, labels: &[i64], classes: usize) -> Result<(), EvalError> {
        let mut counts = vec![0_usize; classes];
        for &label in labels {
            counts[label as usize] += 1;
        }
        match counts.iter().enumerate().min_by_key(|(_, count)| **count) {
            Some((class, &count)) if count < self.k => Err(EvalError::Setting {
                key: "eval.anomaly.k",
                value: self.k.to_string(),
                expected: "no more than each class has training images".to_owned(),
                found: format!("{count} of class {class}"),
            }),
            _ => Ok(()),
        }
    }

    /// Mean cosine with the `k` nearest, `[n]`.
    fn nearness(&self, bank: &Tensor, queries: &Tensor) -> Tensor {
        nearest(queries, bank, self.k as i64).0.mean_dim([1i64].as_slice(), false, Kind::Double)
    }

    /// Logarithm of the summed kernels, `[n]`. All lie at length 1, so that a distance follows from a cosine.
    fn density(&self, bank: &Tensor, queries: &Tensor) -> Tensor {
        let variance = bank.to_kind(Kind::Double).var(false).double_value(&[]).max(f64::MIN_POSITIVE);
        let gamma = self.gamma / (variance * bank.size()[1] as f64);
        let n = queries.size()[0];
        let of_rows = |start: i64| {
            let rows = queries.narrow(0, start, ROWS.min(n - start));
            let cosines = rows.matmul(&bank.tr()).to_kind(Kind::Double);
            let distances = (cosines * -2.0 + 2.0).clamp_min(0.0);
            (distances * (-gamma)).logsumexp([1i64].as_slice(), false)
        };
        Tensor::cat(&(0..n).step_by(ROWS as usize).map(of_rows).collect::<Vec<_>>(), 0)
    }
}

/// Scores as numbers, in single precision, which `auroc` takes.
fn values(scores: &Tensor) -> Vec<f32> {
    let scores = scores.to_device(Device::Cpu).to_kind(Kind::Float);
    Vec::try_from(scores).expect("a score an image")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FeatureBank;
    use kontrast_testkit::Case;

    fn bank(case: &Case, split: &str) -> FeatureBank {
        let (features, labels) = (format!("{split}.features"), format!("{split}.labels"));
        FeatureBank::new(&case[&features], &case[&labels], 4).unwrap()
    }

    fn subject(case: &Case) -> Subject<'static> {
        Subject::of_features("golden", bank(case, "train"), bank(case, "test")).unwrap()
    }

    #[test]
    fn areas_by_class_are_those_of_scikit_learn() {
        let case = Case::from_bytes(include_bytes!("../../tests/golden/anomaly/case.safetensors"));
        for k in [1, 2, 5] {
            let protocol = Anomaly { k, gamma: 10.0 };
            let report = protocol.evaluate(&subject(&case), &Stop::default()).unwrap().remove(0);
            for (metric, expected) in [("auroc_knn", format!("knn.{k}")), ("auroc_kde", "kde".to_owned())] {
                let found = report.metric(metric).unwrap();
                let expected = Vec::<f64>::try_from(&case[&expected]).unwrap();
                let mean = expected.iter().sum::<f64>() / 4.0;
                for (found, expected) in found.by_class.iter().zip(&expected).chain([(&found.value, &mean)]) {
                    assert!((found - expected).abs() < 1e-3, "{metric}: {found}, expected {expected}");
                }
            }
            assert!(report.top1().is_nan(), "no image gets a class");
            assert_eq!(report.score().metrics["auroc_knn"].by_class.len(), 4);
        }
    }

    #[test]
    fn classes_with_too_few_images_or_alone_are_refused_with_the_key() {
        let case = Case::from_bytes(include_bytes!("../../tests/golden/anomaly/case.safetensors"));
        let message = Anomaly { k: 2, gamma: 10.0 }.require(&[0, 0, 1], 2).unwrap_err().to_string();
        let expected =
            "eval.anomaly.k = 2: expected no more than each class has training images, found 1 of class 1";
        assert_eq!(message, expected);
        let one = bank(&case, "test").part(&case["test.labels"].eq(2).nonzero().flatten(0, -1));
        let alone = Subject::of_features("one", bank(&case, "train"), one).unwrap();
        let message =
            Anomaly { k: 1, gamma: 10.0 }.evaluate(&alone, &Stop::default()).unwrap_err().to_string();
        assert!(message.contains("expected test images of several classes, found one class"), "{message}");
    }
}
