//! An encoder beside its baselines, and where its scores stand in a summary.

use crate::protocols::{Colours, extractor, linear};
use kontrast_config::Probe;
use kontrast_eval::protocols::{Knn, LayerProbes};
use kontrast_eval::{Benchmark, EvalError, Milestone, Model, Scored, Scores, Stop};
use kontrast_models::{Encoder, Pass};
use kontrast_runlog::Summary;
use kontrast_torch_ext::StateDict;
use std::cell::RefCell;
use tch::Tensor;

/// A map of the images, at this factor.
struct Scaled(f64);

impl Encoder for Scaled {
    fn forward(&self, images: &Tensor, _pass: Pass<'_>) -> Tensor {
        images.flatten(1, -1) * self.0
    }
    fn stages(&self, images: &Tensor, _pass: Pass<'_>) -> Vec<Tensor> {
        vec![images * self.0]
    }
    fn width(&self) -> i64 {
        192
    }
    fn variables(&self) -> StateDict {
        [("factor".to_owned(), Tensor::from(self.0))].into_iter().collect()
    }
    fn handle(&self) -> Box<dyn Encoder> {
        Box::new(Self(self.0))
    }
}

/// Without a projector.
fn model(encoder: &Scaled) -> Model<'_> {
    Model { encoder, projector: None, texts: None }
}

fn layers() -> LayerProbes {
    LayerProbes {
        probes: vec![(Probe::Linear, 0.05)],
        stages: None,
        features: 12,
        epochs: 4,
        batch: 16,
        weight_decay: 0.0,
        seed: 0,
    }
}

/// The scores on a data set of this name, with what was heard of them.
fn scores(dataset: &str) -> (Scores, Vec<String>) {
    let (train, test, extractor) = (Colours::new(120, 40), Colours::new(40, 40), extractor());
    let protocols: Vec<Box<dyn kontrast_eval::Protocol>> = vec![Box::new(Knn::ten()), Box::new(layers())];
    let benchmark =
        Benchmark { dataset, train: &train, test: &test, extractor: &extractor, texts: None, protocols };
    let heard = RefCell::new(Vec::new());
    let watch = |scored: Scored, milestone: Milestone<'_>| {
        if let Milestone::Scored(report) = milestone {
            heard.borrow_mut().push(format!("{scored}: {}", report.name));
        }
    };
    let scores = benchmark
        .beside_baselines(model(&Scaled(1.0)), model(&Scaled(0.0)), &Stop::default(), &watch)
        .unwrap();
    (scores, heard.into_inner())
}

#[test]
fn pixels_are_spared_what_needs_more_than_features() {
    let (scores, heard) = scores("colours");
    let expected = [
        "trained: knn_10",
        "trained: layers.1.linear",
        "random init: knn_10",
        "random init: layers.1.linear",
        "raw pixels: knn_10",
    ];
    assert_eq!(heard, expected);
    let layers = scores.layers();
    assert_eq!(layers.len(), 1);
    assert!(layers[0].top1 > 95.0, "{layers:?}");
    assert_eq!(layers[0].random_init, Some(25.0), "nothing but zeros is uninformative");
}

#[test]
fn scores_on_the_own_data_set_stand_where_they_stood_and_others_under_their_name() {
    let mut summary = Summary { dataset: "colours".to_owned(), ..Summary::default() };
    scores("colours").0.enter(&mut summary);
    let names = |scores: &std::collections::BTreeMap<String, _>| scores.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&summary.eval.trained), ["knn_10"]);
    assert_eq!((summary.layers.len(), summary.transfer.len()), (1, 0));
    let own = summary.eval.clone();
    scores("others").0.enter(&mut summary);
    assert_eq!((&summary.eval, summary.layers.len()), (&own, 1));
    assert_eq!(names(&summary.transfer["others"].trained), ["knn_10", "layers.1.linear"]);
    assert_eq!(names(&summary.transfer["others"].pixels), ["knn_10"]);
}

#[test]
fn what_the_images_do_not_allow_is_refused_before_training() {
    let (train, test, extractor) = (Colours::new(2, 40), Colours::new(40, 40), extractor());
    let protocols: Vec<Box<dyn kontrast_eval::Protocol>> = vec![Box::new(linear())];
    let benchmark = Benchmark {
        dataset: "colours",
        train: &train,
        test: &test,
        extractor: &extractor,
        texts: None,
        protocols,
    };
    let refused = benchmark.check(model(&Scaled(1.0)));
    assert!(matches!(refused, Err(EvalError::Split { images: 2, .. })), "{refused:?}");
}
