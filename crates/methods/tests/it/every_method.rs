//! What holds of every method: one body of tests over all of them.

use crate::example::{Example, N, all, followed, gradients, is_statistic, is_target, progress};
use kontrast_methods::{Method, Progress};
use kontrast_models::Mode;
use kontrast_optim::{Adamw, Optimizer, Rates, Sgd};
use kontrast_testkit::{assert_close, relative_error};
use kontrast_torch_ext::StateDict;

/// Steps as the trainer makes them; gives the losses.
fn train(
    example: &Example,
    method: &mut Method,
    steps: std::ops::Range<u64>,
    batches: u32,
    lr: f64,
) -> Vec<f64> {
    let mut optimizer = Sgd::new(method.groups(), 0.0, false);
    let step = |step: u64| {
        optimizer.zero_grad();
        let output = method.step(&example.batch(step as u32 % batches, false), progress(step));
        optimizer.step(Rates { lr, weight_decay: 0.0 });
        method.after_step(progress(step));
        output.loss.double_value(&[])
    };
    steps.map(step).collect()
}

/// A method of which every variable learns: where the last convolution of a residual unit begins at 0, that before it does so
/// from the second step on.
fn begun(example: &Example) -> Method {
    let mut method = example.method();
    if example.name == "amdim" {
        train(example, &mut method, 0..1, 1, 0.05);
        Sgd::new(method.groups(), 0.0, false).zero_grad();
    }
    method
}

/// After the steps in which layers are frozen.
fn later() -> Progress {
    progress(50)
}

#[test]
fn the_gradient_reaches_every_trained_variable_and_none_of_the_target() {
    for example in all() {
        let mut method = begun(&example);
        let output = method.step(&example.batch(0, false), later());
        assert!(output.loss.double_value(&[]).is_finite(), "{}", example.name);
        for part in [&output.loss, &output.embeddings, &output.representations] {
            assert!(!part.requires_grad(), "{}: the output carries a gradient", example.name);
        }
        let trained = method.groups().into_iter().flat_map(|group| group.variables).count();
        let gradients = gradients(&method);
        assert_eq!(gradients.len(), trained, "{}: variables without a gradient", example.name);
        for (name, gradient) in gradients.iter() {
            let size = gradient.abs().max().double_value(&[]);
            assert!(size.is_finite() && size > 0.0, "{}, {name}: largest gradient {size}", example.name);
            assert!(!is_target(name), "{}: {name} is trained", example.name);
        }
        for (name, tensor) in method.state().iter().filter(|(name, _)| is_target(name)) {
            assert!(!tensor.requires_grad() && !tensor.grad().defined(), "{}: {name}", example.name);
        }
    }
}

#[test]
fn the_projector_is_there_where_a_checkpoint_has_one_and_makes_embeddings_of_representations() {
    let bare = ["rotation", "supervised", "joint", "cmc", "amdim", "cpc", "mae"];
    for example in all() {
        let method = example.method();
        let stored = method.state().iter().any(|(name, _)| name.starts_with("projector."));
        assert_eq!(method.projector().is_some(), stored, "{}", example.name);
        assert_eq!(method.projector().is_none(), bare.contains(&example.name), "{}", example.name);
        let Some(projector) = method.projector() else { continue };
        let h = method.encoder().forward(&example.batch(0, false).view(0), Mode::Eval.into());
        assert_eq!(projector.forward(&h, Mode::Eval).size(), [N, projector.width()], "{}", example.name);
    }
    let without = Example::new("simclr", &["method.simclr.projector={widths=[], batch_norm=false}"]);
    assert!(without.method().projector().is_none());
}

#[test]
fn every_name_of_a_group_stands_in_the_state() {
    for example in all() {
        let method = example.method();
        let state = method.state();
        for (name, variable) in method.groups().into_iter().flat_map(|group| group.variables) {
            let stored = state.get(&name).unwrap_or_else(|| panic!("{}: {name} is not stored", example.name));
            assert_eq!(stored.data_ptr(), variable.data_ptr(), "{}: {name} is a copy", example.name);
        }
    }
}

#[test]
fn what_has_more_than_one_dimension_decays_and_nothing_else() {
    for example in all() {
        for group in example.method().groups() {
            for (name, variable) in &group.variables {
                assert_eq!(group.decay, variable.dim() > 1, "{}: {name}", example.name);
            }
        }
    }
}

#[test]
fn the_encoder_says_the_depth_of_its_parameters_and_heads_lie_beside_its_last_layer() {
    let method = Example::new("dino-vit", &[]).method();
    let parameters = method.objective().parameters();
    let last = method.encoder().parameters().iter().map(|parameter| parameter.depth).max();
    let depth = |name: &str| parameters.iter().find(|found| found.name == name).map(|found| found.depth);
    assert_eq!(depth("encoder.cls_token"), Some(0));
    assert_eq!(depth("encoder.blocks.1.norm1.weight"), Some(2));
    assert_eq!([depth("encoder.norm.bias"), depth("prototypes.weight")], [last, last]);
    assert_eq!(depth("target.encoder.cls_token"), None, "the momentum encoder is not trained");
}

#[test]
fn the_loss_falls_on_a_handful_of_images() {
    // MAE has a test of its own, below.
    for example in all().filter(|example| example.name != "mae") {
        let mut method = example.method();
        // A queue of 64 is filled after four steps, in which a loss against random directions is low.
        let lr = match example.name {
            "npid" => 0.02,
            "barlow_twins" | "vicreg" => 0.01,
            // Products are scaled by a tenth.
            "cpc" => 0.2,
            _ => 0.05,
        };
        // An epoch, which begins every twelfth step here, draws new answers: within one the task has to grow easier.
        let last = if ["jigsaw", "relative_patch"].contains(&example.name) { 12 } else { 28 };
        let losses = train(&example, &mut method, 0..last, 2, lr);
        let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
        let (early, late) = (mean(&losses[4..8]), mean(&losses[losses.len() - 4..]));
        let fallen = (early - late) / early.abs().max(0.1);
        println!("{}: from {early:.4} to {late:.4}, by {:.0} %", example.name, 100.0 * fallen);
        assert!(fallen > 0.05, "{}: from {early} to {late}, {losses:?}", example.name);
    }
}

#[test]
fn the_target_moves_after_the_step_by_its_momentum_and_only_so() {
    for example in all() {
        let mut method = example.method();
        let copy = |method: &Method| method.state().detached_copy();
        let targets: Vec<String> =
            method.state().iter().map(|(name, _)| name.to_owned()).filter(|name| is_target(name)).collect();
        if targets.is_empty() {
            continue;
        }
        let mut optimizer = Sgd::new(method.groups(), 0.0, false);
        let before = copy(&method);
        method.step(&example.batch(0, false), later());
        optimizer.step(Rates { lr: 0.1, weight_decay: 0.0 });
        let stepped = copy(&method);
        method.after_step(later());
        let after = copy(&method);
        // All smoke experiments begin at .9; those that rise to 1 are half way at half time.
        let momentum = if example.name == "moco" { 0.9 } else { 0.95 };
        for name in targets {
            let get = |state: &StateDict| state.get(&name).unwrap().copy();
            if is_statistic(&name) {
                assert_eq!(get(&after), get(&stepped), "{}: {name} moved after the step", example.name);
                continue;
            }
            assert_eq!(get(&stepped), get(&before), "{}: {name} moved in the step", example.name);
            let trained = stepped.get(&followed(&name)).unwrap();
            let expected = get(&before) * momentum + trained * (1.0 - momentum);
            assert_close(&get(&after), &expected, 1e-6);
        }
    }
}

#[test]
fn swapping_the_views_of_a_symmetric_method_changes_neither_loss_nor_gradient() {
    for example in all().filter(Example::is_symmetric) {
        let (mut a, mut b) = (example.method(), example.method());
        let first = a.step(&example.batch(0, false), later());
        let second = b.step(&example.batch(0, true), later());
        assert_close(&second.loss, &first.loss, 1e-5);
        let (first, second) = (gradients(&a), gradients(&b));
        let largest = first.iter().map(|(_, g)| g.abs().max().double_value(&[])).fold(0.0, f64::max);
        for ((name, expected), (_, found)) in first.iter().zip(second.iter()) {
            let error = (found - expected).abs().max().double_value(&[]);
            assert!(error < 1e-5 * largest, "{}, {name}: {error} of {largest}", example.name);
        }
    }
}

#[test]
fn state_round_trips_and_training_goes_on_bit_equal() {
    kontrast_torch_ext::deterministic(true);
    for name in crate::example::NAMES {
        let example = Example::new(name, &["train.precision=bf16"]);
        let mut straight = example.method();
        train(&example, &mut straight, 0..3, 12, 0.05);
        let bytes = straight.state().to_bytes(None).unwrap();
        train(&example, &mut straight, 3..6, 12, 0.05);
        let mut resumed = example.method();
        resumed.load_state(&StateDict::from_bytes(&bytes).unwrap()).unwrap();
        train(&example, &mut resumed, 3..6, 12, 0.05);
        for ((key, a), (_, b)) in straight.state().iter().zip(resumed.state().iter()) {
            assert_eq!(a, b, "{name}: {key}");
        }
    }
}

#[test]
fn what_evaluation_reads_is_the_encoder_that_is_trained() {
    for example in all() {
        let mut method = example.method();
        let x = example.batch(0, false).view(0);
        let before = method.encoder().forward(&x, Mode::Eval.into());
        train(&example, &mut method, 0..1, 1, 0.1);
        assert_ne!(method.encoder().forward(&x, Mode::Eval.into()), before, "{}", example.name);
        // And not the momentum encoder of it, whose running statistics move too.
        let trained: Vec<_> = method
            .groups()
            .into_iter()
            .flat_map(|group| group.variables)
            .map(|(_, v)| v.data_ptr())
            .collect();
        for (name, variable) in method.encoder().variables().iter() {
            if variable.requires_grad() {
                assert!(trained.contains(&variable.data_ptr()), "{}: {name} is not trained", example.name);
            }
        }
    }
}

#[test]
fn chunks_have_the_loss_of_the_whole_batch_and_count_their_passes() {
    for example in all() {
        let in_chunks = Example::new(example.name, &["train.chunk=8"]);
        let (mut whole, mut chunked) = (begun(&example), begun(&in_chunks));
        let batch = example.batch(0, false);
        let (a, b) = (whole.step(&batch, later()), chunked.step(&batch, later()));
        assert_eq!(a.embeddings.size(), b.embeddings.size(), "{}", example.name);
        assert_eq!(a.uniform, b.uniform, "{}: candidates are those of the whole batch", example.name);
        assert!(b.forward_passes > a.forward_passes, "{}: chunks are embedded twice", example.name);
        // Batch norm sees eight images instead of sixteen, so only the size of things can agree.
        let (a, b) = (a.loss.double_value(&[]), b.loss.double_value(&[]));
        assert!((a - b).abs() < 0.35 * a.abs().max(1.0), "{}: {a} and {b}", example.name);
        for (name, gradient) in gradients(&chunked).iter() {
            let size = gradient.abs().max().double_value(&[]);
            assert!(size.is_finite() && size > 0.0, "{}, {name}: largest gradient {size}", example.name);
        }
    }
}

#[test]
fn a_first_loss_lies_near_its_uniform_value() {
    for example in all() {
        let output = example.method().step(&example.batch(0, false), progress(0));
        let Some(uniform) = output.uniform else {
            let none =
                ["byol", "simsiam", "barlow_twins", "vicreg", "triplet", "autoencoder", "mae", "joint"];
            assert!(none.contains(&example.name), "{} has a uniform value", example.name);
            continue;
        };
        let loss = output.loss.double_value(&[]);
        println!("{}: {loss:.3} beside uniform value {uniform:.3}", example.name);
        if example.name == "moco" {
            // Two views of an image are alike before any training, and a queue of random directions is like neither.
            assert!(loss < uniform, "{loss} beside {uniform}");
            continue;
        }
        if example.name == "nt_logistic" {
            // Before any training all embeddings are alike, and every one is taken for every other.
            assert!(loss > uniform && loss < 2.0 * uniform, "{loss} beside {uniform}");
            continue;
        }
        // The spread of random similarities, and that two views are alike before any training.
        assert!((loss - uniform).abs() < 0.35 * uniform, "{}: {loss} beside {uniform}", example.name);
    }
}

#[test]
fn forward_passes_are_those_of_all_encoders() {
    let contrastive = [("simclr", 2), ("moco", 2), ("byol", 4), ("swav", 4), ("dino", 6), ("npid", 1)];
    let pretext = [
        ("rotation", 4),
        ("relative_patch", 9),
        ("exemplar", 2),
        ("autoencoder", 1),
        ("mae", 1),
        ("joint", 4 + 4),
    ];
    for (name, passes) in contrastive.into_iter().chain(pretext) {
        let example = Example::new(name, &[]);
        let output = example.method().step(&example.batch(0, false), progress(0));
        assert_eq!(output.forward_passes, (passes * N) as u64, "{name}");
    }
    let example = Example::new("moco", &["method.moco.symmetric=true"]);
    let output = example.method().step(&example.batch(0, false), progress(0));
    assert_eq!(output.forward_passes, (4 * N) as u64, "symmetric MoCo");
}

#[test]
fn labels_change_nothing_for_a_method_that_does_not_need_them() {
    // `Views` has no labels, and `build` hands them to two methods only; these do react.
    for example in all() {
        let needed = ["supcon", "supervised"].contains(&example.name);
        let loss = |labels: fn(u32) -> u32| {
            let mut method = example.labelled(labels);
            method.step(&example.batch(0, false), later()).loss
        };
        let difference = relative_error(&loss(|image| image % 4), &loss(|image| (image / 3) % 4));
        assert_eq!(difference > 1e-6, needed, "{}: {difference}", example.name);
    }
}

/// Steps of plain SGD, which the others take above, hardly move a transformer that predicts pixels.
#[test]
fn a_masked_autoencoder_comes_to_predict_the_pixels_of_hidden_patches() {
    let example = Example::new("mae", &["method.mae.normalise_pixels=false"]);
    let mut method = example.method();
    let mut optimizer = Adamw::new(method.groups(), (0.9, 0.95), 1e-8);
    let step = |step: u64| {
        optimizer.zero_grad();
        let output = method.step(&example.batch(step as u32 % 2, false), progress(step));
        optimizer.step(Rates { lr: 1e-3, weight_decay: 0.0 });
        output.loss.double_value(&[])
    };
    let losses: Vec<f64> = (0..60).map(step).collect();
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    let (early, late) = (mean(&losses[..8]), mean(&losses[52..]));
    assert!(late < 0.75 * early, "from {early} to {late}, {losses:?}");
}
