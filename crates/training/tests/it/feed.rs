//! Both feeds: the same run within the rendering's tolerance, and each of them exact.

use crate::fixture::{Fixture, STEPS, assert_same_bits};
use crate::listener::Listener;
use kontrast_training::Outcome;

const DEVICE: [&str; 2] = ["train.feed=device", "train.precision=fp32"];

fn losses(changes: &[&str]) -> Vec<f64> {
    let folder = tempfile::tempdir().unwrap();
    let setting = Fixture::new(folder.path(), &[&["train.precision=fp32"], changes].concat());
    let mut listener = Listener::default();
    assert_eq!(listener.run(&mut setting.trainer()).unwrap(), Outcome::Finished);
    listener.records.iter().map(|record| record.loss).collect()
}

/// The mean distance of two curves.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum::<f64>() / a.len() as f64
}

/// The rate is low, so that a difference of rounding does not grow from step to step. Another seed's losses show how far
/// apart curves without a common view are.
#[test]
fn a_training_fed_on_the_device_has_the_losses_of_one_fed_by_the_host() {
    let slow = ["optimizer.sgd.lr=1e-4", "train.batch=32"];
    let with = |change: &[&str]| losses(&[&slow[..], change].concat());
    let (host, device, other) = (with(&[]), with(&["train.feed=device"]), with(&["seed=9"]));
    assert_ne!(host, device, "the device rounds differently");
    let (device, other) = (distance(&host, &device), distance(&host, &other));
    assert!(device < other / 2.0, "{device} from the host's; another seed is {other} away");
}

#[test]
fn a_training_fed_on_the_device_goes_on_from_any_step_without_a_changed_bit() {
    let folder = tempfile::tempdir().unwrap();
    let straight = Fixture::new(&folder.path().join("straight"), &DEVICE);
    straight.finish();
    for step in [6, 8] {
        let stopped = Fixture::new(&folder.path().join(step.to_string()), &DEVICE);
        let mut disturbed = Listener::interrupting_after(step);
        assert_eq!(disturbed.run(&mut stopped.trainer()).unwrap(), Outcome::Interrupted);
        let mut trainer = stopped.trainer();
        assert_eq!(trainer.resume().unwrap().expect("a checkpoint").step, step);
        let mut rest = Listener::default();
        assert_eq!(rest.run(&mut trainer).unwrap(), Outcome::Finished);
        assert_eq!(rest.steps, (step + 1..=STEPS).collect::<Vec<_>>());
        assert_same_bits(&stopped.last().1, &straight.last().1);
    }
}

#[test]
fn an_image_that_cannot_be_read_is_named_before_the_first_step() {
    let folder = tempfile::tempdir().unwrap();
    let mut setting = Fixture::new(folder.path(), &DEVICE);
    setting.readable = 40;
    let mut listener = Listener::default();
    let said = listener.run(&mut setting.trainer()).unwrap_err().to_string();
    assert!(said.starts_with("disk/") && said.contains(".png: "), "{said}");
    assert!(listener.steps.is_empty());
}
