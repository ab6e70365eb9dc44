//! A run goes on with its own images alone, and a disk that goes away loses no step.

use crate::fixture::{Fixture, assert_same_bits};
use crate::listener::Listener;
use kontrast_training::CheckpointError;
use std::path::Path;

fn stopped_after(folder: &Path, step: u64, images: &str) -> Fixture {
    let mut setting = Fixture::new(folder, &[]);
    images.clone_into(&mut setting.images);
    Listener::interrupting_after(step).run(&mut setting.trainer()).unwrap();
    setting
}

#[test]
fn field_a_checkpoint_of_other_images_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut setting = stopped_after(folder.path(), 2, "0123456789abcdef");
    assert_eq!(setting.trainer().resume().unwrap().unwrap().step, 2, "its own images");
    for others in ["fedcba9876543210", "0123456789abcdee", ""] {
        others.clone_into(&mut setting.images);
        let error = setting.trainer().resume().unwrap_err();
        assert!(matches!(error, CheckpointError::OtherImages { .. }), "{others}: {error:?}");
        let message = error.to_string();
        assert!(message.contains("images 01234567") && message.contains("--force"), "{message}");
    }
}

#[test]
fn field_a_checkpoint_beyond_the_plan_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let own = stopped_after(folder.path(), 9, "");
    // The same digest, but fewer steps: larger batches, fewer epochs, one epoch.
    for fewer in ["train.batch=32", "train.epochs=2", "train.epochs=1"] {
        let mut shorter = Fixture::new(folder.path(), &["schedule.cosine.warmup_epochs=0", fewer]);
        shorter.loaded.digest.clone_from(&own.loaded.digest);
        let error = shorter.trainer().resume().unwrap_err();
        assert!(matches!(error, CheckpointError::BeyondTheEnd { step: 9, .. }), "{fewer}: {error:?}");
        assert!(error.to_string().contains("stands at step 9"), "{error}");
    }
}

#[test]
fn field_a_disk_that_goes_away_leaves_a_checkpoint_from_which_the_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let straight = Fixture::new(&folder.path().join("straight"), &[]);
    straight.finish();
    for readable in [63, 48, 17] {
        let mut setting = Fixture::new(&folder.path().join(readable.to_string()), &[]);
        setting.readable = readable;
        let mut listener = Listener::default();
        let error = listener.run(&mut setting.trainer()).unwrap_err();
        let done = listener.steps.last().copied().unwrap_or(0);
        let message = format!("{error:#}");
        assert!(message.contains("disk/") && done < 4, "{readable}: {message} after {done} steps");
        assert_eq!(message.contains(&format!("checkpoint of step {done} is written")), done > 0, "{message}");
        assert_eq!(message.contains("--resume"), done > 0, "{message}");

        setting.readable = 64;
        let mut trainer = setting.trainer();
        assert_eq!(trainer.resume().unwrap().map_or(0, |resumed| resumed.step), done);
        Listener::default().run(&mut trainer).unwrap();
        assert_same_bits(&setting.last().1, &straight.last().1);
    }
}
