//! Features that were computed elsewhere: scored without an encoder, and refused where they do not fit.

use crate::protocols::{CLASSES, linear};
use kontrast_config::Probe;
use kontrast_eval::protocols::{Knn, LayerProbes};
use kontrast_eval::{EvalError, FeatureBank, Needs, Protocol, Stop, Subject, evaluate};
use tch::{Device, Kind, Tensor};

/// A direction a class, and a little of another.
fn features(count: usize) -> (Tensor, Tensor) {
    let labels: Vec<i64> = (0..count).map(|image| (image % CLASSES) as i64).collect();
    let labels = Tensor::from_slice(&labels);
    let noise = Tensor::arange(count as i64, (Kind::Float, Device::Cpu)).sin().unsqueeze(1) * 0.1;
    (labels.one_hot(CLASSES as i64).to_kind(Kind::Float) + noise, labels)
}

fn bank(count: usize) -> FeatureBank {
    let (features, labels) = features(count);
    FeatureBank::new(&features, &labels, CLASSES).unwrap()
}

fn subject(train: usize, test: usize) -> Subject<'static> {
    Subject::of_features("elsewhere", bank(train), bank(test)).unwrap()
}

#[test]
fn features_of_ones_own_are_scored_without_an_encoder() {
    let protocols: [Box<dyn Protocol>; 2] = [Box::new(Knn::ten()), Box::new(linear())];
    let reports = evaluate(&protocols, &subject(120, 40), &Stop::default()).unwrap();
    for report in &reports {
        assert_eq!((report.top1(), report.dataset.as_str()), (100.0, "elsewhere"));
    }
    let too_few = linear().evaluate(&subject(1, 40), &Stop::default());
    assert!(matches!(too_few, Err(EvalError::Split { .. })), "{too_few:?}");
}

#[test]
fn half_precision_and_narrow_labels_are_taken_too() {
    let (features, labels) = features(40);
    let bank =
        FeatureBank::new(&features.to_kind(Kind::Half), &labels.to_kind(Kind::Uint8), CLASSES).unwrap();
    assert_eq!((bank.features().kind(), bank.labels().kind()), (Kind::Float, Kind::Int64));
    assert_eq!((bank.rows(), bank.width(), bank.classes()), (40, 4, 4));
}

#[test]
fn features_that_mean_nothing_are_refused_with_what_is_wrong() {
    let (good, labels) = features(40);
    let nan = good.copy();
    let _ = nan.get(7).get(1).fill_(f64::NAN);
    let _ = nan.get(9).get(0).fill_(f64::INFINITY);
    let beyond = labels.copy();
    let _ = beyond.get(3).fill_(9);
    let cases = [
        (&nan, &labels, "expected finite features, found 2 of 40 rows with values that are not"),
        (&good, &labels.narrow(0, 0, 39), "found features Float of [40, 4] and labels Int64 of [39]"),
        (&good, &beyond, "expected labels from 0 to 3 for 4 classes, found labels from 0 to 9"),
        (&good, &(&labels - 1), "found labels from -1 to 2"),
        (&good, &labels.to_kind(Kind::Float), "labels [n] of an integer kind"),
        (&good.flatten(0, 1), &labels, "expected features [n, d] of a float kind"),
        (&good.narrow(0, 0, 0), &labels.narrow(0, 0, 0), "with at least one row"),
        (&labels.unsqueeze(1), &labels, "of a float kind"),
    ];
    for (features, labels, expected) in cases {
        let error = FeatureBank::new(features, labels, CLASSES).unwrap_err();
        assert!(matches!(error, EvalError::Features { .. }), "{error:?}");
        assert!(error.to_string().contains(expected), "{error} does not say {expected}");
    }
}

#[test]
fn banks_that_do_not_fit_each_other_are_refused() {
    let (features, labels) = features(40);
    let wider = FeatureBank::new(&Tensor::cat(&[&features, &features], 1), &labels, CLASSES).unwrap();
    let more = FeatureBank::new(&features, &labels, 10).unwrap();
    for (test, expected) in [
        (wider, "with 4 values a row and 4 classes, on Cpu, found 8 values a row and 4 classes, on Cpu"),
        (more, "found 4 values a row and 10 classes"),
    ] {
        let error = Subject::of_features("elsewhere", bank(40), test).map(drop).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn a_protocol_says_that_features_are_not_enough_for_it() {
    let layers = LayerProbes {
        probes: vec![(Probe::Linear, 0.1)],
        stages: None,
        features: 100,
        epochs: 1,
        batch: 8,
        weight_decay: 0.0,
        seed: 0,
    };
    let subject = subject(40, 40);
    assert_eq!((layers.needs(), subject.offers()), (Needs::Layers, Needs::Features));
    let error = layers.evaluate(&subject, &Stop::default()).unwrap_err();
    assert!(matches!(error, EvalError::Needs { .. }));
    let said = "layers needs the feature maps of an encoder, and the subject on elsewhere has features: make it of an \
                encoder with its images (Subject::new), or leave layers out";
    assert_eq!(error.to_string(), said);
}
