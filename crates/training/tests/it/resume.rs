//! Exact resume: a training that was stopped and went on ends with the bits of one that was not.

use crate::fixture::{Fixture, STEPS, assert_same_bits};
use crate::listener::Listener;
use kontrast_training::{CheckpointError, Outcome};

/// Stops one training as `disturbed` does, goes on in a new trainer, and compares with a straight one.
fn stops_and_goes_on(changes: &[&str], mut disturbed: Listener, goes_on_at: u64) {
    let folder = tempfile::tempdir().unwrap();
    let straight = Fixture::new(&folder.path().join("straight"), changes);
    straight.finish();

    let stopped = Fixture::new(&folder.path().join("stopped"), changes);
    let killed = disturbed.kill_after.is_some();
    match disturbed.run(&mut stopped.trainer()) {
        Ok(outcome) => assert_eq!(outcome, Outcome::Interrupted),
        Err(error) => assert!(killed && error.to_string().starts_with("killed"), "{error}"),
    }
    let mut trainer = stopped.trainer();
    let resumed = trainer.resume().unwrap().expect("a checkpoint");
    assert_eq!((resumed.step, resumed.epoch), (goes_on_at, (goes_on_at / 4) as u32));
    assert_eq!(resumed.warnings, [""; 0]);
    let mut rest = Listener::default();
    assert_eq!(rest.run(&mut trainer).unwrap(), Outcome::Finished);
    assert_eq!(rest.steps, (goes_on_at + 1..=STEPS).collect::<Vec<_>>());

    let ((step, found), (_, expected)) = (stopped.last(), straight.last());
    assert_eq!(step, STEPS);
    // Weights and running statistics of encoder and projector, and a momentum or more for every weight.
    let parts = ["method.encoder", "method.projector", "optimizer"].map(|part| expected.under(part).len());
    assert!(parts[0] == 100 && parts[1] == 10 && parts[2] >= 67, "{parts:?}");
    assert_same_bits(&found, &expected);
}

#[test]
fn half_the_epochs_a_stop_and_the_rest_give_the_bits_of_all_in_one() {
    stops_and_goes_on(&[], Listener::interrupting_after(8), 8);
}

#[test]
fn a_stop_in_the_middle_of_an_epoch_changes_no_bit() {
    stops_and_goes_on(&[], Listener::interrupting_after(6), 6);
}

#[test]
fn a_kill_between_checkpoints_only_costs_the_steps_since_and_no_bit() {
    stops_and_goes_on(&["train.checkpoint_every=2"], Listener::killing_after(11), 8);
}

#[test]
fn lars_and_adamw_go_on_exactly_too() {
    let lars = "optimizer.lars={ lr = 0.2, momentum = 0.9, weight_decay = 1e-6, eta = 0.001, clip_lr = false, \
                exclude_bias_and_norm = true }";
    let adamw = "optimizer.adamw={ lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weight_decay = 0.01 }";
    for optimizer in [lars, adamw] {
        stops_and_goes_on(&[optimizer], Listener::interrupting_after(7), 7);
    }
}

#[test]
fn sums_go_on_where_they_stood() {
    let folder = tempfile::tempdir().unwrap();
    let setting = Fixture::new(folder.path(), &[]);
    let mut first = Listener::interrupting_after(6);
    first.run(&mut setting.trainer()).unwrap();
    let mut trainer = setting.trainer();
    trainer.resume().unwrap();
    let at_stop = trainer.totals();
    assert_eq!((at_stop.images, at_stop.forward_passes), (6 * 16, 6 * 32));
    assert_eq!(at_stop.loss_first, Some(first.records[0].loss));
    Listener::default().run(&mut trainer).unwrap();
    let at_end = trainer.totals();
    assert_eq!((at_end.images, at_end.forward_passes), (STEPS * 16, STEPS * 32));
    assert_eq!(at_end.loss_first, at_stop.loss_first);
    assert!(at_end.train_seconds > at_stop.train_seconds);
}

#[test]
fn a_finished_training_has_nothing_left_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let setting = Fixture::new(folder.path(), &[]);
    setting.finish();
    let mut trainer = setting.trainer();
    trainer.resume().unwrap();
    let mut listener = Listener::default();
    assert_eq!(listener.run(&mut trainer).unwrap(), Outcome::Finished);
    assert!(listener.steps.is_empty() && listener.checkpoints.is_empty());
}

#[test]
fn where_there_is_no_checkpoint_nothing_changes() {
    let folder = tempfile::tempdir().unwrap();
    let mut trainer = Fixture::new(&folder.path().join("none"), &[]).trainer();
    assert_eq!(trainer.resume().unwrap(), None);
    assert_eq!((trainer.step(), trainer.epoch()), (0, 0));
}

#[test]
fn another_number_of_threads_is_told_with_the_way_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut setting = Fixture::new(folder.path(), &[]);
    Listener::interrupting_after(2).run(&mut setting.trainer()).unwrap();
    setting.threads = 5;
    let warnings = setting.trainer().resume().unwrap().unwrap().warnings;
    let expected =
        "the run had 1 thread, this process has 5: it goes on, but not bit for bit; use --threads 1";
    assert_eq!(warnings, [expected]);
}

#[test]
fn a_damaged_checkpoint_is_passed_over_with_a_warning_and_no_bit_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let straight = Fixture::new(&folder.path().join("straight"), &[]);
    straight.finish();
    let setting = Fixture::new(&folder.path().join("damaged"), &[]);
    let mut listener = Listener::interrupting_after(9);
    listener.run(&mut setting.trainer()).unwrap();
    let newest = &listener.checkpoints.last().unwrap().1;
    let bytes = std::fs::read(newest).unwrap();
    std::fs::write(newest, &bytes[..bytes.len() / 2]).unwrap();

    let mut trainer = setting.trainer();
    let resumed = trainer.resume().unwrap().unwrap();
    assert_eq!(resumed.step, 8);
    let [warning] = &resumed.warnings[..] else { panic!("one warning: {:?}", resumed.warnings) };
    assert!(
        warning.contains("step-000000009.safetensors: expected ") && warning.contains("damaged"),
        "{warning}"
    );
    Listener::default().run(&mut trainer).unwrap();
    assert_same_bits(&setting.last().1, &straight.last().1);
}

#[test]
fn a_checkpoint_of_another_network_under_the_same_digest_names_the_tensor() {
    let folder = tempfile::tempdir().unwrap();
    let narrow = Fixture::new(folder.path(), &[]);
    Listener::interrupting_after(1).run(&mut narrow.trainer()).unwrap();
    let mut wide = Fixture::new(folder.path(), &["method.simclr.projector.widths=[32, 20]"]);
    wide.loaded.digest.clone_from(&narrow.loaded.digest);
    let error = wide.trainer().resume().unwrap_err();
    assert!(matches!(error, CheckpointError::State { .. }), "{error:?}");
    let message = error.to_string();
    assert!(message.contains("step-000000001.safetensors: projector.layers."), "{message}");
    assert!(message.contains("[20") && message.contains("[16"), "{message}");
}
