//! Trainings that cannot learn stop by themselves, and say what to do.

use crate::fixture::Fixture;
use crate::listener::Listener;
use kontrast_methods::{
    BatchInfo, Encoders, LossOutput, Method, Objective, Outputs, Progress, Views, objective,
};
use kontrast_models::Mode;
use kontrast_torch_ext::StateDict;
use kontrast_training::Outcome;
use tch::{Device, Tensor};

/// A rate after whose first step no weight is of use.
const HUGE: &str = "optimizer.sgd.lr=1e38";

/// SimCLR, but what it shows of its embeddings is made by a function.
struct Showing {
    inner: Box<dyn Objective>,
    embeddings: fn(&Tensor) -> Tensor,
}

impl Objective for Showing {
    fn name(&self) -> &'static str {
        "showing"
    }

    fn embed(&self, views: &Views, progress: Progress, mode: Mode) -> Outputs {
        self.inner.embed(views, progress, mode)
    }

    fn loss(&mut self, online: &Outputs, target: &Outputs, batch: BatchInfo<'_>) -> LossOutput {
        let found = self.inner.loss(online, target, batch);
        LossOutput { embeddings: (self.embeddings)(&found.embeddings), ..found }
    }

    fn encoders(&self) -> Encoders<'_> {
        self.inner.encoders()
    }

    fn state(&self) -> StateDict {
        self.inner.state()
    }

    fn hint(&self) -> &'static str {
        "add negatives"
    }
}

fn showing(fixture: &Fixture, embeddings: fn(&Tensor) -> Tensor) -> Method {
    let experiment = &fixture.loaded.experiment;
    let setting = kontrast_methods::setting(experiment, 64, Device::Cpu).expect("a plan to draw from");
    let inner = objective(&experiment.method, &setting, None).expect("a method that needs no labels");
    Method::new(Box::new(Showing { inner, embeddings }), &setting)
}

fn train(changes: &[&str], embeddings: Option<fn(&Tensor) -> Tensor>) -> (Outcome, Listener) {
    let folder = tempfile::tempdir().unwrap();
    let setting = Fixture::new(folder.path(), changes);
    let mut trainer = match embeddings {
        Some(embeddings) => setting.trainer_of(showing(&setting, embeddings)),
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
