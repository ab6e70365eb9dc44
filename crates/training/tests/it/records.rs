//! What an observer hears, and in which order.

use crate::fixture::{Fixture, STEPS};
use crate::listener::Listener;
use kontrast_training::Outcome;

fn heard(changes: &[&str]) -> Listener {
    let folder = tempfile::tempdir().unwrap();
    let mut listener = Listener::default();
    let outcome = listener.run(&mut Fixture::new(folder.path(), changes).trainer()).unwrap();
    assert_eq!(outcome, Outcome::Finished);
    listener
}

#[test]
fn each_record_says_how_the_steps_went() {
    let listener = heard(&[]);
    let steps: Vec<_> = listener.records.iter().map(|record| (record.step, record.epoch)).collect();
    assert_eq!(steps, (1..=STEPS).map(|step| (step, (step as u32 - 1) / 4 + 1)).collect::<Vec<_>>());
    assert_eq!(listener.steps, (1..=STEPS).collect::<Vec<_>>());
    for record in &listener.records {
        assert!((0.0..=100.0).contains(&record.data_wait_percent), "{record:?}");
        assert!(record.images_per_second > 0.0 && record.images_per_second.is_finite(), "{record:?}");
        assert!(record.loss.is_finite() && record.totals.loss_last == Some(record.loss), "{record:?}");
        assert!(record.gradient_norm > 0.0 && record.gradient_norm.is_finite(), "{record:?}");
        // Both views of 16 images: 31 candidates each.
        assert_eq!(record.uniform, Some(31f64.ln()));
        let accuracy = record.diagnosis.contrastive_accuracy.unwrap();
        assert!((0.0..=100.0).contains(&accuracy), "{accuracy}");
        assert_eq!(record.totals.images, record.step * 16);
    }
}

#[test]
fn the_parts_of_a_loss_are_means_over_the_steps_and_make_up_the_loss() {
    let folder = tempfile::tempdir().unwrap();
    let mut listener = Listener::default();
    let head = "head = { widths = [], batch_norm = false }";
    let task = |weight: f64, method: &str| format!("{{ weight = {weight}, views = [0], method.{method} }}");
    let tasks = [
        task(2.0, &format!("rotation = {{ rotations = 4, all = true, {head} }}")),
        task(0.5, &format!("rotation = {{ rotations = 2, all = false, {head} }}")),
    ];
    let changes = [
        "views.identity={ count = 1, size = 16 }".to_owned(),
        format!("method.joint={{ tasks = [{}] }}", tasks.join(", ")),
    ];
    let mut setting = Fixture::new(folder.path(), &changes.each_ref().map(String::as_str));
    setting.log_every = 3;
    listener.run(&mut setting.trainer()).unwrap();
    // Means over three steps, but for the first record.
    assert!(listener.records.len() > 3, "{} records", listener.records.len());
    for record in &listener.records {
        let parts: Vec<_> = record.parts.iter().map(|part| (&*part.name, part.accuracy_chance)).collect();
        assert_eq!(parts, [("tasks.0.rotation", Some(25.0)), ("tasks.1.rotation", Some(50.0))]);
        let sum = 2.0 * record.parts[0].loss + 0.5 * record.parts[1].loss;
        assert!((record.loss - sum).abs() < 1e-4, "{} beside {sum}", record.loss);
        assert_eq!((record.pretext_accuracy, record.pretext_chance), (record.parts[0].accuracy, Some(25.0)));
    }
}

#[test]
fn a_limit_shortens_gradients_after_their_norm_is_recorded() {
    let free = heard(&[]);
    for per in ["all", "tensor"] {
        let limited = heard(&[&format!("train.clip={{ norm = 1e-4, per = \"{per}\" }}")]);
        let both = |step: usize| (&free.records[step], &limited.records[step]);
        assert_eq!(both(0).0.gradient_norm, both(0).1.gradient_norm);
        assert_eq!(both(0).0.loss, both(0).1.loss);
        assert_ne!(both(1).0.loss, both(1).1.loss);
        let wide = heard(&[&format!("train.clip={{ norm = 1e9, per = \"{per}\" }}")]);
        let losses = |heard: &Listener| heard.records.iter().map(|record| record.loss).collect::<Vec<_>>();
        assert_eq!(losses(&wide), losses(&free));
    }
}

#[test]
fn the_loss_falls_below_its_uniform_value() {
    let listener = heard(&["train.epochs=40", "optimizer.sgd.lr=0.02"]);
    let last = listener.records.last().unwrap();
    assert!(last.loss < last.uniform.unwrap() - 0.3, "{} of {:?}", last.loss, last.uniform);
    assert_eq!(last.totals.loss_first, Some(listener.records[0].loss));
    assert_eq!(last.totals.loss_last, Some(last.loss));
}

#[test]
fn the_rate_of_a_record_is_that_of_its_last_step() {
    let listener = heard(&["optimizer.sgd.lr={ base = 0.8, per = 32 }"]);
    let rates: Vec<f64> = listener.records.iter().map(|record| record.lr).collect();
    // Half an epoch of warm-up is two steps; 0.8 for 32 images is 0.4 for 16.
    assert!((rates[0] - 0.2).abs() < 1e-12 && (rates[1] - 0.4).abs() < 1e-12, "{rates:?}");
    assert!(rates[2..].windows(2).all(|pair| pair[1] < pair[0]), "{rates:?}");
    assert!(rates[15].abs() < 1e-12, "{rates:?}");
}

#[test]
fn an_epoch_is_told_before_its_checkpoint_and_checkpoints_come_as_often_as_asked() {
    let listener = heard(&["train.checkpoint_every=3"]);
    assert_eq!(listener.epochs, [(1, 4), (2, 8), (3, 12), (4, 16)]);
    let positions: Vec<_> = listener.checkpoints.iter().map(|(at, _)| (at.epoch, at.step)).collect();
    assert_eq!(positions, [(3, 12), (4, 16)], "every third epoch, and the last");
    for (position, file) in &listener.checkpoints {
        assert!(file.ends_with(format!("step-{:09}.safetensors", position.step)), "{}", file.display());
    }
}
