//! The digest: what it ignores, what it sees, and that it never changes by itself.

use crate::folder::Folder;

fn digest(overrides: &[&str]) -> String {
    Folder::new().load("", overrides).digest
}

#[test]
fn the_digest_ignores_seed_run_and_feed() {
    let plain = digest(&[]);
    for argument in ["seed=7", "run.device=cpu", "run.threads=1", "run.out=/elsewhere", "train.feed=device"] {
        assert_eq!(digest(&[argument]), plain, "{argument}");
    }
}

#[test]
fn field_the_digest_ignores_what_no_weight_follows_from() {
    let plain = digest(&[]);
    for argument in [
        "train.keep=9",
        "train.checkpoint_every=3",
        "eval.knn=false",
        "eval.online_every=7",
        "eval.validation=0.3",
        "eval.linear={ epochs = 3, batch = 32, lrs = [0.1], weight_decays = [0.0] }",
    ] {
        assert_eq!(digest(&[argument]), plain, "{argument}");
    }
    let folder = |root: &str| digest(&["data.name=folder", "data.subset=all", &format!("data.root={root}")]);
    for root in ["c/", "./c", "/elsewhere/c", "another"] {
        assert_eq!(folder(root), folder("c"), "{root}");
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
    assert_eq!(digest(&[]), "6667c1e99529c92adb3442bacdeb2c553f0a00d84000e9feeabbae93abfa926e");
}
