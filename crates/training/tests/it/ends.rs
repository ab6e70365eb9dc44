//! Trainings that cannot learn stop by themselves, and say what to do.

use crate::fixture::Fixture;
use crate::listener::Listener;
use kontrast_methods::{Method, Progress, StepOutput, ViewSpec, Views};
use kontrast_models::Encoder;
use kontrast_optim::Group;
use kontrast_torch_ext::{StateDict, StateError};
use kontrast_training::Outcome;
use tch::Tensor;

/// A rate after whose first step no weight is of use.
const HUGE: &str = "optimizer.sgd.lr=1e38";

/// SimCLR, but what it shows of its embeddings is made by a function.
struct Showing {
    inner: Box<dyn Method>,
    embeddings: fn(&Tensor) -> Tensor,
}

impl Method for Showing {
    fn name(&self) -> &'static str {
        "showing"
    }

    fn views(&self) -> ViewSpec {
        self.inner.views()
    }

    fn step(&mut self, batch: &Views, progress: Progress) -> StepOutput {
        let output = self.inner.step(batch, progress);
        StepOutput { embeddings: (self.embeddings)(&output.embeddings), ..output }
    }

    fn groups(&self) -> Vec<Group> {
        self.inner.groups()
    }

    fn state(&self) -> StateDict {
        self.inner.state()
    }

    fn load_state(&mut self, state: &StateDict) -> Result<(), StateError> {
        self.inner.load_state(state)
    }

    fn encoder(&self) -> &dyn Encoder {
        self.inner.encoder()
    }

    fn hint(&self) -> &'static str {
        "add negatives"
    }
}

fn train(changes: &[&str], embeddings: Option<fn(&Tensor) -> Tensor>) -> (Outcome, Listener) {
    let folder = tempfile::tempdir().unwrap();
    let setting = Fixture::new(folder.path(), changes);
    let mut trainer = match embeddings {
        Some(embeddings) => setting.trainer_of(Box::new(Showing { inner: setting.method(), embeddings })),
        None => setting.trainer(),
    };
    let mut listener = Listener::default();
    let outcome = listener.run(&mut trainer).unwrap();
    (outcome, listener)
}

#[test]
fn a_loss_that_is_no_number_ends_the_training_with_a_hint_and_without_a_checkpoint() {
    let (outcome, listener) = train(&[HUGE, "schedule.cosine.warmup_epochs=0"], None);
    let Outcome::Diverged(text) = outcome else { panic!("{outcome:?}") };
    let step = listener.steps.last().unwrap();
    assert!(*step <= 4 && text.starts_with("the loss is NaN at step "), "step {step}: {text}");
    assert!(text.contains(&format!("step {step}: the run diverged")), "{text}");
    assert!(listener.records.iter().all(|record| record.loss.is_finite()), "records hold numbers only");
    assert!(text.contains("lower optimizer lr") && text.contains("warmup_epochs"), "{text}");
    assert!(listener.checkpoints.is_empty(), "weights that are no numbers are not kept");
}

#[test]
fn no_checkpoint_holds_weights_whose_loss_nobody_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let mut setting = Fixture::new(folder.path(), &[HUGE, "schedule.cosine.warmup_epochs=0"]);
    setting.log_every = 100;
    // To the end of the first epoch, and stopped before it.
    for mut listener in [Listener::default(), Listener::interrupting_after(3)] {
        let outcome = listener.run(&mut setting.trainer()).unwrap();
        assert!(matches!(outcome, Outcome::Diverged(_)), "{outcome:?}");
        assert!(listener.checkpoints.is_empty(), "{:?}", listener.checkpoints);
    }
}

#[test]
fn field_weights_that_the_last_update_broke_end_the_training_as_diverged() {
    // Each is the last step of its run, so that no loss tells of it.
    for rate in ["1e42", "1e60", "1e300"] {
        let rate = format!("optimizer.sgd.lr={rate}");
        let one_step =
            ["train.epochs=1", "train.batch=64", "schedule.cosine={ warmup_epochs = 0, final = 1 }", &rate];
        let (outcome, listener) = train(&one_step, None);
        let Outcome::Diverged(text) = outcome else { panic!("{rate}: {outcome:?}") };
        assert!(text.contains("no numbers after step 1") && text.contains("lower optimizer lr"), "{text}");
        assert!(listener.checkpoints.is_empty(), "{:?}", listener.checkpoints);
    }
}

#[test]
fn embeddings_that_are_one_point_end_the_training_as_collapsed() {
    let (outcome, listener) = train(&[], Some(Tensor::ones_like));
    let Outcome::Collapsed(text) = outcome else { panic!("{outcome:?}") };
    // Two steps of warm-up are not judged, ten records in a row are an alarm.
    assert_eq!(listener.records.len(), 12);
    assert!(text.contains("std 0.000") && text.ends_with("add negatives"), "{text}");
}

#[test]
fn embeddings_on_a_line_end_the_training_as_collapsed() {
    let on_a_line = |z: &Tensor| z.narrow(-1, 0, 1).expand_as(z);
    let (outcome, _) = train(&[], Some(on_a_line));
    let Outcome::Collapsed(text) = outcome else { panic!("{outcome:?}") };
    assert!(text.contains("effective rank 1.0"), "{text}");
}

#[test]
fn a_healthy_training_is_left_alone() {
    let (outcome, listener) = train(&[], None);
    assert_eq!(outcome, Outcome::Finished);
    let last = listener.records.last().unwrap().diagnosis;
    assert!(last.std > 0.5 && last.effective_rank > 4.0, "{last:?}");
}
