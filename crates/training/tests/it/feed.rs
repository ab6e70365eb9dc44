//! Both feeds: the same run within the rendering's tolerance, and each of them exact.

use crate::fixture::{Fixture, STEPS, assert_same_bits};
use crate::listener::Listener;
use kontrast_training::Outcome;

const DEVICE: [&str; 2] = ["train.feed=device", "train.precision=fp32"];

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
