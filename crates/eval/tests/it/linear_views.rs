//! The linear probe on crops and flips.

use crate::protocols::{Colours, extractor};
use kontrast_eval::protocols::LinearViews;
use kontrast_eval::{EvalError, Network, Pixels, Protocol, Stop, Subject};
use kontrast_runlog::SettingValue;

fn protocol(lrs: &[f64]) -> LinearViews {
    LinearViews {
        epochs: 3,
        batch: 16,
        lrs: lrs.to_vec(),
        weight_decay: 0.0,
        least_area: 0.3,
        validation: 0.25,
        seed: 5,
    }
}

/// Scores of a protocol on colours that classes tell apart, the less the noise the better.
fn evaluated(protocol: &LinearViews, noise: usize, stop: &Stop) -> Result<kontrast_eval::Report, EvalError> {
    let (train, test, pixels) = (Colours::new(80, noise), Colours::new(40, noise), Pixels { values: 192 });
    let extractor = extractor();
    let network = Network {
        dataset: "colours",
        encoder: &pixels,
        projector: None,
        texts: None,
        train: &train,
        test: &test,
        extractor: &extractor,
    };
    protocol.check(&network)?;
    let subject = Subject::new(network, &Stop::default())?;
    Ok(protocol.evaluate(&subject, stop)?.remove(0))
}

#[test]
fn colours_are_told_apart_with_the_rate_that_learns() {
    // With the first rate nothing moves in single precision.
    let report = evaluated(&protocol(&[1e-50, 0.01]), 40, &Stop::default()).unwrap();
    assert_eq!(report.chosen["lr"], SettingValue::from(0.01));
    assert!(report.top1() > 90.0, "{report}");
    assert_eq!((report.name.as_str(), report.version), ("linear_views", 1));
}

#[test]
fn other_seeds_draw_other_views_and_the_same_the_same() {
    let logits = |seed| {
        let few = LinearViews { seed, epochs: 1, ..protocol(&[0.001]) };
        let found = evaluated(&few, 255, &Stop::default());
        let report = found.unwrap();
        (report.top1(), report.predictions.unwrap())
    };
    assert_eq!(logits(5), logits(5));
    let scores: Vec<f64> = (0..6).map(|seed| logits(seed).0).collect();
    assert!(scores.iter().any(|score| *score != scores[0]), "{scores:?}");
}

#[test]
fn it_stops_when_asked_and_refuses_classes_too_small_to_split() {
    let stop = Stop::default();
    stop.request();
    assert!(matches!(evaluated(&protocol(&[0.01]), 40, &stop), Err(EvalError::Stopped)));
    let whole = LinearViews { validation: 0.999, ..protocol(&[0.01, 0.1]) };
    assert!(evaluated(&whole, 40, &Stop::default()).is_err());
}
