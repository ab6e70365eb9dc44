//! Images in groups, with every method.

use crate::example::{Example, NAMES, all, gradients, progress};
use kontrast_config::Others;
use kontrast_methods::Method;

const CONTRASTIVE: [&str; 14] = [
    "simclr",
    "dcl",
    "dclw",
    "moco",
    "mocov3",
    "mocov3-vit",
    "npid",
    "cmc",
    "amdim",
    "clip",
    "cpc",
    "nnclr",
    "triplet",
    "nt_logistic",
];

/// Frames of clips of four.
fn clip(image: u32) -> u64 {
    u64::from(image / 4)
}

/// Losses and uniform values of some steps, in which queues fill.
fn losses(mut method: Method, example: &Example) -> Vec<(f64, Option<f64>)> {
    let mut step = |which: u32| {
        // The same images come again, so that a queue has their group.
        let output = method.step(&example.batch(which % 2, false), progress(u64::from(which)));
        method.after_step(progress(u64::from(which)));
        (output.loss.double_value(&[]), output.uniform)
    };
    (0..4).map(&mut step).collect()
}

#[test]
fn what_is_contrastive_is_what_can_ignore_a_group() {
    let can: Vec<_> = all().filter(|example| example.others().contains(&Others::Ignore)).collect();
    let mut names: Vec<_> = can.iter().map(|example| example.name).collect();
    let mut expected = CONTRASTIVE.to_vec();
    names.sort_unstable();
    expected.sort_unstable();
    assert_eq!(names, expected, "of {} methods", NAMES.len());
}

#[test]
fn images_that_are_each_a_group_are_as_without_groups() {
    for example in all().filter(|example| example.others().contains(&Others::Ignore)) {
        let plain = losses(example.method(), &example);
        let alone = losses(example.grouped(u64::from, Others::Ignore), &example);
        let negative = losses(example.grouped(clip, Others::Negative), &example);
        assert_eq!(plain, negative, "{}: others are negatives as always", example.name);
        // A bank's own slot is noise without groups, and is left out with them; a queue has the image's earlier keys.
        if ["npid", "moco"].contains(&example.name) {
            continue;
        }
        for ((plain, uniform), (alone, of_alone)) in plain.into_iter().zip(alone) {
            assert!((plain - alone).abs() < 1e-4 * plain.abs().max(1.0), "{}: {plain} {alone}", example.name);
            let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
            assert!(uniform.zip(of_alone).is_none_or(|(a, b)| near(a, b)), "{}", example.name);
        }
    }
}

#[test]
fn a_group_that_is_ignored_lowers_the_loss_and_its_uniform_value() {
    for example in all().filter(|example| example.others().contains(&Others::Ignore)) {
        let plain = losses(example.method(), &example);
        let grouped = losses(example.grouped(clip, Others::Ignore), &example);
        let by_means = ["triplet", "nt_logistic"].contains(&example.name);
        for (step, ((plain, uniform), (found, of_grouped))) in plain.into_iter().zip(grouped).enumerate() {
            // The first batch finds an empty queue, and steps apart train nothing here.
            let has_group = example.name != "moco" || step >= 2;
            assert!(plain != found || !has_group, "{} step {step}: groups reach the loss", example.name);
            if !by_means && has_group {
                assert!(found < plain, "{} step {step}: {found} of {plain}", example.name);
                let lower = uniform.zip(of_grouped).is_none_or(|(all, left)| left < all);
                assert!(lower, "{} step {step}: {uniform:?} {of_grouped:?}", example.name);
            }
        }
    }
}

#[test]
fn methods_that_compare_no_images_know_no_groups() {
    for example in all().filter(|example| example.others().is_empty()) {
        let plain = losses(example.method(), &example);
        assert_eq!(plain, losses(example.grouped(clip, Others::Ignore), &example), "{}", example.name);
    }
}

#[test]
fn a_group_that_attracts_has_another_loss_and_gradient() {
    let attracting: Vec<_> = all().filter(|example| example.others().contains(&Others::Positive)).collect();
    assert!(attracting.len() >= 4);
    for example in attracting {
        let plain = losses(example.method(), &example);
        let found = losses(example.grouped(clip, Others::Positive), &example);
        assert_ne!(plain[3].0, found[3].0, "{}", example.name);
        assert_eq!(plain[3].1, found[3].1, "{}: right answers stay candidates", example.name);
        let mut method = example.grouped(clip, Others::Positive);
        for which in 0..3 {
            method.step(&example.batch(which % 2, false), progress(u64::from(which)));
            method.after_step(progress(u64::from(which)));
        }
        let finite =
            gradients(&method).iter().all(|(_, gradient)| gradient.isfinite().all().int64_value(&[]) == 1);
        assert!(finite, "{}", example.name);
    }
}

#[test]
fn a_queue_goes_on_with_its_groups() {
    let example = Example::new("moco", &[]);
    let mut first = example.grouped(clip, Others::Ignore);
    for which in 0..2 {
        first.step(&example.batch(which, false), progress(u64::from(which)));
        first.after_step(progress(u64::from(which)));
    }
    let mut second = example.grouped(clip, Others::Ignore);
    second.load_state(&first.state().detached_copy()).unwrap();
    assert!(first.state().get("queue.groups").is_some());
    for method in [&mut first, &mut second] {
        for (_, variable) in method.groups().into_iter().flat_map(|group| group.variables) {
            let mut gradient = variable.grad();
            if gradient.defined() {
                let _ = gradient.zero_();
            }
        }
    }
    let loss = |method: &mut Method| method.step(&example.batch(0, false), progress(2)).loss;
    assert_eq!(loss(&mut first), loss(&mut second));
}
