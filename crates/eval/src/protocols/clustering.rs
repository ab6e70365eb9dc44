//! Clusters of features beside the classes: k-means on the training features, as many clusters as classes, and test images
//! at the nearest centre (SCAN, Van Gansbeke et al. 2020, arXiv 2005.12320, section 3.2).

use crate::{Cluster, EvalError, Metric, Needs, Network, Protocol, Report, Stop, Subject};
use kontrast_embeddings::{Clustering as Found, Contingency, KMeans, Table};
use tch::Tensor;

/// The protocol `clustering`. Features have length 1; a run is k-means from draws of its own, and scores are means over runs.
#[derive(Clone, Copy, Debug)]
pub struct Clustering {
    /// How often k-means is run, at least once.
    pub runs: u32,
    /// Starts of a run, at least one; the one with the least squared distances stays.
    pub starts: usize,
    /// Seed of the draws.
    pub seed: u64,
}

impl Protocol for Clustering {
    fn name(&self) -> &'static str {
        "clustering"
    }

    fn version(&self) -> u32 {
        1
    }

    fn needs(&self) -> Needs {
        Needs::Features
    }

    fn check(&self, network: &Network<'_>) -> Result<(), EvalError> {
        Self::require(network.train.len(), network.train.class_names().len())
    }

    /// One report: ACC by the assignment of clusters to classes that is best on the test images, NMI and ARI.
    fn evaluate(&self, subject: &Subject<'_>, stop: &Stop) -> Result<Vec<Report>, EvalError> {
        let (train, clusters) = (subject.train().table().unit(), subject.classes() as usize);
        Self::require(train.len(), clusters)?;
        let test = subject.test().table().unit();
        let classes: Vec<usize> =
            subject.test().labels_on_cpu().into_iter().map(|label| label as usize).collect();
        let (mut accuracy, mut nmi, mut ari) = (Vec::new(), Vec::new(), Vec::new());
        let (mut predictions, mut shown) = (Vec::new(), Vec::new());
        for run in 0..self.runs {
            stop.check()?;
            let seed = self.seed.wrapping_add(u64::from(run) << 32);
            let k_means = KMeans { starts: self.starts, ..KMeans::new(clusters, seed) };
            let found = k_means.fit(&train).expect("as many rows as clusters, and a start");
            let assignment = found.assign(&test);
            let agreement = Contingency::new(&assignment, &classes);
            accuracy.push(agreement.accuracy());
            nmi.push(agreement.normalized_mutual_information());
            ari.push(agreement.adjusted_rand_index());
            let class_of = agreement.assignment();
            if run == 0 {
                shown = clusters_of(&found, &test, &assignment, &class_of, &classes);
            }
            let class = |&cluster: &usize| class_of[cluster].map_or(-1, |class| class as i64);
            predictions.push(Tensor::from_slice(&assignment.iter().map(class).collect::<Vec<i64>>()));
        }
        let metrics = vec![
            Metric::per_cent("accuracy", &accuracy),
            Metric::per_cent("nmi", &nmi),
            Metric::per_cent("ari", &ari),
        ];
        let report = Report { clusters: shown, ..Report::of_metrics(self, subject, metrics) }
            .with_predictions(&Tensor::stack(&predictions, 0))
            .with("clusters", clusters)
            .with("runs", self.runs as usize)
            .with("starts", self.starts);
        Ok(vec![subject.scored(report)])
    }
}

/// Test images of a cluster that are named.
const NEAREST: usize = 10;

/// The clusters with the test images in them.
fn clusters_of(
    found: &Found,
    test: &Table,
    assignment: &[usize],
    class_of: &[Option<usize>],
    classes: &[usize],
) -> Vec<Cluster> {
    let cluster = |(cluster, &class): (usize, &Option<usize>)| {
        let distance = |row: usize| {
            let difference = &test.row(row) - &found.centers.row(cluster);
            difference.dot(&difference)
        };
        let members = (0..test.len()).filter(|&row| assignment[row] == cluster);
        let mut members: Vec<_> = members.map(|row| (row, distance(row))).collect();
        members.sort_by(|a, b| a.1.total_cmp(&b.1));
        Cluster {
            class,
            images: members.len(),
            of_class: members.iter().filter(|&&(row, _)| Some(classes[row]) == class).count(),
            nearest: members.iter().take(NEAREST).map(|&(row, _)| row as u32).collect(),
        }
    };
    class_of.iter().enumerate().map(cluster).collect()
}

impl Clustering {
    /// What an experiment asks for.
    pub fn new(config: &kontrast_config::Clustering, seed: u64) -> Self {
        Self { runs: config.runs, starts: config.starts, seed }
    }

    fn require(images: usize, classes: usize) -> Result<(), EvalError> {
        if images >= classes {
            return Ok(());
        }
        Err(EvalError::Setting {
            key: "eval.clustering",
            value: format!("{classes} clusters"),
            expected: "as many training images as classes".to_owned(),
            found: format!("{images} training images"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FeatureBank;
    use crate::protocols::Retrieval;
    use kontrast_testkit::Case;

    fn subject() -> (Case, Subject<'static>) {
        let case = Case::from_bytes(include_bytes!("../../tests/golden/clustering/case.safetensors"));
        let bank = |split: &str| {
            let (features, labels) = (format!("{split}.features"), format!("{split}.labels"));
            FeatureBank::new(&case[&features], &case[&labels], 6).unwrap()
        };
        let subject = Subject::of_features("golden", bank("train"), bank("test")).unwrap();
        (case, subject)
    }

    fn assert_metrics(report: &Report, case: &Case, names: &[(&str, &str)]) {
        for (metric, expected) in names {
            let (found, expected) = (report.metric(metric).unwrap().value, case.number(expected));
            assert!((found - expected).abs() < 1e-6, "{metric}: {found}, expected {expected}");
        }
    }

    #[test]
    fn clusters_are_as_near_the_classes_as_those_of_scikit_learn() {
        let (case, subject) = subject();
        let protocol = Clustering { runs: 2, starts: 20, seed: 0 };
        let report = protocol.evaluate(&subject, &Stop::default()).unwrap().remove(0);
        assert_metrics(&report, &case, &[("accuracy", "accuracy"), ("nmi", "nmi"), ("ari", "ari")]);
        assert_eq!(report.metric("nmi").unwrap().std, Some(0.0), "both runs find the same");
        let predictions = report.predictions.as_ref().unwrap();
        let right = predictions.get(0).eq_tensor(subject.test().labels()).to_kind(tch::Kind::Double);
        let accuracy = 100.0 * right.mean(tch::Kind::Double).double_value(&[]);
        assert!((accuracy - case.number("accuracy")).abs() < 1e-6, "predictions are the assigned classes");
        let clusters = &report.clusters;
        let images: usize = clusters.iter().map(|cluster| cluster.images).sum();
        assert_eq!((clusters.len(), images), (6, subject.test().table().len()));
        let right: usize = clusters.iter().map(|cluster| cluster.of_class).sum();
        assert!((100.0 * right as f64 / images as f64 - accuracy).abs() < 1e-6);
        for Cluster { class, nearest, .. } in clusters {
            let of = predictions.get(0).int64_value(&[i64::from(nearest[0])]);
            assert_eq!(class.map(|class| class as i64), Some(of), "the nearest image lies in the cluster");
        }
    }

    #[test]
    fn neighbours_are_of_the_class_as_often_as_numpy_counts() {
        let (case, subject) = subject();
        let protocol = Retrieval { ks: vec![1, 5, 10] };
        let report = protocol.evaluate(&subject, &Stop::default()).unwrap().remove(0);
        let names = [
            ("recall_at_1", "recall.1"),
            ("recall_at_5", "recall.5"),
            ("recall_at_10", "recall.10"),
            ("map_at_r", "map_at_r"),
        ];
        assert_metrics(&report, &case, &names);
        let message =
            Retrieval { ks: vec![1, 200] }.evaluate(&subject, &Stop::default()).unwrap_err().to_string();
        assert!(message.starts_with("eval.retrieval.ks = [1, 200]: expected numbers from 1 to"), "{message}");
    }

    #[test]
    fn fewer_images_than_classes_are_refused_with_the_key() {
        let message = Clustering::require(5, 6).unwrap_err().to_string();
        assert!(message.starts_with("eval.clustering = 6 clusters: expected as many training"), "{message}");
    }
}
