//! The digest: what it ignores, what it sees, and that it never changes by itself.

use crate::folder::Folder;

fn digest(overrides: &[&str]) -> String {
    Folder::new().load("", overrides).digest
}

#[test]
fn the_digest_ignores_seed_run_and_feed() {
    let plain = digest(&[]);
    for argument in ["seed=7", "run.device=cpu", "run.threads=1", "run.out=/elsewhere", "train.feed=host"] {
        assert_eq!(digest(&[argument]), plain, "{argument}");
    }
}

#[test]
fn the_digest_sees_every_number_that_changes_a_result() {
    let plain = digest(&[]);
    for argument in ["train.batch=128", "name=other", "data.subset=1000", "optimizer.sgd.lr=0.06"] {
        assert_ne!(digest(&[argument]), plain, "{argument}");
    }
}

#[test]
fn the_digest_does_not_depend_on_how_a_value_is_written() {
    assert_eq!(digest(&["optimizer.sgd.weight_decay=0.0005"]), digest(&["optimizer.sgd.weight_decay=5e-4"]));
    assert_eq!(digest(&["schedule.cosine.warmup_epochs=2.0"]), digest(&[]));
}

#[test]
fn the_digest_of_a_known_experiment_stays_what_it_was() {
    // Computed once, with Python's hashlib over the canonical JSON. If it changes, every finished run
    // is orphaned: a new key must be optional and left out of the JSON where it is absent.
    assert_eq!(digest(&[]), "4b5467b271933410fbcfeb431eb1764199d6731d1bc957df033b5ee4315d6f39");
}
