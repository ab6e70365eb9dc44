//! Retrieval: each test image is looked for among the other test images, by cosine: recall@k (Oh Song et al. 2016, arXiv
//! 1511.06452) and mean average precision at R (Musgrave et al. 2020, arXiv 2003.08505, section 3.2).

use crate::{EvalError, Metric, Needs, Network, Protocol, Report, Stop, Subject};

/// The protocol `retrieval`. The training images are not looked at.
#[derive(Clone, Debug)]
pub struct Retrieval {
    /// The k of recall@k, each at least 1.
    pub ks: Vec<usize>,
}

impl Protocol for Retrieval {
    fn name(&self) -> &'static str {
        "retrieval"
    }

    fn version(&self) -> u32 {
        1
    }

    fn needs(&self) -> Needs {
        Needs::Features
    }

    fn check(&self, network: &Network<'_>) -> Result<(), EvalError> {
        self.require(&network.test.labels().into_iter().map(i64::from).collect::<Vec<_>>())
    }

    /// One report: `recall_at_1` and so on, and `map_at_r`.
    fn evaluate(&self, subject: &Subject<'_>, stop: &Stop) -> Result<Vec<Report>, EvalError> {
        stop.check()?;
        let labels = subject.test().labels_on_cpu();
        self.require(&labels)?;
        let names = labels.iter().map(ToString::to_string).collect();
        let table = subject.test().table().with_labels(names).expect("a label for each row");
        let found =
            kontrast_embeddings::retrieval(&table, &self.ks).expect("labels, and each k below the rows");
        let recall = self.ks.iter().map(|k| Metric::per_cent(format!("recall_at_{k}"), &[found.recall[k]]));
        let metrics = recall.chain([Metric::per_cent("map_at_r", &[found.map_at_r])]).collect();
        let report = Report::of_metrics(self, subject, metrics).with("queries", found.queries);
        Ok(vec![subject.scored(report)])
    }
}

impl Retrieval {
    /// What an experiment asks for.
    pub fn new(config: &kontrast_config::Retrieval) -> Self {
        Self { ks: config.ks.clone() }
    }

    /// # Errors
    /// Where a k is no less than the test images, or no class has two of them.
    fn require(&self, labels: &[i64]) -> Result<(), EvalError> {
        let setting = |expected: &str, found: String| EvalError::Setting {
            key: "eval.retrieval.ks",
            value: format!("{:?}", self.ks),
            expected: expected.to_owned(),
            found,
        };
        let most = self.ks.iter().copied().max().unwrap_or(0);
        if most >= labels.len() || self.ks.contains(&0) {
            let found = format!("{} test images, of which each looks among the others", labels.len());
            return Err(setting("numbers from 1 to one less than the test images", found));
        }
        let mut sorted = labels.to_vec();
        sorted.sort_unstable();
        if sorted.windows(2).all(|pair| pair[0] != pair[1]) {
            let found = "one of each class".to_owned();
            return Err(setting("a class with two test images at least", found));
        }
        Ok(())
    }
}
